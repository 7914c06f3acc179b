"""How unlike the plots it was trained on a plot is: 0…1, calibrated on good plots that the fit had not seen.

A plot that is called good is compared with the good plots, place by place, in several views: its pixels made small, and
the feature maps, from fine to coarse, that the network gives. A plot that is called faulty is compared with the plots
of that fault, as a whole.
A novelty of 0.99 means: of the plots that rightly have this class one in a hundred is as odd.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hydra_core.errors import ModelError
from hydra_ml.engines.port import Maps
from hydra_ml.preprocess import prepare

NOVELTY_FILE = "novelty.npz"
PIXELS, FINE, MIDDLE, LAST = "pixels", "fine", "middle", "last"
SMALL = 48
"""Side in pixels of the view "pixels"."""
ODD = 0.95
"""From here on the heat map shows where a plot that is called good is odd; what speaks for good is everywhere."""
TOP = {PIXELS: 0.02, FINE: 0.005, MIDDLE: 0.01, LAST: 0.02}
"""Share of places, the oddest, that a view's score is the mean of: faults are small, single pixels are noise."""

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Views = Mapping[str, npt.NDArray[np.floating]]
"""What is compared of n plots, by view: (n, h, w, c)."""


def views_of(pictures: Bytes, maps: Maps) -> dict[str, Floats]:
    """Return the views of prepared pictures, uint8 (n, side, side, 3), and what an engine made of them."""
    small = np.stack([prepare(picture, (SMALL, SMALL)) for picture in pictures]).astype(np.float32)
    found = {PIXELS: small, FINE: maps.fine, MIDDLE: maps.middle, LAST: maps.last}
    return {name: seen for name, seen in found.items() if seen is not None}


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """How rare a score is among `scores` (n,), sorted: counted as far as they go, beyond the highest exponential.

    Two exponentials are asked and the shorter one is believed: one as long as the middle half says, which one odd run
    among the scores does not stretch, and one that goes through the highest fifth, which knows where they end.
    `stretch` ≥ 1 makes both longer: few runs say little about the one that is yet to come.
    """

    scores: Floats
    stretch: float = 1.0

    def beyond(self, score: Floats) -> Floats:
        """Return the share 0…1 of such plots that score at least so high, for each of any shape."""
        count, highest = len(self.scores), self.scores[-1]
        high = max(min(5, count - 1), count // 5)
        start = self.scores[-high - 1]
        middle = float(np.quantile(self.scores, 0.75) - np.median(self.scores)) / np.log(2)
        fifth = float((self.scores[-high:] - start).mean())
        ranks = np.interp(score, self.scores, 1 - (np.arange(count) + 0.5) / count)
        by_middle = ranks * np.exp(-np.maximum(score - highest, 0) / max(middle * self.stretch, 1e-2))
        by_fifth = (high + 0.5) / count * np.exp(-np.maximum(score - start, 0) / max(fifth * self.stretch, 1e-3))
        return np.asarray(np.where(score > highest, np.minimum(by_middle, by_fifth), ranks), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What good plots look like in one view: mean and spread (h, w, c), and the median and width of their scores."""

    mean: Floats
    spread: Floats
    centre: float
    width: float

    def oddness(self, seen: npt.NDArray[np.floating]) -> Floats:
        """Return how far plots (n, h, w, c) are from good ones at each place (n, h, w), 1 being usual."""
        far = (seen.astype(np.float32) - self.mean) / self.spread
        odd: Floats = np.einsum("nhwc,nhwc->nhw", far, far) / np.float32(far.shape[-1])
        return odd


def score(oddness: Floats, top: float) -> Floats:
    """Return the logarithm of the mean of the oddest places, (n,), of maps (n, h, w)."""
    flat = oddness.reshape(len(oddness), -1)
    most = max(1, round(top * flat.shape[1]))
    found: Floats = np.log(np.partition(flat, -most, axis=1)[:, -most:].mean(axis=1) + np.float32(1e-6))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Kin:
    """The plots of a fault, embeddings (m, d): faults differ, so the nearest one is what counts."""

    embeddings: Floats
    tail: Tail

    def beyond(self, embedding: Floats) -> Floats:
        """Return the share of the fault's plots that are at least so far from the others, for embeddings (n, d)."""
        return self.tail.beyond(nearest(embedding, self.embeddings))


def nearest(embedding: Floats, others: Floats) -> Floats:
    """Return the logarithm of the distance to the nearest of others (m, d), (n,)."""
    squares = (embedding**2).sum(axis=1)[:, None] - 2 * embedding @ others.T + (others**2).sum(axis=1)
    found: Floats = 0.5 * np.log(np.maximum(squares.min(axis=1), 1e-6))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Novelty:
    """The novelty of one model's plots. `looks` by view and `tail` are of good plots; `kin` by class name of faults.

    `good` are the names of the good classes; `scale` (d,) is what embeddings are divided by before they are compared.
    """

    good: tuple[str, ...]
    looks: Mapping[str, Look]
    tail: Tail
    kin: Mapping[str, Kin]
    scale: Floats

    def judge(self, said: Sequence[str], views: Views, embeddings: Floats) -> tuple[Floats, list[Bytes | None]]:
        """Return the novelty of n plots (n,), given the class that is said of each, and where they are odd.

        The map, uint8 (h, w), is None for a plot that is called faulty, or called good and is not odd.
        """
        values, where = self.of_good(views)
        good = np.array([name in self.good for name in said])
        for name in set(said) - set(self.good):
            rows = np.array([n == name for n in said])
            values[rows] = self.of_fault(name, embeddings[rows])
        return values, [where[i] if good[i] and values[i] >= ODD else None for i in range(len(said))]

    def of_good(self, views: Views) -> tuple[Floats, Bytes]:
        """Return how unlike good plots n plots are, 0…1 (n,), and where, uint8 (n, h, w)."""
        odd = {name: look.oddness(views[name]) for name, look in self.looks.items()}
        scores = np.stack([self._surprise(name, odd[name]) for name in odd])
        shape = odd[MIDDLE if MIDDLE in odd else LAST].shape[1:]
        names = list(odd)
        where = [_to_bytes(odd[names[best]][n], shape) for n, best in enumerate(scores.argmax(axis=0))]
        return 1 - self.tail.beyond(scores.max(axis=0)), np.stack(where)

    def of_fault(self, name: str, embeddings: Floats) -> Floats:
        """Return how unlike the plots of a fault n plots are, 0…1; 0 where too few were known to tell."""
        kin = self.kin.get(name)
        if kin is None:
            return np.zeros(len(embeddings), np.float32)
        return 1 - kin.beyond(embeddings / self.scale)

    def _surprise(self, name: str, odd: Floats) -> Floats:
        look = self.looks[name]
        return (score(odd, TOP[name]) - look.centre) / look.width

    def fits(self, views: Views, embeddings: Floats) -> bool:
        """Return whether arrays have the shapes that it was fitted to."""
        same = all(name in views and views[name].shape[1:] == look.mean.shape for name, look in self.looks.items())
        return same and embeddings.shape[1:] == self.scale.shape

    def to_bytes(self) -> bytes:
        """Return it as the file `novelty.npz`."""
        arrays: dict[str, npt.NDArray[np.generic]] = {"tail": self.tail.scores, "scale": self.scale}
        arrays["stretch"] = np.array([self.tail.stretch])
        arrays["good"] = np.array(self.good, np.str_)
        for name, look in self.looks.items():
            arrays |= {f"look/{name}/mean": look.mean, f"look/{name}/spread": look.spread}
            arrays[f"look/{name}/score"] = np.array([look.centre, look.width])
        for name, kin in self.kin.items():
            arrays |= {f"kin/{name}/embeddings": kin.embeddings, f"kin/{name}/tail": kin.tail.scores}
            arrays[f"kin/{name}/stretch"] = np.array([kin.tail.stretch])
        out = io.BytesIO()
        np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> "Novelty":
        """Read what `to_bytes` gave; `name` is the file's, for errors. Raises ModelError for anything else."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                good = tuple(str(name) for name in file["good"])
                arrays = {key: np.asarray(file[key], np.float32) for key in file.files if key != "good"}
            return _from_arrays(good, arrays)
        except Exception as error:  # NumPy and zipfile raise many things for a file that they cannot make sense of
            raise ModelError(f"{name} cannot be understood ({error}); train the model again") from error


def _from_arrays(good: tuple[str, ...], arrays: Mapping[str, Floats]) -> Novelty:
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError("some values are no numbers")
    looks, kin = {}, {}
    for view in sorted({key.split("/")[1] for key in arrays if key.startswith("look/")}):
        mean, spread = arrays[f"look/{view}/mean"], arrays[f"look/{view}/spread"]
        centre, width = (float(value) for value in arrays[f"look/{view}/score"])
        if view not in TOP or mean.ndim != 3 or mean.shape != spread.shape or spread.min() <= 0 or width <= 0:
            raise ValueError(f"its view {view} is damaged")
        looks[view] = Look(mean, spread, centre, width)
    for key in [key for key in arrays if key.startswith("kin/") and key.endswith("/embeddings")]:
        name = key[len("kin/") : -len("/embeddings")]
        if arrays[key].shape[1:] != arrays["scale"].shape:
            raise ValueError(f"its plots of {name} are damaged")
        kin[name] = Kin(arrays[key], _tail(arrays[f"kin/{name}/tail"], arrays[f"kin/{name}/stretch"]))
    if LAST not in looks or arrays["scale"].ndim != 1 or arrays["scale"].min() <= 0:
        raise ValueError("a part is missing")
    return Novelty(good, looks, _tail(arrays["tail"], arrays["stretch"]), kin, arrays["scale"])


def _tail(scores: Floats, stretch: Floats) -> Tail:
    if scores.ndim != 1 or len(scores) < 2 or (np.diff(scores) < 0).any() or stretch.shape != (1,) or stretch[0] < 1:
        raise ValueError("its scores are damaged")
    return Tail(scores, float(stretch[0]))


def _to_bytes(odd: Floats, shape: tuple[int, ...]) -> Bytes:
    """Return a map of that shape, uint8, 255 the oddest place, 0 what is no odder than half of the plot."""
    import cv2

    # The square root: distances rather than their squares, or one place would hide all others.
    far = np.maximum(np.sqrt(odd) - np.sqrt(np.median(odd)), 0)
    sized = cv2.resize(far, (shape[1], shape[0]), interpolation=cv2.INTER_AREA) if far.shape != shape else far
    return np.asarray(np.rint(sized * (255.0 / max(float(sized.max()), 1e-6))), np.uint8)
