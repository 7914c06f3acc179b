"""What a bundle remembers of the plots a model was made from, so that recent ones can be compared with them."""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hydra_core.domain import LabelledPlot, PlotType, Severity
from hydra_core.errors import ModelError
from hydra_ml import light
from hydra_ml.audit.features import FOLDS, STAGES, Typical, backbone_digest
from hydra_ml.head import Reference as GoodLooks
from hydra_ml.preprocess import NO_CROP, Crop

if TYPE_CHECKING:
    from hydra_core.ports import Archive
    from hydra_ml.audit.features import Batches, LightFeatures
    from hydra_ml.dataset import Dataset
    from hydra_ml.measure import Side

REFERENCE_FILE = "reference.npz"
MOST = 240
"""Plots whose features are kept, an even share of each class and run."""

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reference:
    """Training plots as the frozen backbone sees them, and the model's scores of plots held out of training.

    `vectors` float32 (n, d), `labels` int64 (n,) class indexes and `blocks` int64 (n,), the same for plots of one run
    or group. `scores` float32 (m, classes) with `score_blocks` (m,) are of the held-out plots. Features of another
    `backbone` (a digest of its weights) cannot be compared with them.
    """

    backbone: str
    typical: Typical
    vectors: Floats
    labels: Integers
    blocks: Integers
    scores: Floats
    score_blocks: Integers

    def to_bytes(self) -> bytes:
        """Return the file's contents; features in half precision."""
        out = io.BytesIO()
        arrays: dict[str, Any] = {
            "backbone": np.frombuffer(self.backbone.encode(), np.uint8),
            "vectors": self.vectors.astype(np.float16),
            "labels": self.labels,
            "blocks": self.blocks,
            "scores": self.scores,
            "score_blocks": self.score_blocks,
        }
        arrays |= {name: array.astype(np.float16) for name, array in _typical_arrays(self.typical).items()}
        np.savez_compressed(out, **arrays)
        return out.getvalue()


def read_reference(bundle: Path) -> Reference | None:
    """Return what a bundle remembers; None when it is too old to. Raises ModelError for a damaged file."""
    path = bundle / REFERENCE_FILE
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            typical = _read_typical(file)
            numbers = (file["labels"].astype(np.int64), file["blocks"].astype(np.int64))
            held = (file["scores"].astype(np.float32), file["score_blocks"].astype(np.int64))
            vectors = file["vectors"].astype(np.float32)
            return Reference(file["backbone"].tobytes().decode(), typical, vectors, *numbers, *held)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} cannot be used ({error}); copy the bundle again or train anew") from error


def _typical_arrays(typical: Typical) -> dict[str, Floats]:
    return {
        f"{name}{stage}": np.stack([getattr(references[stage], name) for references in typical.folds])
        for stage in range(len(STAGES))
        for name in ("mean", "scale")
    }


def _read_typical(file: Mapping[str, Any]) -> Typical:
    stages = [(file[f"mean{i}"].astype(np.float32), file[f"scale{i}"].astype(np.float32)) for i in range(len(STAGES))]
    if any(a.shape != b.shape or a.ndim != 4 or len(a) != FOLDS for a, b in stages):
        raise ValueError("the typical plots have a shape of their own")
    return Typical(tuple(tuple(GoodLooks(a[fold], b[fold]) for a, b in stages) for fold in range(FOLDS)))


def reference_statistics(
    dataset: "Dataset",
    judged: "Mapping[str, Side]",
    plot_type: PlotType,
    archive: "Archive",
    crop: Crop = NO_CROP,
    backbone: "LightFeatures | None" = None,
) -> Reference:
    """Return what to remember of a training set and of the plots `judged` (by side) that were held out of it.

    Pictures that were prepared for the light backbone anyway are not decoded again. Raises ModelError.
    """
    from hydra_ml.audit.features import LightFeatures, archived, prepared

    backbone = backbone or LightFeatures()
    used = [i for i, side in enumerate(dataset.splits) if side is not None]
    plots, labels = [dataset.plots[i] for i in used], dataset.truth[used]
    if dataset.pictures.shape[1] == light.INPUT_SIZE and crop == NO_CROP:
        batches = prepared(dataset.pictures[used])
    else:
        batches = archived([p.plot for p in plots], archive)
    features = known_features(plots, labels, plot_type, batches, backbone)
    held = [side for side in judged.values() if len(side.scores)]
    scores = [np.zeros((0, len(dataset.classes)), np.float32), *(s.scores for s in held)]
    return Reference(
        backbone_digest(),
        *features,
        np.concatenate(scores).astype(np.float32),
        block_numbers([p for side in held for p in side.plots]),
    )


def known_features(
    plots: Sequence[LabelledPlot], labels: Integers, plot_type: PlotType, batches: "Batches", backbone: "LightFeatures"
) -> tuple[Typical, Floats, Integers, Integers]:
    """Return the mean good plot, and features, class indexes and blocks of at most 240 labelled plots. ModelError."""
    blocks = block_numbers(plots)
    rows = np.array(spread(list(zip(labels.tolist(), blocks.tolist(), strict=True)), MOST), np.int64)
    good = [i for i, c in enumerate(plot_type.classes) if c.severity == Severity.NO_ALARM]
    healthy = np.flatnonzero(np.isin(labels[rows], good))
    chosen = healthy if len(healthy) else np.arange(len(rows))

    def some(at: Integers) -> Iterator[tuple[Integers, npt.NDArray[np.uint8]]]:
        for found, pictures in batches(rows[at]):
            yield np.searchsorted(rows, found).astype(np.int64), pictures

    known = backbone.known(some, blocks[rows], chosen)
    kept = rows[known.features.kept]
    return known.typical, known.features.vectors, labels[kept], blocks[kept]


def reference_files(*arguments: Any) -> dict[str, bytes]:
    """Return the file of a bundle that holds `reference_statistics` of the same arguments."""
    return {REFERENCE_FILE: reference_statistics(*arguments).to_bytes()}


def block_numbers(plots: Sequence[LabelledPlot]) -> Integers:
    """Return a number for each plot that those of one run share, or of one group; a plot without either has its own."""
    numbers: dict[object, int] = {}
    keys = [p.plot.run or p.group or ("plot", i) for i, p in enumerate(plots)]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)


def spread(keys: Sequence[tuple[int, int]], most: int) -> list[int]:
    """Return at most so many indexes, in order, in turn from each class and, within it, from each block."""
    turns: dict[object, int] = {}
    order = []
    for index, (kind, block) in enumerate(keys):
        turn = turns[kind, block] = turns.get((kind, block), -1) + 1
        order.append((turn, block, index, kind))
    place: dict[int, int] = {}
    ranked = []
    for _, _, index, kind in sorted(order):
        place[kind] = place.get(kind, -1) + 1
        ranked.append((place[kind], kind, index))
    return sorted(index for _, _, index in sorted(ranked)[:most])
