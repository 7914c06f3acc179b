"""Copies among real PNG and JPEG files: same bytes, other format, other size; and what only looks similar."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image as PilImage
from support.lab import Lab, draw, png

from hydra_core import images
from hydra_core.domain import LabelledPlot, Plot
from hydra_core.ports import RGB
from hydra_ml.audit.duplicates import audit_duplicates, find_copies
from hydra_ml.dataset import find_copies as find_copies_of_training
from hydra_ml.preprocess import prepare

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def jpeg(rgb: RGB) -> bytes:
    out = io.BytesIO()
    PilImage.fromarray(rgb).save(out, "JPEG", quality=95, subsampling=0)
    return out.getvalue()


def larger(rgb: RGB) -> bytes:
    return png(np.repeat(np.repeat(rgb, 2, axis=0), 2, axis=1))


@pytest.fixture
def lab(new_lab: Callable[..., Lab]) -> Lab:
    return new_lab()


def plot(lab: Lab, data: bytes, label: str, number: int, run: int = 0, split: str | None = None) -> LabelledPlot:
    sha256 = lab.archive.put(data)
    return LabelledPlot(Plot(f"{number:032x}", "CDC", run, number, NOW, NOW, f"{number}.png", sha256), label, split)


def test_copies_are_found_and_similar_plots_are_not(lab: Lab) -> None:
    rng = np.random.default_rng(1)
    first, second, third = (draw("Bad", rng) for _ in range(3))
    files = [png(first), png(second), jpeg(first), larger(second), png(first), png(third)]
    plots = [plot(lab, data, "Good", n) for n, data in enumerate(files)]
    assert find_copies([p.plot for p in plots], lab.archive, {}) == [0, 1, 0, 1, 0, None]


def test_contradictions_come_first_and_leaks_are_named(lab: Lab) -> None:
    rng = np.random.default_rng(2)
    a, b, c = (draw("Bad", rng) for _ in range(3))
    plots = [
        plot(lab, png(a), "Bad", 0, 1, "train"),
        plot(lab, png(a), "Bad", 1, 2, "test"),
        plot(lab, png(b), "Bad", 2, 3),
        plot(lab, jpeg(b), "Good", 3, 3),
        plot(lab, png(c), "Good", 4, 3),
    ]
    found = audit_duplicates(plots, lab.archive, {}, {plots[2].plot.uid: "train", plots[3].plot.uid: "left out"})
    wrong, leak = found.sets
    assert wrong.contradicts and not wrong.exact and wrong.labels == ("Bad", "Good") and wrong.splits == ("train",)
    assert (
        leak.leaks and leak.exact and not leak.contradicts and (leak.runs, leak.splits) == ((1, 2), ("test", "train"))
    )
    assert found.folded == {"Bad": (3, 2), "Good": (2, 2)} and found.unreadable == ()


def test_a_picture_that_is_gone_is_compared_by_its_bytes(lab: Lab) -> None:
    good = plot(lab, png(draw("Good", np.random.default_rng(3))), "Good", 0)
    gone = [LabelledPlot(replace(good.plot, uid=f"{n:032x}", sha256="ab" * 32), "Bad") for n in (1, 2)]
    found = audit_duplicates([good, *gone], lab.archive, {"ab" * 32: 1, good.plot.sha256: 1})
    assert [len(s.plots) for s in found.sets] == [2] and "1.png" not in found.unreadable[0]
    assert len(found.unreadable) == 1 and "ab" * 32 in found.unreadable[0]


def test_thousands_of_equal_looking_plots_are_one_set(lab: Lab) -> None:
    rng = np.random.default_rng(4)
    frame = draw("NoData", rng)
    plots = []
    for number in range(400):
        copy = frame.copy()
        copy[number % 90, 2] = 250  # other bytes, the same picture to a person
        copy[2, number // 90] = 251
        plots.append(plot(lab, png(copy), "NoData", number, number % 7))
    assert set(find_copies([p.plot for p in plots], lab.archive, {})) == {0}


def test_training_and_audit_agree_on_what_a_copy_is(lab: Lab) -> None:
    rng = np.random.default_rng(5)
    drawn = [draw("Bad", rng) for _ in range(4)]
    files = [png(drawn[0]), jpeg(drawn[0]), png(drawn[1]), larger(drawn[1]), png(drawn[2]), png(drawn[3])]
    plots = [plot(lab, data, "Good", n).plot for n, data in enumerate(files)]
    read = [images.decode(lab.archive.get(p.sha256)) for p in plots]
    hashes = [images.difference_hash(r) for r in read]
    small = np.stack([prepare(r, (64, 64)) for r in read])
    known = dict(zip([p.sha256 for p in plots], hashes, strict=True))
    assert find_copies(plots, lab.archive, known) == find_copies_of_training(plots, hashes, small)
