"""Features of a frozen body, for fitting a head; kept by picture, so that retraining after new labels takes seconds.

Good plots that the body's `Contrast` compares with would look too good among them: each is compared with those of
other runs only (five folds), as an unseen plot would be.
"""

import hashlib
import logging
import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hydra_ml.head import Reference

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

VARIANTS = 3
"""Varied copies of each plot whose features are learnt from too."""
FOLDS = 5
GROWTH = 1.5
"""Kept references are made anew when there are so many times more good plots than they were made of."""
BATCH = 32
VERSION = 1

Floats = npt.NDArray[np.float32]
Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class HeadPlots:
    """Prepared plots to fit a head on: pictures uint8 (n, h, w, 3), class indexes (n,), run or group of each.

    `good` are the class indexes that others are compared with; where none of these occurs, all plots are.
    """

    pictures: Pictures
    truth: npt.NDArray[np.int64]
    groups: tuple[Hashable, ...]
    good: frozenset[int] = frozenset()

    def folds(self) -> npt.NDArray[np.int64]:
        """Return each plot's fold (n,), whole groups together; plot by plot where there are too few groups."""
        names = {group: number for number, group in enumerate(dict.fromkeys(self.groups))}
        numbers = np.array([names[group] for group in self.groups], np.int64)
        if len(names) < 2:
            numbers = np.arange(len(self.groups))
        return np.asarray(numbers % FOLDS)

    def compared(self) -> npt.NDArray[np.int64]:
        """Return which plots the others are compared with."""
        rows = np.flatnonzero(np.isin(self.truth, list(self.good)))
        return rows if len(rows) else np.arange(len(self.truth))


def head_features(model: "keras.Model", plots: HeadPlots, cache: Path | None = None) -> Floats:
    """Return features (n, 1 + VARIANTS, d) of plots and their varied copies; sets the references of a `Contrast`.

    `cache` is a file that keeps them; one that does not fit or cannot be read is made anew.
    """
    from hydra_ml.contrast import Contrast

    keys = [hashlib.sha256(picture.tobytes()).hexdigest() for picture in plots.pictures]
    seer = _Seer(model)
    digest = seer.digest() if cache is not None else ""
    kept = _Kept.read(cache, digest) if cache is not None else _Kept.nothing()
    layer = model.get_layer("embedding")
    if isinstance(layer, Contrast):
        rows = plots.compared()
        if not kept.serves([keys[i] for i in rows], set(keys)):
            kept = _compare(seer, plots, keys, rows)
    references = kept.references
    places = [kept.folds.get(key, -1) for key in keys]
    for fold in sorted(set(places), reverse=True):
        if references:
            layer.compare_with(references[fold])
        new = [i for i, place in enumerate(places) if place == fold and keys[i] not in kept.features]
        if new:
            found = seer.features(plots.pictures[new], [keys[i] for i in new])
            kept.features.update(zip([keys[i] for i in new], found, strict=True))
    if references:
        layer.compare_with(references[-1])
    if cache is not None:
        kept.write(cache, digest)
    return np.stack([kept.features[key] for key in keys])


def _compare(seer: "_Seer", plots: HeadPlots, keys: Sequence[str], rows: npt.NDArray[np.int64]) -> "_Kept":
    """Make references of the plots in `rows`: one without each fold, and the last one of all."""
    from hydra_ml.contrast import Tally

    folds = plots.folds()[rows]
    used = np.unique(folds)
    tallies = [Tally() for _ in used]
    for tally, fold in zip(tallies, used, strict=True):
        chosen = rows[folds == fold]
        seer.tally(tally, plots.pictures[chosen], [keys[i] for i in chosen])
    whole = Tally()
    for tally in tallies:
        whole = whole.together(tally)
    each = [whole.without(tally).references() for tally in tallies] if len(used) > 1 else [whole.references()]
    numbers = {fold: number for number, fold in enumerate(used)}
    places = {keys[i]: numbers[fold] for i, fold in zip(rows, folds, strict=True)}
    return _Kept({}, places, [*each, whole.references()])


