"""How fast is the history of a plot type with a million judgements, whole and zoomed, on SQLite and MariaDB.

Run: ``python benchmarks/trend.py [--judgements N] [--rounds N]``. Needs mariadbd. The rows are made by the database.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, create_engine, insert, text

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.mariadb import running_mariadb

import db_schema
from db_schema import tables
from hydra_core.store import SqlStore, open_store

START = datetime(2026, 1, 1, tzinfo=UTC)
EVERY = 30
"""Seconds between two plots; a million are about a year."""

_SERIES = {
    "sqlite": "(WITH RECURSIVE s(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM s WHERE seq < {n}) SELECT seq FROM s)",
    "mysql": "seq_1_to_{n}",
}
_WHEN = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', '+' || (seq * 30) || ' seconds') || '000'",
    "mysql": "TIMESTAMPADD(SECOND, seq * 30, '2026-01-01')",
}
_SCORE = {"sqlite": "0.5 + (seq * 7919 % 1000) / 2000.0", "mysql": "0.5 + (seq * 7919 % 1000) / 2000.0"}


def fill(engine: Engine, judgements: int) -> None:
    """Write one plot type, one model, and so many plots and judgements of them with heat maps of 192 bytes."""
    kind = engine.dialect.name if engine.dialect.name == "sqlite" else "mysql"
    series, when, score = _SERIES[kind].format(n=judgements), _WHEN[kind], _SCORE[kind]
    with engine.begin() as connection:
        if kind == "mysql":
            connection.execute(text("SET FOREIGN_KEY_CHECKS=0, UNIQUE_CHECKS=0"))
        bare = {"title": "CDC", "group_name": "CDC", "pv": "CDC", "contact": "", "guidance": "", "policy": {}}
        connection.execute(insert(tables.plot_type).values(id=1, name="CDC", active=True, collect_percent=1, **bare))
        model = {"version": 1, "sha256": "a" * 64, "path": "", "classes": [], "metrics": {}, "state": "active"}
        values = {"id": 1, "plot_type_id": 1, "created_at": START, "created_by": "", **model}
        connection.execute(insert(tables.model).values(**values))
        image = {"id": 1, "sha256": "b" * 64, "media_type": "image/png", "width": 1, "height": 1, "bytes": 1}
        connection.execute(insert(tables.image).values(stored_at=START, **image))
        connection.execute(text(
            "INSERT INTO plot (id, uid, plot_type_id, image_id, run, chunk, taken_at, received_at, source) "
            f"SELECT seq, seq, 1, 1, 1, seq, {when}, {when}, 'x' FROM {series}"
        ))  # fmt: skip
        connection.execute(text(
            "INSERT INTO inference (plot_id, model_id, plot_type_id, top_class, top_score, margin, novelty, scores, "
            "cam, cam_height, cam_width, status, `condition`, confirmed, shadow, took_ms, created_at) "
            f"SELECT seq, 1, 1, CASE WHEN seq % 97 = 0 THEN 'Bad' ELSE 'Good' END, {score}, 0.5, 0.1, "
            f"'[[\"Good\", 0.9], [\"Bad\", 0.1]]', '{'x' * 192}', 12, 16, 1, 0, 1, 0, 8.0, {when} FROM {series}"
        ))  # fmt: skip
    with engine.connect() as connection:
        connection.execute(text("ANALYZE" if kind == "sqlite" else "ANALYZE TABLE inference"))
        connection.commit()


def measure(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return median and worst in milliseconds."""
    work()
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken), max(taken)


def report(label: str, url: str, judgements: int, rounds: int) -> None:
    """Fill one database and print its lines of the table."""
    db_schema.upgrade(url)
    engine = create_engine(url)
    begin = time.perf_counter()
    fill(engine, judgements)
    print(f"{label}: {judgements} judgements written in {time.perf_counter() - begin:.0f} s", flush=True)
    store = open_store(url, io_timeout=60)
    whole = timedelta(seconds=judgements * EVERY)
    for words, part in (("all of it", 1.0), ("a tenth", 0.1), ("a hundredth", 0.01), ("a thousandth", 0.001)):
        since = START + whole / 2 - whole * part / 2
        _line(store, words, since, since + whole * part + timedelta(seconds=1), rounds)
    store.close()
    engine.dispose()


def _line(store: SqlStore, words: str, since: datetime, until: datetime, rounds: int) -> None:
    found = store.trend("CDC", since, until, 600)
    median, worst = measure(lambda: store.trend("CDC", since, until, 600), rounds)
    print(f"  {words:14} {found.count:9} judgements {len(found.spots):6} spots {median:8.1f} ms worst {worst:8.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judgements", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report("SQLite", f"sqlite:///{folder / 'hydra.sqlite3'}", options.judgements, options.rounds)
        with running_mariadb(folder / "m", ["--innodb-buffer-pool-size=512M"]) as server:
            report("MariaDB", server.url(server.new_database()), options.judgements, options.rounds)


if __name__ == "__main__":
    main()
