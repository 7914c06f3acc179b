"""Audit the drift of many plot types' active models, one after the other, with one backbone."""

import json
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hydra_core.domain import ModelRecord, PlotType
from hydra_core.errors import ModelError
from hydra_core.ports import Archive
from hydra_ml.audit.drift import TOO_LITTLE, DriftAudit, audit_drift
from hydra_ml.audit.features import LightFeatures, archived, backbone_digest
from hydra_ml.audit.reference import Reference, known_features, read_reference
from hydra_ml.card import ITEMS_FILE
from hydra_ml.registry import record_path

if TYPE_CHECKING:
    from hydra_core.store import SqlStore

logger = logging.getLogger(__name__)


def audit_active(
    plot_types: Sequence[PlotType],
    store: "SqlStore",
    archive: Archive,
    models_path: Path,
    since: datetime,
    most: int = 20,
) -> Iterator[DriftAudit]:
    """Yield the audit of each plot type; one without a usable model is "too little to tell", with the reason."""
    backbone = LightFeatures()
    for plot_type in plot_types:
        record = store.active_model(plot_type.name)
        if record is None:
            reason = f"no active model; `hydra train {plot_type.name}`, then `hydra model promote`"
            yield DriftAudit(plot_type.name, "no model", TOO_LITTLE, 0, 0, notes=(reason,))
            continue
        try:
            reference = reference_of(record, plot_type, store, archive, models_path, backbone)
            yield audit_drift(plot_type, record, reference, store, archive, backbone, since, most)
        except ModelError as error:
            yield DriftAudit(plot_type.name, str(record.ref), TOO_LITTLE, 0, 0, notes=(str(error),))


def reference_of(
    record: ModelRecord,
    plot_type: PlotType,
    store: "SqlStore",
    archive: Archive,
    models_path: Path,
    backbone: LightFeatures,
) -> Reference:
    """Return what the bundle remembers; features of another backbone are made anew from the archived training plots.

    Raises ModelError when neither is possible.
    """
    path = record_path(record, models_path)
    known = read_reference(path)
    if known is not None and known.backbone == backbone_digest():
        return known
    logger.info("reference made anew model=%s reason=%s", record.ref, "none" if known is None else "other backbone")
    try:
        sides = json.loads((path / ITEMS_FILE).read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(f"{path / ITEMS_FILE} cannot be read ({error}); train {plot_type.name} anew") from error
    plots = [p for p in store.labelled(plot_type.name) if p.plot.uid in sides and p.class_name in record.classes]
    if not plots:
        raise ModelError(f"{record.ref}: none of its training plots is in this database; train {plot_type.name} anew")
    labels = np.array([record.classes.index(p.class_name) for p in plots], np.int64)
    features = known_features(plots, labels, plot_type, archived([p.plot for p in plots], archive), backbone)
    none = np.zeros((0, len(record.classes)), np.float32), np.zeros(0, np.int64)
    held = (known.scores, known.score_blocks) if known else none
    return Reference(backbone_digest(), *features, *held)
