"""What a record shows, read without Channel Access."""

from hydra_core.domain import Condition, Severity
from hydra_ioc.ca import Record

Records = dict[str, Record]
"""The records of one plot type or of the service by suffix."""


def word(record: Record) -> str:
    """Return the state that an enum record shows."""
    assert isinstance(record.value, int)
    return record.spec.states[record.value]


def alarm(record: Record) -> tuple[Severity, Condition]:
    """Return severity and condition."""
    return record.severity, record.condition
