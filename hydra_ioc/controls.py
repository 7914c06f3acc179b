"""What operators may do, by PV or on a page: enable, mute, acknowledge; each checked, audited and undoable."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from datetime import datetime, timedelta

from hydra_core.domain import Change
from hydra_core.errors import StoreError
from hydra_core.ports import Clock
from hydra_core.settings import MAX_MUTE
from hydra_core.store import SqlStore
from hydra_ioc.ca import PutContext, PutRefused, Record
from hydra_ioc.followed import Taking
from hydra_ioc.pipeline import Pipeline
from hydra_ioc.rule_puts import number
from hydra_ioc.watch import Watch

logger = logging.getLogger(__name__)


class Controls:
    """Answers puts to the writable PVs, and does what was asked for on a page; what is refused changes nothing."""

    def __init__(self, pipeline: Pipeline, store: SqlStore, store_thread: Executor, clock: Clock) -> None:
        self._pipeline = pipeline
        self._store = store
        self._store_thread = store_thread
        self._clock = clock
        self._attached: dict[str, tuple[Watch, Mapping[str, Record]]] = {}

    @property
    def taking(self) -> Mapping[str, Taking]:
        """What is done about changes that the web wrote, by kind."""
        return {"mute": self._take_mute, "acknowledge": self._take_acknowledgement}

    def attach(self, watch: Watch, records: Mapping[str, Record]) -> None:
        """Put the handlers of one plot type on its records."""
        handlers: dict[str, Callable[[Watch, object, PutContext], Awaitable[object]]] = {
            "ENABLE": self._enable,
            "MUTE": lambda watch, value, who: self._mute(watch, value, who, str(records["MUTEWHY"].value)),
            "MUTEWHY": self._mute_reason,
            "ACK": self._acknowledge,
        }
        for suffix, handler in handlers.items():
            records[suffix].on_put = lambda value, who, handler=handler: handler(watch, value, who)
        self._attached[watch.plot_type.name] = watch, records

    async def _take_mute(self, change: Change) -> None:
        """Mute as asked for on a page, unless that time is over; it is in the audit log already."""
        if change.plot_type not in self._attached:
            return
        watch, _ = self._attached[change.plot_type]
        wanted, now = change.payload["until"], self._clock.now()
        until = datetime.fromisoformat(str(wanted)) if wanted is not None else None
        if until is not None and until <= now:
            return
        by, reason = str(change.payload["by"]), str(change.payload["reason"])
        logger.info("taken up what=mute plot_type=%s by=%s until=%s", change.plot_type, by, until)
        await self._pipeline.mute(watch, until, by, reason)

    async def _take_acknowledgement(self, change: Change) -> None:
        """Show that the incident was acknowledged, if it is still the one that is open."""
        watch, records = self._attached.get(change.plot_type or "", (None, {}))
        if watch is not None and watch.state.episode is not None:
            if watch.state.episode.uid == change.payload["episode"]:
                records["ACK"].post(1)

    async def _enable(self, watch: Watch, value: object, who: PutContext) -> object:
        before, watch.enabled = watch.enabled, bool(number(value))
        await self._audit(who, "enable", watch, before, watch.enabled)
        await self._pipeline.tick()
        return value

    async def _mute(self, watch: Watch, value: object, who: PutContext, reason: str) -> object:
        minutes = number(value)
        if not 0 <= minutes <= MAX_MUTE:
            raise PutRefused(f"a mute lasts 0 (unmute) to {MAX_MUTE:.0f} minutes")
        until = self._clock.now() + timedelta(minutes=minutes) if minutes else None
        await self._audit(who, "mute", watch, watch.state.muted_until, until, reason=reason)
        await self._pipeline.mute(watch, until, f"{who.user}@{who.host}", reason)
        return minutes

    async def _mute_reason(self, watch: Watch, value: object, who: PutContext) -> object:
        """Keep the reason for the next mute, or give it to the one that is on."""
        state = watch.state
        if state.muted_until is not None:
            await self._audit(who, "mute", watch, state.muted_why, state.muted_until, reason=str(value))
            await self._pipeline.mute(watch, state.muted_until, state.muted_by, str(value))
        return value

    async def _acknowledge(self, watch: Watch, value: object, who: PutContext) -> object:
        episode = watch.state.episode
        if not number(value):
            raise PutRefused("an acknowledgement is taken back by the next incident only")
        if episode is None:
            raise PutRefused("there is nothing to acknowledge")
        await self._pipeline.recorded()
        await self._in_store(self._store.acknowledge, episode.uid, who.user)
        return 1

    async def _in_store(self, work: Callable[..., object], *arguments: object) -> None:
        """Do something in the store thread; what cannot be kept is refused, not half done."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._store_thread, work, *arguments)
        except StoreError as error:
            raise PutRefused(f"not done: {error}") from error

    async def _audit(
        self, who: PutContext, what: str, watch: Watch, before: object, after: object, reason: str = ""
    ) -> None:
        """Write who changed what; a database that is away does not stop an operator, the log has it then."""
        logger.info("put what=%s plot_type=%s by=%s@%s value=%s", what, watch.plot_type.name, who.user, who.peer, after)
        loop = asyncio.get_running_loop()
        why = {"reason": reason} if reason else {}
        values = ({"value": str(before)}, {"value": str(after), **why})
        arguments = (who.user, what, watch.plot_type.name, *values, who.peer)
        try:
            await loop.run_in_executor(self._store_thread, self._store.audit, *arguments)
        except StoreError as error:
            logger.warning("put not in the audit log error=%s", error)
