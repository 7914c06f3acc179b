"""What CLAS12's plots have in common: groot's look, pads in rows and columns, colour maps on a log scale."""

from hydra_ml.simulate.content import Axis, Colour, Floats, HeatMap, Pad, Steps
from hydra_ml.simulate.model import top_of

SECTORS = 6
DECADES = 2.5
"""How far the colour scale of raw counts reaches down from the highest count."""

GREEN, BLUE, BROWN, YELLOW = (0.35, 0.75, 0.35), (0.55, 0.75, 0.95), (0.75, 0.35, 0.30), (0.95, 0.85, 0.35)
DARK = (0.15, 0.15, 0.15)

Rect = tuple[float, float, float, float]


def rect(column: int, row: int, columns: int, rows: int) -> Rect:
    """Return the place of a pad on the canvas, row 0 at the top."""
    return column / columns, 1 - (row + 1) / rows, (column + 1) / columns, 1 - row / rows


def log_range(*maps: Floats) -> tuple[float, float]:
    """Return the range of a log colour scale for raw counts."""
    top = top_of(*maps, at_least=10.0)
    return max(0.5, top / 10**DECADES), top


def map_pad(
    title: str,
    x: Axis,
    y: Axis,
    values: Floats,
    where: Rect,
    z: tuple[float, float] | None = None,
    text_scale: float = 0.8,
) -> Pad:
    """Return a pad with a colour map: log scale of its own for raw counts, or the linear scale `z` given."""
    return Pad(
        title=title,
        x=x,
        y=y,
        layers=(HeatMap(values, z or log_range(values), log=z is None),),
        rect=where,
        margins=margins(where),
        z_bar=True,
        grid=True,
        look="groot",
        text_scale=text_scale,
    )


def step_pad(
    title: str, x: Axis, y: Axis, edges: Floats, counts: Floats, fill: Colour, where: Rect, text_scale: float = 0.8
) -> Pad:
    """Return a pad with a filled histogram."""
    return Pad(
        title=title,
        x=x,
        y=y,
        layers=(Steps(edges, counts, DARK, fill),),
        rect=where,
        margins=margins(where, z_bar=False),
        grid=True,
        look="groot",
        text_scale=text_scale,
    )


def margins(where: Rect, z_bar: bool = True) -> Rect:
    """Return the margins (left, right, bottom, top) that the texts need, larger shares of smaller pads."""
    width, height = where[2] - where[0], where[3] - where[1]
    left, right = 0.068 / width**0.75, 0.02 + 0.075 / width**0.6 if z_bar else 0.02 / width**0.75
    return 0.02 + left, right, 0.02 + 0.055 / height**0.75, 0.055 / height**0.75


def sectors() -> Axis:
    """Return the axis of the six sectors."""
    return Axis(0.5, SECTORS + 0.5, "sector", divisions=6)
