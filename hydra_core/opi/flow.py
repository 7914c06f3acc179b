"""Where the tiles of a hall go: by group, in the configuration's order, row after row."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from hydra_core.domain import PlotType
from hydra_core.opi.tile import LARGE, SMALL, TileKind

GAP = 12
HEADING = 22
TITLE = 30
"""Height of a tile's title, which is the button to its plot's page."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A plot type's tile and where its top left corner is; `heading` is what stands above it ("": nothing)."""

    plot_type: PlotType
    x: int
    y: int
    heading: str


def by_group(plot_types: Iterable[PlotType]) -> Mapping[str, tuple[PlotType, ...]]:
    """Return the plot types of each group; groups in the order of their first plot type."""
    found: dict[str, list[PlotType]] = {}
    for plot_type in plot_types:
        found.setdefault(plot_type.group, []).append(plot_type)
    return {group: tuple(members) for group, members in found.items()}


def kind_for(count: int, width: int, height: int) -> TileKind:
    """Return the larger tile if so many fit into an area, the smaller one otherwise."""
    return LARGE if count <= columns(LARGE, width) * (height // row_height(LARGE)) else SMALL


def columns(kind: TileKind, width: int) -> int:
    """Return how many tiles stand beside each other."""
    return max(1, (width + GAP) // (kind.width + GAP))


def row_height(kind: TileKind) -> int:
    """Return the height of a row with its headings, titles and the gap below it."""
    return HEADING + TITLE + kind.height + GAP


def place(plot_types: Iterable[PlotType], kind: TileKind, x: int, y: int, width: int) -> Iterator[Placed]:
    """Yield every tile's place; a group that goes on in the next row is named there again."""
    per_row = columns(kind, width)
    ordered = [one for members in by_group(plot_types).values() for one in members]
    rows = [ordered[start : start + per_row] for start in range(0, len(ordered), per_row)]
    for row, members in enumerate(rows):
        column = 0
        for group, together in groupby(members, key=lambda one: one.group):
            for index, plot_type in enumerate(together):
                left, top = x + column * (kind.width + GAP), y + row * row_height(kind)
                yield Placed(plot_type, left, top, group if index == 0 else "")
                column += 1
