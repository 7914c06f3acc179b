"""Candidates beside the models in service: what each says of live plots is stored and shown, and never alarms."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Protocol

from hydra_core.domain import Image, ModelRecord, Plot, Prediction
from hydra_core.errors import StoreError
from hydra_core.ports import RGB, Classifier
from hydra_core.store import SqlStore
from hydra_ioc.judging import Judged, Models

logger = logging.getLogger(__name__)

GIVE_WAY = 0.05
"""Seconds until the next look whether live plots still wait."""


class Candidates(Protocol):
    """The candidates' models, as `hydra_ioc.heads.Heads` loads them."""

    def current(self) -> Models:
        """Return the classifier, or why there is none, by plot type."""
        ...

    def load(self, active: Mapping[str, ModelRecord], anew: bool = False) -> None:
        """Load what is new, drop what is gone. Raises nothing."""
        ...


class Shown(Protocol):
    """Where the SHADOW PVs are."""

    def shadow(self, plot_type: str, said: Prediction | None) -> None:
        """Publish what a candidate says; None: there is no candidate (any more)."""
        ...


class Shadows:
    """Judges live plots once more; lives on the event loop. A plot that waits for its verdict always goes first.

    Of each plot type at most one plot waits here, the newest. What the database does not take is lost: it is a
    comparison, no verdict.
    """

    def __init__(
        self,
        candidates: Candidates,
        store: SqlStore,
        shown: Shown,
        infer_thread: Executor,
        store_thread: Executor,
        models_thread: Executor,
        busy: Callable[[], bool],
    ) -> None:
        self._candidates = candidates
        self._store = store
        self._shown = shown
        self._infer_thread, self._store_thread, self._models_thread = infer_thread, store_thread, models_thread
        self._busy = busy
        self._waiting: dict[str, tuple[Plot, Image, RGB]] = {}
        self._wake = asyncio.Event()
        self._failing: set[str] = set()

    async def follow(self) -> None:
        """Bring those candidates into service that the library says are in shadow. Raises StoreError."""
        loop = asyncio.get_running_loop()
        wanted = await loop.run_in_executor(self._store_thread, self._store.shadow_models)
        before = set(self._candidates.current())
        await loop.run_in_executor(self._models_thread, self._candidates.load, wanted)
        for name in before - set(wanted):
            self._waiting.pop(name, None)
            self._shown.shadow(name, None)

    def offer(self, judged: Judged) -> None:
        """Take note of a plot that has its verdict; one of a plot type without a candidate is passed over."""
        if isinstance(self._candidates.current().get(judged.plot.plot_type), str | None):
            return
        if judged.rgb is not None and judged.image is not None:
            self._waiting[judged.plot.plot_type] = (judged.plot, judged.image, judged.rgb)
            self._wake.set()

    async def run(self) -> None:
        """Judge what was offered, for ever, whenever no live plot waits."""
        while True:
            await self._wake.wait()
            if self._busy():
                await asyncio.sleep(GIVE_WAY)
                continue
            name = next(iter(self._waiting), None)
            if name is None:
                self._wake.clear()
                continue
            model, plot = self._candidates.current().get(name), self._waiting.pop(name)
            if model is not None and not isinstance(model, str):
                await self._judge(model, *plot)

    async def _judge(self, model: Classifier, plot: Plot, image: Image, rgb: RGB) -> None:
        loop = asyncio.get_running_loop()
        try:
            said = (await loop.run_in_executor(self._infer_thread, model.predict, [(plot, rgb)]))[0]
            self._shown.shadow(plot.plot_type, said)
            await loop.run_in_executor(self._store_thread, self._store.add_live_shadow, plot, image, said)
        except StoreError as error:
            logger.debug("shadow not stored model=%s error=%s", model.ref, error)
        except Exception:
            if str(model.ref) not in self._failing:
                logger.exception("candidate cannot judge model=%s", model.ref)
            self._failing.add(str(model.ref))
        else:
            self._failing.discard(str(model.ref))
