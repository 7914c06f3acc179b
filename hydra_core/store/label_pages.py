"""Pages of plots to label: rows in the chosen order, near-duplicates folded, the place where the next page begins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from db_schema.tables import embedding, inference, plot, skipped, standing
from hydra_core.diversity import hash_bits, spread
from hydra_core.images import hamming
from hydra_core.store.label_queue import (
    BadCursorError,
    Desk,
    Filters,
    Order,
    decode,
    encode,
    matching,
    not_put_off,
    row_key,
    rows,
)
from hydra_core.store.rows import AnyRow

READ = 4
"""A page reads so many times as many plots as it has tiles, to fold what looks the same."""
POOL = 1000
"""About so many plots are put in order at once where every kind is to be seen."""
POOLS = 12
"""Most pools that one page looks through; a page that found too little is short, and the next one goes on."""
PUT_OFF = "put off"
NEAR, ALIKE, ODD = 2, 0.02, 0.98
"""Near-duplicates differ in no more of the 64 bits of their hashes, and in less of their scores and novelty. The hash
alone cannot tell a dark sector from none, so what is as odd as this is folded only with copies of the same picture."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A plot to label, standing for those in `folded`, which look the same and are judged the same.

    `suggestion` is what the active model says of it, None where it has not judged it; `label` what people agreed on;
    `dissent` 0…1 how far they do not.
    """

    uid: str
    run: int
    chunk: int
    taken_at: datetime
    sha256: str
    suggestion: str | None
    score: float | None
    inference_id: int | None
    has_cam: bool
    label: str | None
    dissent: float
    flagged: bool
    dhash: int | None
    novelty: float | None
    folded: tuple["Tile", ...] = ()


@dataclass(frozen=True, slots=True)
class TilePage:
    """Tiles in order; `next` is the cursor of the page after, None on the last one."""

    tiles: tuple[Tile, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to see: order, filters, tiles on a page, and whether look-alikes are folded."""

    order: Order
    filters: Filters
    size: int = 60
    fold: bool = True


def tile_page(connection: Connection, desk: Desk, wish: Wish, after: str | None) -> TilePage:
    """Return a page; `after` is the cursor of the page before, None for the first. Raises BadCursorError."""
    if wish.order is Order.UNCERTAIN and desk.model_id is None:
        wish = replace(wish, order=Order.RANDOM)
    phases = _phases(wish.order)
    phase, *rest = decode(after) if after else [phases[0]]
    key: list[Any] | None = rest
    if phase not in phases:
        raise BadCursorError("this is the cursor of a page in another order")
    tiles: list[Tile] = []
    for current in phases[phases.index(phase) :]:
        try:
            read = _diverse if current == Order.DIVERSE else _by_key
            tiles, key = read(connection, desk, wish, current, key or [], tiles)
        except (IndexError, TypeError, ValueError) as error:
            raise BadCursorError("this is no cursor of a page") from error
        if key is not None:
            return TilePage(tuple(tiles), encode([current, *key]))
    return TilePage(tuple(tiles), None)


def _phases(order: Order) -> list[str]:
    """Return the parts of the list, one after the other; what was put off comes last."""
    first = ["uncertain", "unjudged"] if order is Order.UNCERTAIN else [order.value]
    return [*first, PUT_OFF]


def _by_key(
    connection: Connection, desk: Desk, wish: Wish, phase: str, key: list[Any], tiles: list[Tile]
) -> tuple[list[Tile], list[Any] | None]:
    """Return the tiles with those of a phase added, and the key after them, None when the phase is at its end."""
    query, names = _ordered(desk, phase, key)
    query = query.where(*matching(wish.filters, desk))
    if phase != PUT_OFF:
        query = query.where(not_put_off(desk))
    most = wish.size * READ if wish.fold else wish.size + 1
    read = connection.execute(query.limit(most)).all()
    made, taken = add_tiles(tiles, read, wish)
    if taken == len(read) < most:
        return made, None
    return made, row_key(read[taken - 1], *names) if taken else key


def _ordered(desk: Desk, phase: str, key: list[Any]) -> tuple[Select[tuple[Any, ...]], tuple[str, ...]]:
    """Return the query of a phase from a key on, and the columns that make up the key."""
    mine = plot.c.plot_type_id == desk.type_id
    if phase == "uncertain":
        query = rows(inference, desk).where(inference.c.model_id == desk.model_id)
        query = query.order_by(inference.c.margin, inference.c.plot_id)
        return _after(query, inference.c.margin, inference.c.plot_id, key, up=True), ("margin", "id")
    if phase == "disagreement":
        query = rows(standing, desk).where(standing.c.plot_type_id == desk.type_id, standing.c.dissent > 0)
        query = query.order_by(standing.c.dissent.desc(), standing.c.plot_id.desc())
        return _after(query, standing.c.dissent, standing.c.plot_id, key, up=False), ("dissent", "id")
    if phase == PUT_OFF:
        query = rows(skipped, desk).add_columns(skipped.c.at).where(skipped.c.person == desk.person, mine)
        query = query.order_by(skipped.c.at, skipped.c.plot_id)
        at = [datetime.fromisoformat(key[0]), key[1]] if key else []
        return _after(query, skipped.c.at, skipped.c.plot_id, at, up=True), ("at", "id")
    query = rows(plot, desk).where(mine)
    if phase == "random":
        query = query.order_by(plot.c.uid)
        return (query.where(plot.c.uid > str(key[0])) if key else query), ("uid",)
    if phase == "unjudged":
        query = query.where(inference.c.id.is_(None))
    return (query.where(plot.c.id < int(key[0])) if key else query).order_by(plot.c.id.desc()), ("id",)