@dataclass(frozen=True, slots=True)
class _Kept:
    """Features by picture, the fold of each compared picture, and the references without each fold, then of all."""

    features: dict[str, Floats]
    folds: dict[str, int]
    references: list[tuple[Reference, ...]]

    @classmethod
    def nothing(cls) -> "_Kept":
        return cls({}, {}, [])

    @classmethod
    def read(cls, path: Path, digest: str) -> "_Kept":
        """Read what was kept for the same body; nothing if there is none or it cannot be read."""
        if not path.exists():
            return cls.nothing()
        try:
            with np.load(path, allow_pickle=False) as file:
                if str(file["digest"]) != digest:
                    return cls.nothing()
                features = dict(zip(file["keys"].tolist(), file["features"], strict=True))
                folds = dict(zip(file["compared"].tolist(), file["folds"].tolist(), strict=True))
                stages = int(file["stages"])
                parts = [file[f"part{i}"] for i in range(2 * stages)] if stages else []
                count = len(parts[0]) if parts else 0
                references = [
                    tuple(Reference(parts[2 * s][n], parts[2 * s + 1][n]) for s in range(stages)) for n in range(count)
                ]
            return cls(features, folds, references)
        except Exception as error:  # NumPy and zipfile raise many things for a file that they cannot make sense of
            logger.warning("kept features are made anew file=%s error=%s", path, error)
            return cls.nothing()

    def serves(self, compared: Sequence[str], known: set[str]) -> bool:
        """Return whether its references do for these pictures: made of enough of them, and of none that is left out."""
        return bool(self.folds) and self.folds.keys() <= known and len(set(compared)) < GROWTH * len(self.folds)

    def write(self, path: Path, digest: str) -> None:
        """Keep it; a reader sees the old file or the new one."""
        stages = len(self.references[0]) if self.references else 0
        parts = {
            f"part{2 * s + k}": np.stack([(r[s].mean, r[s].scale)[k] for r in self.references])
            for s in range(stages)
            for k in (0, 1)
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        with beside.open("wb") as file:
            np.savez(
                file,
                digest=np.array(digest),
                keys=np.array(list(self.features)),
                features=np.stack(list(self.features.values())),
                compared=np.array(list(self.folds), np.str_),
                folds=np.array(list(self.folds.values()), np.int64),
                stages=np.array(stages),
                **parts,  # type: ignore[arg-type]
            )
        beside.replace(path)


class _Seer:
    """A model's body, compiled: features of pictures and of their varied copies, and the maps that are compared."""

    def __init__(self, model: "keras.Model") -> None:
        import keras
        import tensorflow as tf

        from hydra_ml.augment import augment

        self._model = model
        layer = model.get_layer("embedding")
        whole = keras.Model(model.input, layer.output)
        finer = layer.input[:-1] if isinstance(layer.input, list) else []
        stages = keras.Model(model.input, finer) if finer else None
        self._whole = tf.function(lambda x: whole(x, training=False), reduce_retracing=True)
        self._stages = tf.function(lambda x: stages(x, training=False), reduce_retracing=True) if stages else None
        self._augment = tf.function(lambda x, seed: augment(x, seed), reduce_retracing=True)

    def digest(self) -> str:
        """Return what kept features depend on beside the picture."""
        from hydra_ml.augment import MILD

        layers = [la for la in self._model.layers if la.name not in ("embedding", "scores")]
        hashed = hashlib.sha256(repr((VERSION, VARIANTS, FOLDS, MILD, [la.name for la in layers])).encode())
        for layer in layers:
            for weight in layer.get_weights():
                hashed.update(np.asarray(weight).tobytes())
        return hashed.hexdigest()

    def features(self, pictures: Pictures, keys: Sequence[str]) -> Floats:
        """Return features (n, 1 + VARIANTS, d)."""
        found = [self._whole(batch).numpy() for batch in self._batches(pictures, keys)]
        return np.asarray(np.concatenate(found).reshape(len(pictures), 1 + VARIANTS, -1), np.float32)

    def tally(self, tally: Any, pictures: Pictures, keys: Sequence[str]) -> None:
        """Add pictures and their varied copies to a tally."""
        if self._stages is None:
            raise ValueError("this model compares nothing")
        for batch in self._batches(pictures, keys):
            tally.add([maps.numpy() for maps in self._stages(batch)])

    def _batches(self, pictures: Pictures, keys: Sequence[str]) -> Any:
        """Yield each picture followed by its varied copies, which depend on the picture alone, a few at a time."""
        import tensorflow as tf

        some = BATCH // (1 + VARIANTS)
        for start in range(0, len(pictures), some):
            rows = []
            for picture, key in zip(pictures[start : start + some], keys[start : start + some], strict=True):
                plain = tf.cast(picture[None], tf.float32)
                seeds = [tf.constant([int(key[:7], 16), variant], tf.int32) for variant in range(VARIANTS)]
                rows += [plain, *(self._augment(plain, seed) for seed in seeds)]
            yield tf.concat(rows, axis=0)
