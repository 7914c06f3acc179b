"""Keeps in service what the database calls active: models promoted or rolled back, and the rules that go with them."""

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import Executor

from hydra_core.domain import Change, ModelRecord, PlotType
from hydra_core.errors import StoreError
from hydra_core.store import SqlStore
from hydra_ioc.ca import PutContext
from hydra_ioc.followed import Taking
from hydra_ioc.heads import Heads
from hydra_ioc.past import read_active
from hydra_ioc.rules import Rules, Settings
from hydra_ioc.shadows import Shadows

logger = logging.getLogger(__name__)

LOOK_EVERY = 5.0
"""Seconds between looks, should a change not have said that there is something new."""


class Promotions:
    """Loads models in the `models` thread; a database that is away changes nothing. Lives on the event loop."""

    def __init__(
        self,
        plot_types: Mapping[str, PlotType],
        store: SqlStore,
        heads: Heads,
        rules: Rules,
        store_thread: Executor,
        models_thread: Executor,
        shadows: Shadows,
    ) -> None:
        self._plot_types, self._store, self._heads, self._rules = plot_types, store, heads, rules
        self._store_thread, self._models_thread, self._shadows = store_thread, models_thread, shadows
        self._wake = asyncio.Event()
        self._anew = False

    @property
    def taking(self) -> Mapping[str, Taking]:
        """What is done about changes that others wrote, by kind."""
        return {"model": self._take_model, "threshold": self._take_rules, "setting": self._take_rules}

    async def run(self) -> None:
        """Follow promotions for ever."""
        while True:
            try:
                await asyncio.wait_for(self._wake.wait(), LOOK_EVERY)
            except TimeoutError:
                pass
            self._wake.clear()
            anew, self._anew = self._anew, False
            await self.load(anew)

    async def load(self, anew: bool = False) -> None:
        """Bring what is active into service (`anew`: load it again even if it was loaded), with its rules."""
        try:
            active, _ = await self._read()
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._models_thread, self._heads.load, active, anew)
            await self._take()
            await self._shadows.follow()
        except StoreError as error:
            logger.debug("promotions not read error=%s", error)

    async def reload(self, value: object, who: PutContext) -> object:
        """Answer a put to the RELOAD PV."""
        logger.info("put what=reload by=%s@%s", who.user, who.peer)
        self._anew = True
        self._wake.set()
        return 0

    async def _take_model(self, change: Change) -> None:
        self._wake.set()

    async def _take_rules(self, change: Change) -> None:
        await self._take()

    async def _take(self) -> None:
        """Put the rules in force that are written now: loading may have taken long enough for newer ones."""
        active, settings = await self._read()
        await self._rules.take(settings, active)

    async def _read(self) -> tuple[Mapping[str, ModelRecord], Settings]:
        def read() -> tuple[Mapping[str, ModelRecord], Settings]:
            return read_active(self._store, self._plot_types), self._store.settings()

        return await asyncio.get_running_loop().run_in_executor(self._store_thread, read)
