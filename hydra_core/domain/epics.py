"""EPICS' words for how bad a plot is: severity, condition, and the status of a plot type."""

from enum import IntEnum


class Severity(IntEnum):
    """EPICS alarm severity (SEVR)."""

    NO_ALARM = 0
    MINOR = 1
    MAJOR = 2
    INVALID = 3


class Condition(IntEnum):
    """EPICS alarm condition (STAT), those that Hydra uses, with the numbers of EPICS base `alarm.h`."""

    NO_ALARM = 0
    READ = 1
    WRITE = 2
    HIHI = 3
    HIGH = 4
    LOLO = 5
    LOW = 6
    STATE = 7
    COMM = 9
    TIMEOUT = 10
    CALC = 12
    LINK = 14
    SOFT = 15
    UDF = 17
    DISABLE = 18


class Status(IntEnum):
    """What a plot type's STATUS PV says. The index is the enum state: append only."""

    UNKNOWN = 0
    GOOD = 1
    SUSPECT = 2
    WARN = 3
    BAD = 4
    STALE = 5
    ERROR = 6
    OFF = 7
