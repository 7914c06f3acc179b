"""Keeps the rules of every plot type in force: configuration, thresholds and settings set by hand, promotions."""

from collections.abc import Mapping

from hydra_core.domain import Mode, ModelRecord, Policy
from hydra_core.ports import Publisher
from hydra_core.settings import hall_mode, in_force
from hydra_ioc.pipeline import Pipeline
from hydra_ioc.watch import Watch

Settings = Mapping[str | None, Mapping[str, object]]


class Rules:
    """Knows what was set by hand and tells the pipeline of every policy that changes; lives on the event loop."""

    def __init__(self, pipeline: Pipeline, publisher: Publisher) -> None:
        self._pipeline = pipeline
        self._publisher = publisher
        self._settings: dict[str | None, Mapping[str, object]] = {}
        self._thresholds: dict[str, Mapping[str, float]] = {}
        self._recorded: set[str] = set()

    @property
    def mode(self) -> Mode:
        """The mode that was set for all plot types."""
        return hall_mode(self._settings.get(None, {}))

    async def restore(
        self, recorded: Mapping[str, Policy], settings: Settings, active: Mapping[str, ModelRecord]
    ) -> None:
        """Go on with the policies that were in force last, then take up what has changed since."""
        for name, watch in self._pipeline.watches.items():
            if name in recorded:
                watch.policy = recorded[name]
                self._recorded.add(name)
        await self.take(settings, active)
        for watch in self._pipeline.watches.values():
            self._publisher.policy(watch.plot_type, watch.policy)

    async def take(self, settings: Settings, active: Mapping[str, ModelRecord]) -> None:
        """Put in force what the database knows."""
        self._settings = dict(settings)
        self._thresholds = {name: record.manual for name, record in active.items()}
        for name, watch in self._pipeline.watches.items():
            watch.has_model = name in active
        await self._enforce()

    async def set(self, plot_type: str | None, settings: Mapping[str, object]) -> None:
        """Put the settings of one plot type (None: of all together) in force."""
        self._settings[plot_type] = settings
        await self._enforce()

    async def set_thresholds(self, plot_type: str, thresholds: Mapping[str, float]) -> None:
        """Put further thresholds of a plot type in force."""
        self._thresholds[plot_type] = {**self._thresholds.get(plot_type, {}), **thresholds}
        await self._enforce()

    async def _enforce(self) -> None:
        for name, watch in self._pipeline.watches.items():
            policy = self._policy(watch)
            if policy != watch.policy or name not in self._recorded:
                self._recorded.add(name)
                await self._pipeline.rule(watch, policy)

    def _policy(self, watch: Watch) -> Policy:
        name = watch.plot_type.name
        own, hall = self._settings.get(name, {}), self._settings.get(None, {})
        return in_force(watch.plot_type, self._thresholds.get(name, {}), own, hall)
