"""One address that messages go to, through Apprise."""

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hydra_core.config.database import read_password
from hydra_core.config.telling import Notice
from hydra_core.errors import ConfigError, NoticeError

if TYPE_CHECKING:
    import apprise

logger = logging.getLogger(__name__)


class Target:
    """An address of the configuration's `notify`. Its name never shows what is secret in the address."""

    def __init__(self, number: int, settings: Notice) -> None:
        """Raises ConfigError for an address that Apprise does not know, or when Apprise is not installed."""
        url = settings.url or (read_password(settings.url_file) if settings.url_file else "")
        self.settings = settings
        self.name = f"notify[{number}] ({urlsplit(url).scheme or 'unknown'})"
        self._apprise = _open(url, self.name)

    def send(self, title: str, body: str) -> None:
        """Send a message. Raises NoticeError when it did not get through."""
        said: list[str] = []
        handler = _Listener(said)
        log = logging.getLogger("apprise")
        log.addHandler(handler)
        try:
            done = bool(self._apprise.notify(title=title, body=body))
        except Exception as error:
            raise NoticeError(f"{self.name}: {error}") from error
        finally:
            log.removeHandler(handler)
        if not done:
            raise NoticeError(f"{self.name}: {said[-1] if said else 'the message did not get through'}")


class _Listener(logging.Handler):
    """Keeps what Apprise says went wrong; it says so only in its log."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


def _open(url: str, name: str) -> "apprise.Apprise":
    try:
        import apprise
    except ImportError:
        raise ConfigError(f"{name}: Apprise is not installed; run: pip install 'hydra-monitoring[notify]'") from None
    # What it logs of each try, the service says once.
    logging.getLogger("apprise").propagate = False
    found = apprise.Apprise()
    if not found.add(url):
        raise ConfigError(f"{name}: Apprise knows no such address, or something in it is missing")
    return found
