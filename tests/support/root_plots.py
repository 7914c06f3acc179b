"""Plots that CERN's ROOT drew, kept in `tests/data/root_plots` so that honesty is tested where ROOT is not installed.

Made by `PYTHONPATH=tests python -m support.root_plots` (extra `[render]`); everything comes from the seed. ROOT's
pictures have few colours: a palette keeps every pixel at a third of the size.
"""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from hydra_ml.simulate import RunConditions, Style, sample
from hydra_ml.simulate.content import Content

FOLDER = Path(__file__).parents[1] / "data" / "root_plots"
PLOTS = ("CDC_occupancy", "FCAL_occupancy", "ST_occupancy", "TOF_occupancy", "DIRC_occupancy", "clas12_DC_occupancy")
CLASSES = ("Good", "Bad", "NoData")
SEED = 20
RUNS = range(140_001, 140_009)
LABELS = (0,) * 9 + (1,) * 9 + (2,) * 3
FAINTEST = 0.2
"""Least severity of a fault: a person would find it when asked to look."""


def contents(plot: str, labels: tuple[int, ...], runs: range) -> Iterator[tuple[Content, Style, int]]:
    """Yield content, style and run of a plot of each label; faults of every kind, faint ones included."""
    for number, label in enumerate(labels):
        rng = np.random.default_rng([SEED, runs.start, PLOTS.index(plot), number])
        run = RunConditions(int(rng.choice(runs)), SEED)
        severity = None if label == 0 else float(rng.uniform(FAINTEST, 1))
        yield sample(plot, rng, run=run, label=CLASSES[label], severity=severity), run.style(), run.run


def path_of(plot: str, number: int) -> Path:
    """Return the file of a plot, in the order of `contents(plot, LABELS, RUNS)`."""
    return FOLDER / f"{plot}_{number:02d}.png"


def packed(rgb: npt.NDArray[np.uint8]) -> bytes:
    """Return a PNG with a palette where no pixel changes by it, else with all colours."""
    whole = Image.fromarray(rgb)
    indexed = whole.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    kept = indexed if np.array_equal(np.asarray(indexed.convert("RGB")), rgb) else whole
    buffer = io.BytesIO()
    kept.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def main() -> None:
    """Draw every plot anew."""
    from hydra_ml.simulate.root_renderer import RootRenderer

    renderer = RootRenderer()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for plot in PLOTS:
        for number, (content, style, _) in enumerate(contents(plot, LABELS, RUNS)):
            path_of(plot, number).write_bytes(packed(renderer.draw(content, style, style.size).rgb))


if __name__ == "__main__":
    main()
