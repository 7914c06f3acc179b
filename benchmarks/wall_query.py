"""How fast is the wall's query with 300,000 inferences: through current_status, beside the window-function query.

Run: ``python benchmarks/wall_query.py [--inferences N] [--types N] [--rounds N]``. Needs mariadbd.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, func, insert, select, text

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.mariadb import running_mariadb

import db_schema
from db_schema import tables
from hydra_core.store import open_store
from hydra_core.store.wall import WALL

START = datetime(2026, 3, 1, tzinfo=UTC)
ROWS = 5000
"""Rows in one multi-row INSERT batch."""


def fill(engine: Engine, types: int, inferences: int) -> None:
    """Write plot types, one plot and picture an inference, and a current status for each type."""
    with engine.begin() as connection:
        if engine.dialect.name != "sqlite":
            connection.execute(text("SET FOREIGN_KEY_CHECKS=0, UNIQUE_CHECKS=0"))
        _bulk(connection, tables.plot_type, (_plot_type(i) for i in range(1, types + 1)))
        _bulk(connection, tables.model, (_model(i) for i in range(1, types + 1)))
        _bulk(connection, tables.image, (_image(i) for i in range(1, inferences + 1)))
        _bulk(connection, tables.plot, (_plot(i, types) for i in range(1, inferences + 1)))
        _bulk(connection, tables.inference, (_inference(i, types) for i in range(1, inferences + 1)))
        last = range(inferences - types + 1, inferences + 1)
        _bulk(connection, tables.current_status, (_status(i, types) for i in last))
    with engine.connect() as connection:
        analyze = "ANALYZE" if engine.dialect.name == "sqlite" else "ANALYZE TABLE plot, inference, current_status"
        connection.execute(text(analyze))
        connection.commit()


def measure(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the median and the 99th percentile in milliseconds."""
    work()
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]


def report(label: str, url: str, types: int, inferences: int, rounds: int) -> None:
    """Fill one database and print its lines of the table."""
    db_schema.upgrade(url)
    engine = create_engine(url)
    begin = time.perf_counter()
    fill(engine, types, inferences)
    filled = time.perf_counter() - begin
    store = open_store(url)
    wall, window = _compiled(engine, WALL), _compiled(engine, _window_query())
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        lines = (
            ("query through current_status", lambda: _run(cursor, wall), rounds),
            ("SqlStore.wall(), domain types", store.wall, rounds),
            ("query with a window function", lambda: _run(cursor, window), max(3, rounds // 100)),
        )
        found = [len(_run(cursor, wall)), len(_run(cursor, window)), len(store.wall())]
        if found != [types] * 3:
            raise SystemExit(f"the queries disagree about {types} plot types: {found}")
        for what, work, times in lines:
            median, worst = measure(work, times)
            print(f"{label:<16} {what:<32} {median:10.3f} {worst:10.3f} {times:7d}", flush=True)
    print(f"{label:<16} filled with {inferences} inferences in {filled:.0f} s", flush=True)
    store.close()
    engine.dispose()


def main() -> None:
    """Print the table for both engines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inferences", type=int, default=300_000)
    parser.add_argument("--types", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=1000)
    options = parser.parse_args()
    sizes = (options.types, options.inferences, options.rounds)
    print(f"{'engine':<16} {'what':<32} {'p50 ms':>10} {'p99 ms':>10} {'rounds':>7}")
    with tempfile.TemporaryDirectory(prefix="hydra-bench-") as folder:
        report("SQLite", f"sqlite:///{folder}/wall.sqlite", *sizes)
        with running_mariadb(Path(folder) / "m", ["--innodb-buffer-pool-size=512M"]) as server:
            report("MariaDB", server.url(server.new_database()), *sizes)


def _window_query() -> Any:
    """Return the wall as it would be without current_status: the newest inference of each plot type."""
    newest = func.row_number().over(
        partition_by=tables.inference.c.plot_type_id, order_by=tables.inference.c.created_at.desc()
    )
    ranked = select(tables.inference, newest.label("rank")).subquery()
    return (
        select(tables.plot_type.c.name, ranked.c.id, ranked.c.top_class, ranked.c.top_score, tables.plot.c.uid)
        .join(ranked, ranked.c.plot_type_id == tables.plot_type.c.id)
        .join(tables.plot, tables.plot.c.id == ranked.c.plot_id)
        .where(ranked.c.rank == 1)
    )


def _compiled(engine: Engine, query: Any) -> str:
    return str(query.compile(engine, compile_kwargs={"literal_binds": True}))


def _run(cursor: Any, query: str) -> Sequence[Any]:
    cursor.execute(query)
    rows: Sequence[Any] = cursor.fetchall()
    return rows


def _bulk(connection: Connection, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS:
            connection.execute(insert(table), batch)
            batch = []
    if batch:
        connection.execute(insert(table), batch)


def _at(number: int) -> datetime:
    return START + timedelta(seconds=number)


def _plot_type(i: int) -> dict[str, Any]:
    bare = {"contact": "", "guidance": "", "active": True, "collect_percent": 100.0, "policy": {}}
    return {"id": i, "name": f"Type_{i:03d}", "title": f"Plot type {i}", "group_name": "CDC", "pv": f"T{i}", **bare}


def _model(i: int) -> dict[str, Any]:
    bare = {"path": f"/models/{i}", "classes": ["Good", "Bad"], "metrics": {}, "state": "active", "created_by": "x"}
    return {"id": i, "plot_type_id": i, "version": 1, "sha256": f"{i:064x}", "created_at": START, **bare}


def _image(i: int) -> dict[str, Any]:
    size = {"media_type": "image/png", "width": 1200, "height": 900, "bytes": 42000}
    return {"id": i, "sha256": f"{i:064x}", "dhash": i, "stored_at": _at(i), **size}


def _plot(i: int, types: int) -> dict[str, Any]:
    key = {"id": i, "uid": f"{i:032x}", "plot_type_id": i % types + 1, "image_id": i}
    source = f"Run{i // 20000:06d}/plot_{i:06d}.png"
    return {**key, "run": i // 20000, "chunk": i // types, "taken_at": _at(i), "received_at": _at(i), "source": source}


def _inference(i: int, types: int) -> dict[str, Any]:
    key = {"id": i, "plot_id": i, "model_id": i % types + 1, "plot_type_id": i % types + 1, "created_at": _at(i)}
    said = {"top_class": "Good", "top_score": 0.97, "margin": 0.94, "novelty": 0.1, "took_ms": 30.0}
    cam = {"cam": bytes(64), "cam_height": 8, "cam_width": 8, "shadow": False}
    return {
        **key,
        **said,
        **cam,
        "scores": [["Good", 0.97], ["Bad", 0.03]],
        "status": 1,
        "condition": 0,
        "confirmed": True,
    }


def _status(i: int, types: int) -> dict[str, Any]:
    key = {"plot_type_id": i % types + 1, "plot_id": i, "inference_id": i, "updated_at": _at(i), "since": _at(i - 1000)}
    shown = {"status": 1, "severity": 0, "condition": 0, "reason": "Good 0.970 >= 0.90", "muted_by": ""}
    return {**key, **shown, "state": {"recent": []}}


if __name__ == "__main__":
    main()
