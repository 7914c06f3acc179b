"""No resize skew: however a plot was resized or encoded on its way, it gets the same class with the same confidence."""

import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from support.heads import SIDE, LightHead

from hydra_core.images import decode
from hydra_ml.preprocess import prepare
from hydra_ml.simulate import RunConditions, draw, labels, plot_types, sample

CLASSES = ("Good", "Bad", "NoData")
TRAIN = (0, 1) * 9 + (2,) * 3
TEST = (0, 1)
FIRST_RUN, FIRST_TEST_RUN, RUNS = 120_100, 120_150, 6
LARGE = (1600, 1200)
SMALLER = ((1200, 900), (800, 600))
MOST = 0.03
"""Largest change of a confidence, from the issue that asked for this."""

Pictures = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def head() -> LightHead:
    return LightHead()


def pictures_of(plot: str, classes: tuple[int, ...], first_run: int, seed: int) -> Iterator[tuple[Pictures, int, int]]:
    """Yield plots as drawn at 1600x1200, their class indexes and runs."""
    for number, index in enumerate(classes):
        if CLASSES[index] in labels(plot):
            run = RunConditions(first_run + number % RUNS, 1)
            content = sample(plot, np.random.default_rng([seed, number]), run=run, label=CLASSES[index])
            yield draw(content, run.style(), LARGE).rgb, index, run.run


def files(rgb: Pictures) -> dict[str, bytes]:
    """Return files of the same plot in other sizes and encodings."""
    image = Image.fromarray(rgb)
    found = {"1600x1200": png(image)}
    for size in SMALLER:
        for name, how in (("bicubic", Image.Resampling.BICUBIC), ("Lanczos", Image.Resampling.LANCZOS)):
            found[f"{size[0]}x{size[1]} {name}"] = png(image.resize(size, how))
    found["palette"] = png(image.quantize(256))
    found["RGBA"] = png(image.convert("RGBA"))
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=90)
    return found | {"JPEG": jpeg.getvalue()}


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("plot", plot_types())
def test_size_and_encoding_change_neither_class_nor_confidence(plot: str, head: LightHead) -> None:
    train = list(pictures_of(plot, TRAIN, FIRST_RUN, 1))
    prepared = np.stack([prepare(rgb, (SIDE, SIDE)) for rgb, _, _ in train])
    head.fit(prepared, np.array([index for _, index, _ in train]), [run for _, _, run in train])
    judged: dict[str, list[npt.NDArray[np.float32]]] = {}
    for rgb, _, _ in pictures_of(plot, TEST, FIRST_TEST_RUN, 2):
        for name, file in files(rgb).items():
            judged.setdefault(name, []).append(head.scores(prepare(decode(file), (SIDE, SIDE))[None])[0])
    scores = {name: np.stack(some) for name, some in judged.items()}
    whole = scores.pop("1600x1200")
    top, rows = whole.argmax(axis=1), np.arange(len(whole))
    changes = {name: float(np.abs(some[rows, top] - whole[rows, top]).max()) for name, some in scores.items()}
    assert {name: change for name, change in changes.items() if change > MOST} == {}
    for name, some in scores.items():
        # Where two classes are as likely, either may come first.
        sure = np.sort(whole, axis=1)[:, -1] - np.sort(whole, axis=1)[:, -2] > 2 * MOST
        assert (some.argmax(axis=1) == top)[sure].all(), name
