"""Every error that Hydra raises on purpose.

HydraError
├── ConfigError      the hall's YAML is wrong                       exit code 2
├── UsageError       a command was called wrongly                   exit code 2
├── SourceError      a watched directory cannot be read             exit code 1
├── ImageError       a picture is not a complete, honest PNG/JPEG   exit code 1
├── ModelError       a bundle is missing, damaged or not allowed    exit code 1
├── PredictionError  a model gave something that is no answer       exit code 1
├── StoreError       the database or the spool failed               exit code 1
│   ├── SchemaError  the database has another schema version        exit code 1
│   └── StoreDownError  the same write may succeed later            exit code 1
├── LogbookError     the electronic log book refused or is away     exit code 1
├── NoticeError      a message or a mail could not be sent          exit code 1
├── ServiceError     a service cannot start or go on (port taken)   exit code 1
└── AuthError        somebody may not do this                       exit code 1

A message says what is wrong, where, and what to do about it.
"""


class HydraError(Exception):
    """The root of all errors that are shown to a person without a traceback."""

    exit_code = 1


class ConfigError(HydraError):
    """The configuration is wrong; nothing has been started."""

    exit_code = 2


class UsageError(HydraError):
    """A command was called with arguments that make no sense together."""

    exit_code = 2


class SourceError(HydraError):
    """A source of plots cannot be read."""


class ImageError(HydraError):
    """A picture cannot be used; `code` is the stable short reason, e.g. ``TRUNCATED``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ModelError(HydraError):
    """A model bundle cannot be loaded or does not fit its plot type."""


class PredictionError(HydraError):
    """A model returned something that is not a probability for each class."""


class StoreError(HydraError):
    """The database or the spool cannot be read or written."""


class SchemaError(StoreError):
    """The database's schema is not the one that this version needs."""


class StoreDownError(StoreError):
    """The database cannot be reached, is full or is read-only: the same call may succeed later."""


class LogbookError(HydraError):
    """The electronic log book did not take an entry."""


class NoticeError(HydraError):
    """A message to somebody, such as a mail, could not be sent."""


class ServiceError(HydraError):
    """A service cannot start or go on, for instance because its port is taken."""


class AuthError(HydraError):
    """The person or client may not do this."""
