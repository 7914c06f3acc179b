"""What experts may write to the rules: thresholds, severities, k of n, delays, modes; limits checked, kept, audited."""

import asyncio
import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from typing import TypeVar

from hydra_core.domain import Mode, Severity
from hydra_core.errors import StoreError, UsageError
from hydra_core.pvs import SEVERITY_STATES
from hydra_core.settings import checked
from hydra_core.store import SqlStore
from hydra_ioc.ca import PutContext, PutRefused, Record
from hydra_ioc.rules import Rules
from hydra_ioc.watch import Watch

T = TypeVar("T")
Setting = Callable[[Watch, float], tuple[str, object]]
"""Turns the number put into a setting's name and value (`hydra_core.settings`)."""


class RulePuts:
    """Answers puts to the rules. What the database cannot keep is refused: after a restart it would be forgotten."""

    def __init__(self, rules: Rules, store: SqlStore, store_thread: Executor) -> None:
        self._rules = rules
        self._store = store
        self._store_thread = store_thread

    def attach(self, watch: Watch, records: Mapping[str, Record]) -> None:
        """Put the handlers of one plot type on its records."""
        for suffix, setting in _settings(watch.plot_type.class_names()):
            records[suffix].on_put = lambda value, who, setting=setting: self._set(watch, setting, value, who)
        for index, name in enumerate(watch.plot_type.class_names()):
            records[f"ENTER{index}"].on_put = lambda value, who, name=name: self._enter(watch, (name,), value, who)
        records["THRESH"].on_put = lambda value, who: self._enter(watch, alarming(watch), value, who)

    def attach_service(self, records: Mapping[str, Record]) -> None:
        """Put the handler of the mode of all plot types on its record."""
        records["MODE"].on_put = self._hall_mode

    async def _set(self, watch: Watch, setting: Setting, value: object, who: PutContext) -> object:
        name, wanted = setting(watch, number(value))
        try:
            checked(watch.plot_type, watch.policy, name, wanted)
        except UsageError as error:
            raise PutRefused(str(error)) from error
        plot_type = watch.plot_type.name
        await self._rules.set(plot_type, await self._keep(plot_type, {name: wanted}, who))
        return value

    async def _hall_mode(self, value: object, who: PutContext) -> object:
        await self._rules.set(None, await self._keep(None, {"mode": Mode(int(number(value))).name}, who))
        return value

    async def _enter(self, watch: Watch, classes: tuple[str, ...], value: object, who: PutContext) -> object:
        threshold = number(value)
        if not 0 <= threshold <= 1:
            raise PutRefused("a threshold is between 0 and 1")
        above = [name for name in classes if watch.policy.leave.get(name, 0.0) > threshold]
        if above:
            raise PutRefused(f"{above[0]} leaves at {watch.policy.leave[above[0]]:g}; it must not enter lower")
        thresholds = dict.fromkeys(classes, threshold)
        await self._in_store(self._set_thresholds, watch, thresholds, who.user)
        await self._rules.set_thresholds(watch.plot_type.name, thresholds)
        return value

    def _set_thresholds(self, watch: Watch, thresholds: Mapping[str, float], by: str) -> None:
        model = self._store.active_model(watch.plot_type.name)
        if model is None:
            raise StoreError(f"{watch.plot_type.name} has no active model whose threshold could be set")
        self._store.set_thresholds(watch.plot_type.name, model.ref.version, thresholds, by)

    async def _keep(self, plot_type: str | None, values: Mapping[str, object], who: PutContext) -> dict[str, object]:
        def keep() -> dict[str, object]:
            return self._store.set_settings(plot_type, values, who.user, f"{who.host} {who.peer}")

        return await self._in_store(keep)

    async def _in_store(self, work: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._store_thread, work, *arguments)
        except StoreError as error:
            raise PutRefused(f"not done: {error}") from error


def alarming(watch: Watch) -> tuple[str, ...]:
    """Return the classes that alarm."""
    return tuple(name for name, severity in watch.policy.severities.items() if severity is not Severity.NO_ALARM)


def number(value: object) -> float:
    """Return a finite number that was put. Raises PutRefused."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise PutRefused(f"a number is needed, not {value!r}")
    return float(value)


def _settings(classes: tuple[str, ...]) -> Iterator[tuple[str, Setting]]:
    for index, name in enumerate(classes):
        yield f"SEV{index}", _severity(name)
        yield f"LEAVE{index}", _plain(f"leave.{name}")
    yield "CONFIRMK", lambda watch, put: ("confirm", f"{put:.0f} of {watch.policy.confirm.n}")
    yield "CONFIRMN", lambda watch, put: ("confirm", f"{watch.policy.confirm.k} of {put:.0f}")
    yield "CLEARK", lambda watch, put: ("clear", f"{put:.0f} of {watch.policy.clear.n}")
    yield "CLEARN", lambda watch, put: ("clear", f"{watch.policy.clear.k} of {put:.0f}")
    yield "ONDELAY", _plain("on_delay")
    yield "OFFDELAY", _plain("off_delay")
    yield "STALET", _plain("stale_after")
    yield "MODE", lambda _, put: ("mode", Mode(int(put)).name)


def _severity(class_name: str) -> Setting:
    return lambda _, put: (f"severity.{class_name}", SEVERITY_STATES[int(put)])


def _plain(name: str) -> Setting:
    return lambda _, put: (name, put)
