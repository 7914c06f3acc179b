"""Lets other parts of the process follow a record as a client would: told of every change of value or alarm."""

from collections.abc import Callable

from hydra_ioc.ca.events import NO_FILTER, Mask, Reading, Subscription
from hydra_ioc.ca.record import Record
from hydra_ioc.ca.wire import DOUBLE


class _Told:
    """The way out of a subscription that stays in this process."""

    blocked = False

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def event(self, subscription: Subscription, reading: Reading) -> None:
        self._tell()

    def owe(self, subscription: Subscription) -> None:
        """Never asked: it is never blocked."""


def watch(record: Record, tell: Callable[[], None]) -> Callable[[], None]:
    """Call `tell` at every change of a record's value or alarm; return what ends that. `tell` must post nothing."""
    subscription = Subscription(record, (DOUBLE, 1, NO_FILTER), Mask.VALUE | Mask.ALARM, 0, _Told(tell))
    record.subscribe(subscription)
    return lambda: record.unsubscribe(subscription)
