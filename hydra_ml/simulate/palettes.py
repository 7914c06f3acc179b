"""Colour scales: ROOT's palettes, groot's and those of Matplotlib's users, as few control points."""

import numpy as np
import numpy.typing as npt

from hydra_core.errors import UsageError

LEVELS = 20
"""Contour levels of a colour scale, ROOT's default."""
INVERTED = "_inverted"
"""A palette's name with this at the end means the same colours from high to low."""

# Control points, low to high.
_PALETTES = {
    "bird": "352a87 0f5cdd 1481d6 06a4ca 2eb7a4 84bf78 cebb5a fcc833 f9f90f",
    "rainbow": "5000ff 0018ff 0090ff 00f0ff 00ff90 40ff00 c0ff00 ffd800 ff6000 ff0000",
    "viridis": "440154 482878 3e4a89 31688e 26828e 1f9e89 35b779 6dcd59 b4de2c fde725",
    "groot": "00004d 0010c0 0070c0 009a78 30a030 a06828 d02018 ff5000 ff9a00 ffd820 ffff90 ffffd8",
    "jet": "000080 0000ff 0060ff 00c0ff 20ffe0 80ff80 e0ff20 ffc000 ff6000 ff0000 900000",
    "cool": "00ffff 20dfff 40bfff 609fff 807fff 9f60ff bf40ff df20ff ff00ff",
    "greys": "e8e8e8 c8c8c8 a0a0a0 787878 505050 303030 000000",
    "inferno": "000004 1f0c48 550f6d 88226a ba3655 e35933 f98c0a f9c932 fcffa4",
    "plasma": "0d0887 5302a3 8b0aa5 b83289 db5c68 f48849 febd2a f0f921",
    "magma": "000004 180f3e 451077 721f81 9f2f7f cd4071 f1605d fd9567 fec98d fcfdbf",
    "cividis": "00204d 00336f 39486b 575d6d 707173 8a8779 a69d75 c4b56c e4cf5b ffea46",
    "turbo": "30123b 4662d7 36aaf9 1ae4b6 72fe5e c8ef34 faba39 f66b19 cb2a04 7a0403",
    "glow": "200000 700000 c00000 ff2000 ff8000 ffd000 ffff60 ffffe0",
    "blues": "deebf7 c6dbef 9ecae1 6baed6 4292c6 2171b5 08519c 08306b",
    "reds": "fee0d2 fcbba1 fc9272 fb6a4a ef3b2c cb181d a50f15 67000d",
    "greens": "e5f5e0 c7e9c0 a1d99b 74c476 41ab5d 238b45 006d2c 00441b",
    "copper": "100804 40281a 704730 a06640 d08550 ffc090 ffe0c0",
    "ocean": "004000 002040 004080 2080b0 60b0d0 a0d8e8 e0f4f8",
    "terrain": "333399 0099e0 00cc66 80e080 ffff99 c0a080 906860 c8b8b0",
    "coolwarm": "3b4cc0 6788ee 9abbff c9d7f0 edd1c2 f7a889 e26952 b40426",
}


def palettes() -> tuple[str, ...]:
    """Return the names of the palettes; each also exists inverted (`bird_inverted`)."""
    return tuple(_PALETTES)


def palette_levels(name: str, levels: int = LEVELS) -> npt.NDArray[np.uint8]:
    """Return the palette's colours, uint8 (levels, 3), low to high. Raises UsageError for an unknown name.

    A level takes the palette's colour at its upper end, as ROOT does, so the lowest is not quite the palette's first.
    """
    plain = name.removesuffix(INVERTED)
    if plain not in _PALETTES:
        raise UsageError(f"palette {name!r} is not known; use one of: {', '.join(_PALETTES)}")
    named = _PALETTES[plain].split()
    stops = np.array([list(bytes.fromhex(stop)) for stop in (named if plain == name else named[::-1])], dtype=float)
    at = np.arange(1, levels + 1) / levels * (len(stops) - 1)
    channels = [np.interp(at, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)
