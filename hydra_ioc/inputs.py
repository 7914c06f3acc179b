"""The machine's own PVs that Hydra reads through pyepics: run number, beam current, trigger rate, anything else."""

import asyncio
import logging
import math
from collections.abc import Mapping
from typing import Any

from hydra_core.gates import UNKNOWN, Reading, Readings

logger = logging.getLogger(__name__)

INVALID = 3
NUMBERS = ("run", "beam", "rate")
"""Inputs that must say a number."""
CONNECT_WITHIN = 10.0
"""Seconds after the start in which an input that has not connected yet does not count as lost."""


class Inputs:
    """Follows named PVs. A PV that is not connected, INVALID, NaN or an array says nothing: it is lost.

    pyepics calls back from libca's thread; values are handed to the event loop, which alone reads them.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = dict(names)
        self._readings: dict[str, Reading] = {}
        self._pvs: list[Any] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = math.inf

    def __bool__(self) -> bool:
        return bool(self._names)

    def configured(self, name: str) -> bool:
        """Return whether the hall has such an input."""
        return name in self._names

    def value(self, name: str) -> float | None:
        """Return the last number of an input; None: it is lost or says no number."""
        return self._readings.get(name, UNKNOWN).number

    @property
    def readings(self) -> Readings:
        """What each input says."""
        return self._readings

    def lost(self) -> tuple[str, ...]:
        """Return the inputs that say nothing of use, once they had time to connect."""
        if self._loop is None or self._loop.time() - self._started < CONNECT_WITHIN:
            return ()
        said = {name: self._readings.get(name, UNKNOWN) for name in self._names}
        return tuple(n for n, one in said.items() if not one.known or (n in NUMBERS and one.number is None))

    def start(self) -> None:
        """Connect in the background; libca is loaded only when there is something to read."""
        if not self._names:
            return
        import epics

        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        for name, pv in self._names.items():
            self._pvs.append(
                epics.PV(
                    pv,
                    form="ctrl",
                    auto_monitor=True,
                    callback=lambda name=name, **said: self._hand_over(name, reading(said)),
                    connection_callback=lambda name=name, conn=False, **_: self._connection(name, conn),
                )
            )

    def stop(self) -> None:
        """Let go of the PVs."""
        for pv in self._pvs:
            pv.disconnect()
        self._pvs.clear()

    def _connection(self, name: str, connected: bool) -> None:
        level = logging.INFO if connected else logging.WARNING
        logger.log(level, "input name=%s pv=%s connected=%s", name, self._names[name], connected)
        if not connected:
            self._hand_over(name, UNKNOWN)

    def _hand_over(self, name: str, said: Reading) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, name, said)

    def _take(self, name: str, said: Reading) -> None:
        before = self._readings.get(name, UNKNOWN)
        self._readings[name] = said
        if before.known and not said.known:
            logger.warning("input lost name=%s pv=%s", name, self._names[name])


def reading(said: Mapping[str, Any]) -> Reading:
    """Return what one update of pyepics says: a number, a text, both (a state of an enum, digits) or nothing."""
    value = said.get("value")
    if said.get("severity") == INVALID or (said.get("count") or 1) != 1:
        return UNKNOWN
    if isinstance(value, str):
        return Reading(_number(value), value)
    if not isinstance(value, int | float) or not math.isfinite(value):
        return UNKNOWN
    states = said.get("enum_strs")
    if not states:
        return Reading(float(value))
    index = int(value)
    word = states[index] if 0 <= index < len(states) else None
    return Reading(float(value), word.decode("ascii", "replace") if isinstance(word, bytes) else word)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
