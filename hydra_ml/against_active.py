"""At a training's end: whether the new model is better than the one in service, on plots that neither knows."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from hydra_core.errors import HydraError
from hydra_core.ports import Archive
from hydra_ml.compare import Comparison
from hydra_ml.evaluate import Opinion, compare_with, known_to, sides_at_training
from hydra_ml.measure import TEST, Measured
from hydra_ml.registry import record_path

if TYPE_CHECKING:
    from hydra_core.store import SqlStore

logger = logging.getLogger(__name__)


def compare_with_active(
    measured: Measured, name: str, store: "SqlStore", archive: Archive, models_path: Path
) -> Comparison | None:
    """Compare on the new model's test plots; None without an active model or test plots.

    An active model that cannot be loaded or compared is logged: the new one may be what mends that.
    """
    record = store.active_model(name)
    if record is None or TEST not in measured.judged:
        return None
    from hydra_ml.classifier import TensorFlowClassifier

    side = measured.judged[TEST]
    path = record_path(record, models_path)
    try:
        active = TensorFlowClassifier.load(path)
        known = known_to(sides_at_training(path), store.labelled(name))
        opinion = Opinion("the new model", side.matrix.classes, side.plots, side.said())
        return compare_with(opinion, active, known, archive)
    except HydraError as error:
        logger.warning("not compared with the active model model=%s error=%s", record.ref, error)
        return None
