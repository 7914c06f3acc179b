"""How a plot looks, apart from what it shows: palette, boxes, grid, sizes. A style never changes a label."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hydra_core.errors import UsageError

LEVELS = 20
"""Contour levels of a colour scale, ROOT's default."""
GROOT_FRAME = (0.80, 0.80, 0.80)
"""What a frame in groot's look is filled with."""

# Control points of ROOT's palettes and of groot's, low to high.
_PALETTES = {
    "bird": "352a87 0f5cdd 1481d6 06a4ca 2eb7a4 84bf78 cebb5a fcc833 f9f90f",
    "rainbow": "5000ff 0018ff 0090ff 00f0ff 00ff90 40ff00 c0ff00 ffd800 ff6000 ff0000",
    "viridis": "440154 482878 3e4a89 31688e 26828e 1f9e89 35b779 6dcd59 b4de2c fde725",
    "groot": "00004d 0010c0 0070c0 009a78 30a030 a06828 d02018 ff5000 ff9a00 ffd820 ffff90 ffffd8",
    "jet": "000080 0000ff 0060ff 00c0ff 20ffe0 80ff80 e0ff20 ffc000 ff6000 ff0000 900000",
    "cool": "00ffff 20dfff 40bfff 609fff 807fff 9f60ff bf40ff df20ff ff00ff",
}


def palettes() -> tuple[str, ...]:
    """Return the names of the palettes."""
    return tuple(_PALETTES)


def palette_levels(name: str) -> npt.NDArray[np.uint8]:
    """Return the palette's colours, uint8 (20, 3), low to high. Raises UsageError for an unknown name."""
    if name not in _PALETTES:
        raise UsageError(f"palette {name!r} is not known; use one of: {', '.join(_PALETTES)}")
    stops = np.array([list(bytes.fromhex(stop)) for stop in _PALETTES[name].split()], dtype=float)
    at = np.linspace(0, len(stops) - 1, LEVELS)
    channels = [np.interp(at, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


_IN_GROOT = {"bird": "groot", "rainbow": "jet"}


@dataclass(frozen=True, slots=True)
class Style:
    """The looks of a picture.

    `stats` and `grid` None leave the choice to the plot's macro; `title` is centre or left; `size` is the canvas
    in pixels (width, height) and `dpi` sets the width of lines; `text_scale` multiplies every text.
    """

    palette: str = "bird"
    stats: bool | None = None
    title: str = "centre"
    grid: bool | None = None
    size: tuple[int, int] = (800, 600)
    dpi: int = 100
    text_scale: float = 1.0
    ticks_all: bool = True

    def palette_for(self, look: str, own: str = "") -> str:
        """Return the palette of a layer in a pad of that look; `own` is the layer's, which no style changes."""
        return own or (_IN_GROOT.get(self.palette, self.palette) if look == "groot" else self.palette)

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


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture: `rgb` uint8 (height, width, 3); `fault_boxes` (x0, y0, x1, y1) in 0…1, origin top left."""

    rgb: npt.NDArray[np.uint8]
    fault_boxes: tuple[tuple[float, float, float, float], ...]
