"""The models in service, one head per plot type: which are active, loaded and warm."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hydra_core.domain import ModelRecord, ModelRef, PlotType
from hydra_core.errors import HydraError
from hydra_ioc.judging import Models

if TYPE_CHECKING:
    from hydra_core.ports import Classifier

logger = logging.getLogger(__name__)


class Heads:
    """Classifiers by plot type. `load` runs in the inference thread; `current` may be read from anywhere.

    A new model replaces the old one only once it is loaded and warm; one that cannot be loaded leaves the
    old one in service, or, where there was none, the reason why.
    """

    def __init__(self, plot_types: Mapping[str, PlotType], models_path: Path, threads: int) -> None:
        self._plot_types = plot_types
        self._models_path = models_path
        self._threads = threads
        self._loaded: dict[str, Classifier | str] = {}
        self._tried: dict[str, ModelRef] = {}

    def current(self) -> Models:
        """Return the classifier, or why there is none, of each plot type that has an active model."""
        return self._loaded

    def troubles(self) -> Iterator[tuple[str, str]]:
        """Yield every plot type that has an active model, and why that cannot be used ("": it can)."""
        for name, head in self._loaded.items():
            yield name, head if isinstance(head, str) else ""

    def load(self, active: Mapping[str, ModelRecord], anew: bool = False) -> None:
        """Load what is active and was not tried yet (`anew`: all of it); drop what is no longer active.

        Raises nothing.
        """
        self._loaded = {name: head for name, head in self._loaded.items() if name in active}
        for name, record in active.items():
            if anew or self._tried.get(name) != record.ref:
                self._load(name, record)
                self._tried[name] = record.ref

    def _load(self, name: str, record: ModelRecord) -> None:
        from hydra_ml.registry import load_record

        try:
            head = load_record(record, self._plot_types[name], self._models_path, self._threads)
        except HydraError as error:
            logger.error("model not loaded plot_type=%s model=%s error=%s", name, record.ref, error)
            if not isinstance(self._loaded.get(name), str | None):
                return
            self._loaded = {**self._loaded, name: str(error)}
            return
        logger.info("model in service plot_type=%s model=%s", name, record.ref)
        self._loaded = {**self._loaded, name: head}
