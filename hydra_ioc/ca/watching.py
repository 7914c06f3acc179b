"""Lets other parts of the process follow a record as a client would: told of every change of value or alarm."""

from collections.abc import Callable

from hydra_ioc.ca.events import NO_FILTER, Mask, Reading, Subscription
from hydra_ioc.ca.record import Record
from hydra_ioc.ca.wire import DOUBLE


class _Told:
    """The way out of a subscription that stays in this process: it looks at the record, so nothing is packed for it."""

    blocked = True

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def event(self, subscription: Subscription, reading: Reading) -> None:
        """Never asked: it is always blocked."""

    def owe(self, subscription: Subscription) -> None:
        self._tell()


def watch(record: Record, tell: Callable[[], None], *, described: bool = False) -> Callable[[], None]:
    """Call `tell` at every change of a record's value or alarm, with `described` also of units, ranges and limits.

    Returns what ends that. `tell` must not post to a record; it is called while the record tells its clients.
    """
    mask = Mask.VALUE | Mask.ALARM | (Mask.PROPERTY if described else 0)
    subscription = Subscription(record, (DOUBLE, 1, NO_FILTER), mask, 0, _Told(tell))
    record.subscribe(subscription)
    return lambda: record.unsubscribe(subscription)
