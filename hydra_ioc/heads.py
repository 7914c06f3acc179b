"""The models in service, one head per plot type: which are active, loaded and warm."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from hydra_core.config.sections import Models as ModelSettings
from hydra_core.domain import ModelRecord, ModelRef, Plot, PlotType, Prediction
from hydra_core.errors import HydraError
from hydra_core.ports import RGB, Classifier
from hydra_ioc.judging import Models

if TYPE_CHECKING:
    from hydra_ml.classifier import TensorFlowClassifier
    from hydra_ml.engines.shelf import Shelf

logger = logging.getLogger(__name__)


class Heads:
    """Classifiers by plot type. `load` runs in a thread of its own; `current` may be read from anywhere.

    Plots are judged while models load. A new model replaces the old one only once it is loaded and warm; one that
    cannot be loaded leaves the old one in service, or, where there was none, the reason why.
    """

    def __init__(
        self, plot_types: Mapping[str, PlotType], settings: ModelSettings, beside: "Heads | None" = None
    ) -> None:
        """Prepare, loading nothing; `beside` has models whose bodies these may share."""
        self._plot_types = plot_types
        self._beside = beside
        self._settings = settings
        self._shelf: Shelf | None = None
        self._loaded: dict[str, Classifier | str] = {}
        self._tried: dict[str, ModelRef] = {}
        self._engines: dict[str, str] = {}

    def current(self) -> Models:
        """Return the classifier, or why there is none, of each plot type that has an active model."""
        return self._loaded

    def troubles(self) -> Iterator[tuple[str, str]]:
        """Yield every plot type that has an active model, and why that cannot be used ("": it can)."""
        for name, head in self._loaded.items():
            yield name, head if isinstance(head, str) else ""

    def engine(self, name: str) -> str:
        """Return what a plot type's model runs on, in words; empty where none is in service."""
        return self._engines.get(name, "")

    def predict(self, wanted: Sequence[tuple[Classifier, Plot, RGB]]) -> list[Prediction]:
        """Judge plots of several types; those whose models share a body go through it together."""
        from hydra_ml.classifier import predict_mixed

        return predict_mixed(cast("Sequence[tuple[TensorFlowClassifier, Plot, RGB]]", wanted))

    def load(self, active: Mapping[str, ModelRecord], anew: bool = False) -> None:
        """Load what is active and was not tried yet (`anew`: all of it); drop what is no longer active.

        Raises nothing.
        """
        wanted = {n: r for n, r in active.items() if anew or self._tried.get(n) != r.ref}
        gone = set(self._loaded) - set(active)
        self._loaded = {name: head for name, head in self._loaded.items() if name in active}
        for name, record in wanted.items():
            self._load(name, record)
            self._tried[name] = record.ref
        if wanted or gone:
            self._release()

    def shelf(self) -> "Shelf":
        """Return where the bodies of models are kept; called in the thread that loads."""
        from hydra_ml.engines.shelf import Shelf

        if self._shelf is None:
            self._shelf = Shelf(self._settings.engine) if self._beside is None else self._beside.shelf()
        return self._shelf

    def _release(self) -> None:
        """Give the memory of models that were replaced back to the system."""
        from hydra_ml.engines.memory import give_back

        give_back()

    def _load(self, name: str, record: ModelRecord) -> None:
        from hydra_ml.registry import load_record

        path, threads = self._settings.path, self._settings.threads
        try:
            head = load_record(record, self._plot_types[name], path, threads, self.shelf())
        except HydraError as error:
            logger.error("model not loaded plot_type=%s model=%s error=%s", name, record.ref, error)
            if not isinstance(self._loaded.get(name), str | None):
                return
            self._loaded = {**self._loaded, name: str(error)}
            return
        logger.info("model in service plot_type=%s model=%s engine=%s", name, record.ref, head.engine.name)
        self._engines = {**self._engines, name: head.engine.name}
        self._loaded = {**self._loaded, name: head}
