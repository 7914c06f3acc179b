"""Dressing: put a style's words, colours, margins and scales onto a plot before a renderer draws it.

Both renderers draw the dressed plot, so a style means the same to each. What was measured, the label and the
faults' places stay as they are.
"""

import colorsys
from dataclasses import replace
from typing import Any

import numpy as np

from hydra_ml.simulate.content import (
    Axis,
    Bars,
    Cells,
    Colour,
    Content,
    ErrorBars,
    Floats,
    HeatMap,
    Layer,
    Note,
    Pad,
    Stats,
    Steps,
)
from hydra_ml.simulate.style import Style

DECADES = 2.5
"""What a logarithmic colour scale shows of a plot made for a linear one."""
NARROWEST = 0.02
"""Smallest margin of a pad."""
WIDEST = 0.65
"""Most that two opposite margins may take of a pad."""
_WORDS = (
    "Hits occupancy rate Channel channel Sector Layer Module number counts Entries events ADC TDC fADC pulse integral "
    "Energy [GeV] time (ns) North South left right upper lower raw monitoring run plane strip wire Detector online "
    "pedestal amplitude threshold x y z row column amp ID index per event normalised efficiency tracking trigger"
).split()


def dress(content: Content, style: Style) -> Content:
    """Return the content with everything of the style that is not the pen's own."""
    words = None if style.words is None else np.random.default_rng(style.words)
    return replace(content, pads=tuple(_pad(pad, style, words, len(content.pads)) for pad in content.pads))


def _pad(pad: Pad, style: Style, words: np.random.Generator | None, pads: int) -> Pad:
    look = style.look or pad.look
    changed = replace(
        pad,
        layers=tuple(_layer(layer, style) for layer in pad.layers if style.notes or not isinstance(layer, Note)),
        margins=_margins(pad, style),
        legend=tuple((name, _coloured(colour, style)) for name, colour in pad.legend),
        look=look,
        fill=style.paper or pad.fill,
        ground=style.ground or pad.ground,
        z_bar=pad.z_bar if style.z_bar is None else style.z_bar and pad.z_bar,
    )
    if words is not None:
        changed = _reworded(changed, style, words, pads)
    return replace(changed, title="", subtitle="") if style.title == "off" else changed


def _margins(pad: Pad, style: Style) -> tuple[float, float, float, float]:
    """Return the pad's margins with the style's, or its own where too little would be left to the frame."""
    left, right, bottom, top = (max(m + s, min(m, NARROWEST)) for m, s in zip(pad.margins, style.margins, strict=True))
    for one, other in ((left, right), (bottom, top)):
        if one + other > WIDEST:
            return pad.margins
    return left, right, bottom, top


def _layer(layer: Layer, style: Style) -> Layer:
    match layer:
        case HeatMap() | Cells():
            return _rescaled(layer, style)
        case Bars(colour=colour):
            return replace(layer, colour=_coloured(colour, style), hollow=style.hollow)
        case Steps(colour=colour, fill=fill):
            filled = _coloured(fill, style) if fill and not style.hollow else None
            return replace(layer, colour=_coloured(colour, style), fill=filled)
        case ErrorBars(colour=colour):
            return replace(layer, colour=_coloured(colour, style))
    return layer


def _coloured(colour: Colour, style: Style) -> Colour:
    """Turn a colour's hue and make it paler; black stays."""
    if not (style.hue or style.paleness) or max(colour) < 0.05:
        return colour
    hue, saturation, value = colorsys.rgb_to_hsv(*colour)
    return colorsys.hsv_to_rgb((hue + style.hue) % 1.0, saturation * (1 - 0.6 * style.paleness), value)


def _rescaled(layer: HeatMap | Cells, style: Style) -> Layer:
    low, high = layer.z
    if style.z_top != 1.0:
        high = low * (high / low) ** style.z_top if layer.log else low + (high - low) * style.z_top
    if not style.log_z or not _readable_with_either(layer.values, high):
        return replace(layer, z=(low, high))
    return replace(layer, z=(0.0 if layer.log else high / 10**DECADES, high), log=not layer.log)


def _readable_with_either(values: Floats, high: float) -> bool:
    """Tell whether most of what is there is neither lost at the lower end of a linear scale nor of a log one."""
    there = values[values > 0]
    return len(there) > 0 and float(np.median(there)) > 0.08 * high


def _reworded(pad: Pad, style: Style, rng: np.random.Generator, pads: int) -> Pad:
    """Return the pad with other words in its titles, notes and statistics box."""
    layers = tuple(replace(item, text=_phrase(rng, 1)) if isinstance(item, Note) else item for item in pad.layers)
    stats = pad.stats
    if stats:
        stats = Stats(_phrase(rng, 1), stats.lines)
    elif style.stats and pads == 1 and rng.random() < 0.5:
        stats = Stats(_phrase(rng, 1), _invented(rng))
    return replace(
        pad,
        title=_phrase(rng, 4),
        subtitle=_phrase(rng, 5) if pad.subtitle else "",
        x=_renamed(pad.x, rng),
        y=_renamed(pad.y, rng),
        layers=layers,
        stats=stats,
        legend=tuple((_phrase(rng, 1), colour) for _, colour in pad.legend),
    )


def _renamed(axis: Axis, rng: np.random.Generator) -> Axis:
    title = _phrase(rng, 2) if rng.random() < 0.7 else ""
    return replace(axis, title=title, divisions=int(rng.choice([axis.divisions, 5, 8, 10])))


def _phrase(rng: np.random.Generator, most: int) -> str:
    words = [str(word) for word in rng.choice(_WORDS, int(rng.integers(1, most + 1)))]
    if rng.random() < 0.3:
        words.append(str(int(10 ** rng.uniform(0, 6))))
    return " ".join(words)


def _invented(rng: np.random.Generator) -> tuple[tuple[str, str], ...]:
    numbers: Any = 10 ** rng.uniform(-1, 6, 4)
    return tuple((what, f"{n:.4g}") for what, n in zip(("Entries", "Mean", "Std Dev"), numbers, strict=False))
