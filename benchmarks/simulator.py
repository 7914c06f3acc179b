"""How long the simulator takes over 100,000 stored judgements: the first look, then one move of a slider after another.

    .venv/bin/python benchmarks/simulator.py [DIRECTORY]

The past has bursts of bad plots every 1500, and one plot in a hundred that is wrongly called bad.
"""

import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert, select

from db_schema.tables import change, image, inference, model, plot, plot_type
from hydra_core.domain import LabelClass, PlotType, Policy, Severity
from hydra_core.store import open_store
from hydra_web.library.past import Pasts

PLOTS = 100_000
START = datetime(2026, 1, 1, tzinfo=UTC)
SEVERITIES = {"Good": Severity.NO_ALARM, "Bad": Severity.MAJOR, "NoData": Severity.MINOR}
CLASSES = tuple(LabelClass(name, severity, name[0].lower(), "#000000") for name, severity in SEVERITIES.items())
POLICY = Policy(SEVERITIES, dict.fromkeys(SEVERITIES, 0.9), plot_type="CDC_occupancy")
KIND = PlotType("CDC_occupancy", "CDC occupancy", "CDC", "CDC_OCC", CLASSES, POLICY)


def past() -> list[tuple[float, float, float]]:
    """Return the scores of so many plots, in the order of the classes."""
    draw, bad, found = random.Random(1), 0, []
    for _ in range(PLOTS):
        bad = bad - 1 if bad else draw.randint(5, 60) if draw.random() < 1 / 1500 else 0
        wrong = bad > 0 or draw.random() < 0.01
        sure = draw.uniform(0.5, 1) if wrong else draw.uniform(0.8, 1)
        rest = ((1 - sure) * 0.9, (1 - sure) * 0.1)
        found.append((rest[0], sure, rest[1]) if wrong else (sure, *rest))
    return found


def fill(url: str) -> None:
    """Write the past as the IOC would have, but all of it at once."""
    plots: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    engine = create_engine(url)
    with engine.begin() as connection:
        kind = connection.scalar(select(plot_type.c.id))
        picture = {"id": 1, "sha256": "a" * 64, "media_type": "image/png", "width": 1, "height": 1, "bytes": 1}
        connection.execute(insert(image).values(**picture, stored_at=START))
        judge = {"id": 1, "plot_type_id": kind, "version": 1, "sha256": "b" * 64, "path": "x", "state": "active"}
        about = {"classes": list(SEVERITIES), "metrics": {}, "created_at": START, "created_by": "benchmark"}
        connection.execute(insert(model).values(**judge, **about))
        for number, scores in enumerate(past(), 1):
            at, top = START + timedelta(seconds=30 * number), max(scores)
            same = {"id": number, "plot_type_id": kind}
            place = {"image_id": 1, "run": number // 500, "chunk": number % 500, "source": ""}
            plots.append({**same, **place, "uid": f"{number:032x}", "taken_at": at, "received_at": at})
            named = [list(pair) for pair in zip(SEVERITIES, scores, strict=True)]
            figures = {"top_score": top, "margin": top, "novelty": 0.1, "scores": named, "shadow": False, "took_ms": 20}
            ids = {"plot_id": number, "model_id": 1, "created_at": at, "status": 1, "condition": 0, "confirmed": True}
            said.append({**same, **figures, **ids, "top_class": list(SEVERITIES)[scores.index(top)]})
            event = {"uid": f"{number:032x}", "kind": "verdict", "ref_id": number, "payload": {"event": None}}
            told.append({**same, **event, "at": at, "recorded_at": at})
        for table, rows in ((plot, plots), (inference, said), (change, told)):
            connection.execute(insert(table), rows)
    engine.dispose()


def timed(what: str, work: Callable[[], Any]) -> None:
    """Print how long something took, and how many alarms came of it."""
    started = time.perf_counter()
    _, found = work()
    print(f"{what:<28} {(time.perf_counter() - started) * 1000:7.0f} ms   {len(found[-1].alarms):3d} alarms")


def main() -> None:
    """Fill a database and simulate."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as directory:
        url = f"sqlite:///{Path(directory) / 'hydra.sqlite3'}"
        store = open_store(url)
        store.upgrade()
        store.sync_plot_types([KIND])
        fill(url)
        pasts = Pasts(store)
        timed(f"first look, {PLOTS} plots", lambda: pasts.play(KIND.name, 10_000, POLICY))
        for score in (0.55, 0.65, 0.75, 0.85, 0.95):
            tried = replace(POLICY, thresholds={**POLICY.thresholds, "Bad": score})
            timed(f"threshold of Bad {score}", lambda tried=tried: pasts.play(KIND.name, 10_000, POLICY, tried))
        tried = replace(POLICY, thresholds={**POLICY.thresholds, "Bad": 0.66})
        timed("the last 50 runs, first", lambda: pasts.play(KIND.name, 50, POLICY, tried))
        tried = replace(POLICY, thresholds={**POLICY.thresholds, "Bad": 0.67})
        timed("the last 50 runs", lambda: pasts.play(KIND.name, 50, POLICY, tried))
        store.close()
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, with the filling")


if __name__ == "__main__":
    main()
