"""What operators may write: enable, mute, acknowledge, threshold, reload; each checked, audited and undoable."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from datetime import timedelta

from hydra_core.domain import Severity
from hydra_core.errors import StoreError
from hydra_core.ports import Clock
from hydra_core.store import SqlStore
from hydra_ioc.ca import PutContext, PutRefused, Record
from hydra_ioc.pipeline import Pipeline
from hydra_ioc.publisher import PvPublisher
from hydra_ioc.watch import Watch

logger = logging.getLogger(__name__)

MAX_MUTE = 24 * 60.0
"""Minutes; a mute always ends by itself."""


class Controls:
    """Answers puts to the writable PVs; a refused put changes nothing and raises no alarm."""

    def __init__(
        self, pipeline: Pipeline, publisher: PvPublisher, store: SqlStore, store_thread: Executor, clock: Clock
    ) -> None:
        self._pipeline = pipeline
        self._publisher = publisher
        self._store = store
        self._store_thread = store_thread
        self._clock = clock

    def attach(self, watch: Watch, records: Mapping[str, Record]) -> None:
        """Put the handlers of one plot type on its records."""
        handlers: dict[str, Callable[[Watch, object, PutContext], Awaitable[object]]] = {
            "ENABLE": self._enable,
            "MUTE": self._mute,
            "ACK": self._acknowledge,
            "THRESH": self._threshold,
        }
        for suffix, handler in handlers.items():
            records[suffix].on_put = lambda value, who, handler=handler: handler(watch, value, who)

    async def _enable(self, watch: Watch, value: object, who: PutContext) -> object:
        before, watch.enabled = watch.enabled, bool(_number(value))
        await self._audit(who, "enable", watch, before, watch.enabled)
        await self._pipeline.tick()
        return value

    async def _mute(self, watch: Watch, value: object, who: PutContext) -> object:
        minutes = _number(value)
        if not 0 <= minutes <= MAX_MUTE:
            raise PutRefused(f"a mute lasts 0 (unmute) to {MAX_MUTE:.0f} minutes")
        until = self._clock.now() + timedelta(minutes=minutes) if minutes else None
        await self._audit(who, "mute", watch, watch.state.muted_until, until)
        await self._pipeline.mute(watch, until, f"{who.user}@{who.host}")
        return minutes

    async def _acknowledge(self, watch: Watch, value: object, who: PutContext) -> object:
        episode = watch.state.episode
        if not _number(value):
            raise PutRefused("an acknowledgement is taken back by the next incident only")
        if episode is None:
            raise PutRefused("there is nothing to acknowledge")
        await self._pipeline.recorded()
        await self._in_store(self._store.acknowledge, episode.uid, who.user)
        return 1

    async def _threshold(self, watch: Watch, value: object, who: PutContext) -> object:
        threshold = _number(value)
        if not 0 <= threshold <= 1:
            raise PutRefused("a threshold is between 0 and 1")
        alarming = {c for c, severity in watch.policy.severities.items() if severity is not Severity.NO_ALARM}
        await self._in_store(self._set_thresholds, watch, dict.fromkeys(alarming, threshold), who.user)
        watch.in_force({**watch.policy.thresholds, **dict.fromkeys(alarming, threshold)})
        self._publisher.policy(watch.plot_type, watch.policy)
        return threshold

    def _set_thresholds(self, watch: Watch, thresholds: Mapping[str, float], by: str) -> None:
        model = self._store.active_model(watch.plot_type.name)
        if model is None:
            raise StoreError(f"{watch.plot_type.name} has no active model whose threshold could be set")
        self._store.set_thresholds(watch.plot_type.name, model.ref.version, thresholds, by)

    async def _in_store(self, work: Callable[..., object], *arguments: object) -> None:
        """Do something in the store thread; what cannot be kept is refused, not half done."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._store_thread, work, *arguments)
        except StoreError as error:
            raise PutRefused(f"not done: {error}") from error

    async def _audit(self, who: PutContext, what: str, watch: Watch, before: object, after: object) -> None:
        """Write who changed what; a database that is away does not stop an operator, the log has it then."""
        logger.info("put what=%s plot_type=%s by=%s@%s value=%s", what, watch.plot_type.name, who.user, who.peer, after)
        loop = asyncio.get_running_loop()
        values = ({"value": str(before)}, {"value": str(after)})
        arguments = (who.user, what, watch.plot_type.name, *values, who.peer)
        try:
            await loop.run_in_executor(self._store_thread, self._store.audit, *arguments)
        except StoreError as error:
            logger.warning("put not in the audit log error=%s", error)


def _number(value: object) -> float:
    if not isinstance(value, int | float) or math.isnan(value):
        raise PutRefused(f"a number is needed, not {value!r}")
    return float(value)
