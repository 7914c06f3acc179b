"""Golden pictures: a few of a model's own plots with what it said of them in Keras, float32, when it was made.

Before a model judges, what is to run it must say the same of these.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hydra_core.errors import ModelError
from hydra_ml.engines.port import Maps
from hydra_ml.head import softmax

if TYPE_CHECKING:
    import keras

    from hydra_ml.card import Card
    from hydra_ml.dataset import Dataset
    from hydra_ml.novelty import Novelty

GOLDEN_FILE = "golden.npz"
MOST = 12
"""Golden pictures of a model, shared out among its classes."""
CANDIDATES = 96
"""Plots that the golden ones are chosen from."""
CLEAR = 0.02
"""A score nearer to its threshold, or to that of the next class, than this tests no engine: rounding decides there."""
NOVEL = 0.99
"""Novelty from which on the configuration's default makes a plot SUSPECT."""
USUAL_THRESHOLD = 0.9
"""Threshold of a class for which none was chosen, as the configuration's default."""
MOST_BYTES = 64 * 1024**2
"""What a golden file may unpack to."""

Floats = npt.NDArray[np.float32]
Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """`pictures` as prepared, uint8 (n, side, side, 3), with softened `scores` (n, classes) and `novelty` (n,)."""

    pictures: Pictures
    scores: Floats
    novelty: Floats

    def to_bytes(self) -> bytes:
        """Return the bundle's file."""
        out = io.BytesIO()
        np.savez_compressed(out, pictures=self.pictures, scores=self.scores, novelty=self.novelty)
        return out.getvalue()

    def difference(self, scores: Floats) -> float:
        """Return the largest difference of a score; infinite for what is no number."""
        worst = float(np.abs(scores - self.scores).max())
        return worst if np.isfinite(worst) else float("inf")

    def disagreement(self, scores: Floats, novelty: Floats, thresholds: Sequence[float]) -> str:
        """Say where these scores and novelties give another verdict, "" where nowhere.

        A verdict is the top class, whether it reaches its threshold, and whether the plot is novel.
        """
        wanted, found = verdicts(self.scores, self.novelty, thresholds), verdicts(scores, novelty, thresholds)
        wrong = np.flatnonzero((wanted != found).any(axis=1) | ~np.isfinite(scores).all(axis=1))
        if len(wrong) == 0:
            return ""
        first = int(wrong[0])
        said, was = scores[first].max(), self.scores[first].max()
        return (
            f"{len(wrong)} of {len(scores)} golden pictures judged otherwise, the first {said:.3f} instead of {was:.3f}"
        )


def verdicts(scores: Floats, novelty: Floats, thresholds: Sequence[float]) -> npt.NDArray[np.int64]:
    """Return top class, reaches its threshold, is novel: (n, 3)."""
    top = scores.argmax(axis=1)
    reaches = scores.max(axis=1) >= np.asarray(thresholds)[top]
    return np.stack([top, reaches, novelty >= NOVEL], axis=1).astype(np.int64)


def thresholds_of(classes: Sequence[str], chosen: Mapping[str, float]) -> list[float]:
    """Return a threshold for each class."""
    return [chosen.get(name, USUAL_THRESHOLD) for name in classes]


def choose_golden(model: "keras.Model", card: "Card", dataset: "Dataset", novelty: "Novelty | None") -> Golden | None:
    """Choose golden pictures from the plots of a training, of every class from sure to doubtful ones.

    None where no plot is clear enough to tell anything.
    """
    rows = _candidates(dataset)
    scores, odd = said_by_keras(model, card, dataset.pictures[rows], novelty)
    clear = _clear(scores, odd, thresholds_of(card.classes, card.thresholds))
    chosen: list[int] = []
    each = max(1, MOST // len(card.classes))
    for index in range(len(card.classes)):
        own = sorted(np.flatnonzero(clear & (scores.argmax(axis=1) == index)), key=lambda i: float(scores[i].max()))
        chosen += (
            [int(own[i]) for i in np.unique(np.linspace(0, len(own) - 1, each).round().astype(int))] if own else []
        )
    if not chosen:
        return None
    return Golden(dataset.pictures[[rows[i] for i in chosen]], scores[chosen], odd[chosen])


def read_golden(path: Path, card: "Card") -> Golden | None:
    """Return the golden pictures of the bundle at `path`, None if it has none. Raises ModelError for damaged ones."""
    if GOLDEN_FILE not in card.files:
        return None
    file = path / GOLDEN_FILE
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(info.file_size for info in archive.infolist())
        if size > MOST_BYTES:
            raise ModelError(f"{file} would unpack to {size} bytes; do not use this bundle")
        with np.load(file, allow_pickle=False) as arrays:
            golden = Golden(arrays["pictures"], arrays["scores"], arrays["novelty"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{file} cannot be read: {error}; copy the bundle again or roll back") from error
    shapes = (golden.pictures.shape[1:], golden.scores.shape[1:], golden.novelty.shape[1:])
    lengths = {len(golden.pictures), len(golden.scores), len(golden.novelty)}
    expected = ((card.input_size, card.input_size, 3), (len(card.classes),), ())
    if shapes != expected or len(lengths) != 1 or lengths == {0} or golden.pictures.dtype != np.uint8:
        raise ModelError(f"{file} does not fit its card; copy the bundle again or roll back")
    return golden


def _candidates(dataset: "Dataset") -> list[int]:
    """Return the rows to choose from: of each class some, validation plots first."""
    order = {"validation": 0, "train": 1, "test": 2}
    usable = [i for i, side in enumerate(dataset.splits) if side is not None]
    chosen: list[int] = []
    for index in range(len(dataset.classes)):
        own = [i for i in usable if dataset.truth[i] == index]
        own.sort(key=lambda i: order.get(dataset.splits[i] or "", 3))
        chosen += own[: CANDIDATES // len(dataset.classes)]
    return chosen


def said_by_keras(
    model: "keras.Model", card: "Card", pictures: Pictures, novelty: "Novelty | None"
) -> tuple[Floats, Floats]:
    """Return softened scores and novelty of prepared pictures by Keras itself, without anything that serving adds."""
    import keras
    import tensorflow as tf

    from hydra_ml.engines.split import split
    from hydra_ml.novelty import views_of

    body, head = split(model, card)
    whole = keras.Model(model.input, [model.output, *body.outputs])
    forward = tf.function(lambda x: whole(x, training=False), reduce_retracing=True)
    parts: list[list[Any]] = []
    for start in range(0, len(pictures), 32):
        parts.append([t.numpy() for t in forward(tf.cast(pictures[start : start + 32], tf.float32))])
    raw, *stages = (np.concatenate(each) for each in zip(*parts, strict=True))
    maps = Maps(*stages)
    scores = softmax(np.log(np.maximum(raw, 1e-30)) / np.float32(card.temperature))
    if novelty is None:
        return scores, np.zeros(len(scores), np.float32)
    said = [card.classes[top] for top in scores.argmax(axis=1)]
    return scores, novelty.judge(said, views_of(pictures, maps), head(maps)[2])[0]


def _clear(scores: Floats, novelty: Floats, thresholds: Sequence[float]) -> npt.NDArray[np.bool_]:
    ordered = np.sort(scores, axis=1)
    margin = ordered[:, -1] - ordered[:, -2]
    above = np.abs(ordered[:, -1] - np.asarray(thresholds)[scores.argmax(axis=1)])
    clear: npt.NDArray[np.bool_] = (margin > CLEAR) & (above > CLEAR) & (np.abs(novelty - NOVEL) > CLEAR / 4)
    return clear