def _after(
    query: Select[tuple[Any, ...]], first: ColumnElement[Any], second: ColumnElement[Any], key: list[Any], up: bool
) -> Select[tuple[Any, ...]]:
    if not key:
        return query
    value, last = key
    if up:
        return query.where(first >= value, or_(first > value, second > last))
    return query.where(first <= value, or_(first < value, second < last))


def _diverse(
    connection: Connection, desk: Desk, wish: Wish, phase: str, key: list[Any], tiles: list[Tile]
) -> tuple[list[Tile], list[Any] | None]:
    """Go through the plots in pools by their random uid, each pool in the order that shows every kind first."""
    del phase
    pool, position, pools = (int(one) for one in key) if key else (0, 0, _pools(connection, desk))
    if not 0 <= pool < pools or position < 0:
        raise BadCursorError("this is no cursor of a page")
    for _ in range(POOLS):
        found = _pool(connection, desk, wish, pool, pools)
        wanted = _wanted(connection, desk, wish, [row.id for row in found[position:]])
        kept = [(index, row) for index, row in enumerate(found) if index >= position and row.id in wanted]
        tiles, taken = add_tiles(tiles, [row for _, row in kept], wish)
        if taken < len(kept):
            return tiles, [pool, kept[taken][0], pools]
        pool, position = pool + 1, 0
        if pool == pools:
            return tiles, None
        if len(tiles) >= wish.size:
            break
    return tiles, [pool, position, pools]


def _pools(connection: Connection, desk: Desk) -> int:
    plots = connection.scalar(select(func.count()).select_from(plot).where(plot.c.plot_type_id == desk.type_id)) or 0
    return max(1, round(plots / POOL))


def _pool(connection: Connection, desk: Desk, wish: Wish, pool: int, pools: int) -> Sequence[AnyRow]:
    """Return a pool's plots in order. Labelled ones are in it, so that the order does not change with each label."""
    low, high = (f"{(number << 32) // pools:08x}" for number in (pool, pool + 1))
    query = rows(plot, desk).where(plot.c.plot_type_id == desk.type_id, plot.c.uid >= low)
    query = query.where(*matching(wish.filters, desk, with_show=False))
    query = query if pool + 1 == pools else query.where(plot.c.uid < high)
    found = connection.execute(query.order_by(plot.c.uid)).all()
    return [found[i] for i in spread(_points(connection, desk, found))]


def _points(connection: Connection, desk: Desk, found: Sequence[AnyRow]) -> npt.NDArray[np.float32]:
    """Return what tells plots apart, float32 (n, d): embedding where the model's is kept, difference hash, score."""
    bits = hash_bits([row.dhash for row in found])
    scores = np.array([[row.top_score or 0.0] for row in found], np.float32).reshape(len(found), 1)
    names = sorted({row.top_class for row in found if row.top_class})
    classes = np.array([[row.top_class == name for name in names] for row in found], np.float32)
    parts = [bits, classes.reshape(len(found), len(names)) * scores]
    ids = [row.inference_id for row in found if row.inference_id is not None]
    query = select(embedding.c.inference_id, embedding.c.vector).where(embedding.c.model_id == desk.model_id)
    known = {row.inference_id: row.vector for row in connection.execute(query.where(embedding.c.inference_id.in_(ids)))}
    if known:
        width = max(len(vector) for vector in known.values()) // 2
        vectors = np.zeros((len(found), width), np.float32)
        for values, row in zip(vectors, found, strict=True):
            if row.inference_id in known:
                seen = np.frombuffer(known[row.inference_id], "<f2").astype(np.float32)
                values[: len(seen)] = seen / max(float(np.linalg.norm(seen)), 1e-9)
        parts.append(vectors)
    return np.concatenate(parts, axis=1)


def _wanted(connection: Connection, desk: Desk, wish: Wish, ids: Sequence[int]) -> set[int]:
    query = rows(plot, desk).with_only_columns(plot.c.id)
    query = query.where(plot.c.id.in_(ids), and_(*matching(wish.filters, desk)), not_put_off(desk))
    return set(connection.scalars(query))


def add_tiles(tiles: Sequence[Tile], read: Sequence[AnyRow], wish: Wish) -> tuple[list[Tile], int]:
    """Return tiles with rows added up to the page's size, and how many rows that took; look-alikes are folded."""
    made = list(tiles)
    for taken, row in enumerate(read):
        same = next((i for i, tile in enumerate(made) if _same(tile, row)), None) if wish.fold else None
        if same is not None:
            made[same] = replace(made[same], folded=(*made[same].folded, _tile(row)))
        elif len(made) == wish.size:
            return made, taken
        else:
            made.append(_tile(row))
    return made, len(read)


def _tile(row: AnyRow) -> Tile:
    return Tile(
        uid=row.uid,
        run=row.run,
        chunk=row.chunk,
        taken_at=row.taken_at,
        sha256=row.sha256,
        suggestion=row.top_class,
        score=row.top_score,
        inference_id=row.inference_id,
        has_cam=row.cam_height is not None,
        label=row.label,
        dissent=row.dissent or 0.0,
        flagged=bool(row.flagged),
        dhash=row.dhash,
        novelty=row.novelty,
    )


def _same(tile: Tile, row: AnyRow) -> bool:
    """Whether a plot looks like a tile's and is judged like it; one that nobody judged must be the very picture."""
    if (tile.suggestion, tile.label) != (row.top_class, row.label) or tile.flagged or row.flagged:
        return False
    if tile.sha256 == row.sha256:
        return True
    if tile.dhash is None or row.dhash is None or tile.score is None or tile.novelty is None:
        return False
    near = hamming(tile.dhash, row.dhash) <= NEAR and max(tile.novelty, row.novelty) < ODD
    return near and abs(tile.score - row.top_score) < ALIKE and abs(tile.novelty - row.novelty) < ALIKE
