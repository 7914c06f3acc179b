"""How a plot looks, apart from what it shows: palette, boxes, grid, sizes. A style never changes a label."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hydra_ml.simulate.content import Colour
from hydra_ml.simulate.palettes import INVERTED, LEVELS, palette_levels, palettes

__all__ = ["FONTS", "GROOT_FRAME", "LEVELS", "Drawn", "Style", "palette_levels", "palettes"]

GROOT_FRAME = (0.80, 0.80, 0.80)
"""What a frame in groot's look is filled with."""
WHITE: Colour = (1.0, 1.0, 1.0)
FONTS = ("sans", "serif", "mono")
SIZES = (
    (400, 300), (480, 360), (500, 500), (600, 400), (640, 480), (700, 500), (796, 572), (800, 450), (800, 600),
    (800, 600), (800, 800), (900, 600), (1000, 700), (1024, 768), (1200, 600), (1200, 900), (1596, 1172), (1600, 1200),
)  # fmt: skip

_IN_GROOT = {"bird": "groot", "rainbow": "jet"}


@dataclass(frozen=True, slots=True)
class Style:
    """The looks of a picture.

    `stats`, `grid`, `z_bar` and `look` None leave the choice to the plot's macro; `title` is centre, left or off;
    `size` is the canvas in pixels (width, height) and `dpi` sets the width of lines; `text_scale` multiplies every
    text. The rest is for pictures as varied as can be: `every_palette` also changes the palette of a plot that has one
    of its own, `words` (a seed) replaces every text but numbers by other words, `notes` shows the macro's remarks,
    `margins` (left, right, bottom, top) are added to each pad's, `hue` (a turn, 0…1) and `paleness` (0…1) change the
    colours of bars and lines, `hollow` leaves bars empty, `paper` and `ground` colour pads and frames, `log_z`
    changes between linear and logarithmic colour scales where the plot can be read with either, `z_top` multiplies the
    scale's upper end.
    """

    palette: str = "bird"
    stats: bool | None = None
    title: str = "centre"
    grid: bool | None = None
    size: tuple[int, int] = (800, 600)
    dpi: int = 100
    text_scale: float = 1.0
    ticks_all: bool = True
    levels: int = LEVELS
    every_palette: bool = False
    font: str = "sans"
    bold: bool = False
    words: int | None = None
    notes: bool = True
    margins: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    hue: float = 0.0
    paleness: float = 0.0
    hollow: bool = False
    paper: Colour | None = None
    ground: Colour | None = None
    look: str | None = None
    z_bar: bool | None = None
    log_z: bool = False
    z_top: float = 1.0

    def palette_for(self, look: str, own: str = "") -> str:
        """Return the palette of a layer in a pad of that look; `own` is the layer's."""
        if own and not self.every_palette:
            return own
        return _IN_GROOT.get(self.palette, self.palette) if look == "groot" else self.palette

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Style":
        """Return ROOT's default look (two of three) or one that a macro or a new ROOT version might have."""
        if rng.random() < 2 / 3:
            return cls()
        return cls(
            palette=str(rng.choice(["bird", "bird", "rainbow", "viridis"])),
            stats=(None, True, False)[rng.integers(3)],
            title=str(rng.choice(["centre", "left"])),
            grid=(None, True, False)[rng.integers(3)],
            size=((800, 600), (796, 572), (700, 500))[rng.integers(3)],
            dpi=int(rng.choice([80, 100, 130])),
            text_scale=float(rng.choice([0.9, 1.0, 1.1])),
            ticks_all=bool(rng.random() < 0.5),
        )

    @classmethod
    def sample_wide(cls, rng: np.random.Generator) -> "Style":
        """Return a look from all that ROOT's, groot's and Matplotlib's users might choose: for pretraining.

        One in six is ROOT's default, so that what is seen most often is also seen here.
        """
        if rng.random() < 1 / 6:
            return cls(size=SIZES[rng.integers(len(SIZES))])
        name = str(rng.choice(["bird", *palettes()]))
        return cls(
            palette=name + INVERTED if rng.random() < 0.2 else name,
            stats=(None, True, False)[rng.integers(3)],
            title=str(rng.choice(["centre", "left", "off"], p=[0.5, 0.25, 0.25])),
            grid=(None, True, False)[rng.integers(3)],
            size=SIZES[rng.integers(len(SIZES))],
            dpi=int(rng.choice([60, 80, 100, 100, 130, 180])),
            text_scale=float(rng.uniform(0.75, 1.25)),
            ticks_all=bool(rng.random() < 0.5),
            levels=int(rng.choice([LEVELS, LEVELS, LEVELS, 10, 50, 255])),
            every_palette=bool(rng.random() < 0.7),
            font=str(rng.choice(FONTS, p=[0.7, 0.2, 0.1])),
            bold=bool(rng.random() < 0.2),
            words=int(rng.integers(2**31)) if rng.random() < 0.6 else None,
            notes=bool(rng.random() < 0.6),
            margins=_margins(rng),
            hue=float(rng.random()) if rng.random() < 0.6 else 0.0,
            paleness=float(rng.choice([0.0, 0.0, 0.3, 0.6])),
            hollow=bool(rng.random() < 0.15),
            paper=_tint(rng, 0.25),
            ground=_tint(rng, 0.2),
            look=(None, None, None, None, "root", "groot")[rng.integers(6)],
            z_bar=(None, None, False)[rng.integers(3)],
            log_z=bool(rng.random() < 0.12),
            z_top=float(rng.uniform(0.85, 1.3)) if rng.random() < 0.3 else 1.0,
        )


def _margins(rng: np.random.Generator) -> tuple[float, float, float, float]:
    if rng.random() < 0.3:
        return (0.0, 0.0, 0.0, 0.0)
    left, right, bottom, top = rng.uniform(-0.02, 0.05, 4).tolist()
    return (left, right, bottom, top)


def _tint(rng: np.random.Generator, chance: float) -> Colour | None:
    """Return nothing, or a light colour with that chance, grey as often as not."""
    if rng.random() >= chance:
        return None
    if rng.random() < 0.5:
        grey = float(rng.uniform(0.75, 0.97))
        return (grey, grey, grey)
    red, green, blue = rng.uniform(0.86, 1.0, 3).tolist()
    return (red, green, blue)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture: `rgb` uint8 (height, width, 3); `fault_boxes` (x0, y0, x1, y1) in 0…1, origin top left."""

    rgb: npt.NDArray[np.uint8]
    fault_boxes: tuple[tuple[float, float, float, float], ...]
