"""How fast is labelling: pages of 1,000 and of 100,000 plots in every order, and labels a minute in Chromium.

Run: ``python benchmarks/labelling.py [pages|browser] [--plots N] [--rounds N]``. Needs mariadbd and Chromium.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy import Connection, Engine, create_engine, insert, text

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.labelling import KIND, Lesson
from support.mariadb import running_mariadb
from support.outcomes import CLASSES, plot_type
from support.people import signed_in
from support.web_server import running_hall

import db_schema
from db_schema import tables
from hydra_core.store import SqlStore, open_store
from hydra_core.store.label_pages import Wish
from hydra_core.store.label_queue import Filters, Order, Show

START = datetime(2026, 3, 1, tzinfo=UTC)
BATCH = 5000
SMALL = 1000
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")


def fill(engine: Engine, store: SqlStore, plots: int) -> None:
    """Write a plot type with so many plots, each judged, one in ten labelled, and another type of the same size."""
    store.sync_plot_types([plot_type(KIND), plot_type("Other")])
    with engine.begin() as connection:
        for type_id in (1, 2):
            model = {"plot_type_id": type_id, "version": 3, "sha256": "ab" * 32, "path": "m/v3", "metrics": {}}
            more = {"classes": [c.name for c in CLASSES], "state": "active", "created_at": START, "created_by": ""}
            connection.execute(insert(tables.model).values(**model, **more))
        numbers = range(1, 2 * plots + 1)
        _bulk(connection, tables.image, (_image(i) for i in numbers))
        _bulk(connection, tables.plot, (_plot(i) for i in numbers))
        _bulk(connection, tables.inference, (_inference(i) for i in numbers))
    store.save_votes(KIND, "ben", {_uid(i): "Good" for i in range(1, 2 * plots, 20)})
    store.save_votes(KIND, "cleo", {_uid(i): "Bad" for i in range(1, 2 * plots, 200)})
    with engine.connect() as connection:
        names = ", ".join(t.name for t in (tables.plot, tables.inference, tables.truth, tables.image))
        connection.execute(text("ANALYZE" if engine.dialect.name == "sqlite" else f"ANALYZE TABLE {names}"))
        connection.commit()


def _bulk(connection: Connection, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    part: list[dict[str, Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == BATCH:
            connection.execute(insert(table), part)
            part = []
    if part:
        connection.execute(insert(table), part)


def _uid(number: int) -> str:
    return blake2b(str(number).encode(), digest_size=16).hexdigest()


def _image(number: int) -> dict[str, Any]:
    size = {"width": 1200, "height": 900, "bytes": 42000, "media_type": "image/png", "stored_at": START}
    return {"sha256": _uid(number) * 2, "dhash": int(_uid(number)[:16], 16), **size}


def _plot(number: int) -> dict[str, Any]:
    at = START + timedelta(seconds=number)
    where = {"run": 12000 + number // 1000, "chunk": number % 1000, "taken_at": at, "received_at": at, "source": "x"}
    return {"uid": _uid(number), "plot_type_id": 1 + (number + 1) % 2, "image_id": number, **where}


def _inference(number: int) -> dict[str, Any]:
    share = int(_uid(number)[:8], 16) / 2**32
    name = CLASSES[0 if share < 0.9 else 1].name
    type_id = 1 + (number + 1) % 2
    said = {"top_class": name, "top_score": 0.5 + share / 2, "margin": share, "novelty": share, "scores": []}
    more = {"shadow": False, "took_ms": 30.0, "created_at": START + timedelta(seconds=number)}
    return {"plot_id": number, "model_id": type_id, "plot_type_id": type_id, **said, **more}


def wishes() -> dict[str, Wish]:
    """Return what is measured: every order, and filters."""
    found = {order.value: Wish(order, Filters()) for order in Order}
    found["disagreement"] = Wish(Order.DISAGREEMENT, Filters(show=Show.ALL))
    found["uncertain, model says Bad"] = Wish(Order.UNCERTAIN, Filters(says="Bad"))
    found["new, not labelled by me"] = Wish(Order.NEW, Filters(show=Show.UNSEEN))
    found["new, of one run"] = Wish(Order.NEW, Filters(run_from=12001, run_to=12001))
    return found


def measure(store: SqlStore, wish: Wish, rounds: int) -> tuple[float, float]:
    """Return the median milliseconds of the first page, and of the tenth (or the last, where there are fewer)."""
    first, tenth = [], []
    for _ in range(rounds):
        after = None
        for number in range(10):
            begin = time.perf_counter()
            page = store.tile_page(KIND, "ann", wish, after)
            taken = (time.perf_counter() - begin) * 1000
            if number == 0:
                first.append(taken)
            after = page.next
            if after is None:
                break
        tenth.append(taken)
    return statistics.median(first), statistics.median(tenth)


def pages(plots: int, rounds: int) -> None:
    """Print how long pages take in a small set and in a large one, on both engines."""
    with tempfile.TemporaryDirectory() as folder, running_mariadb(Path(folder) / "mariadb") as server:
        for engine_name in ("sqlite", "mariadb"):
            stores = {}
            for size in (SMALL, plots):
                url = f"sqlite:///{folder}/{size}.db" if engine_name == "sqlite" else server.url(server.new_database())
                db_schema.upgrade(url)
                stores[size] = open_store(url, io_timeout=120.0)
                engine = create_engine(url)
                fill(engine, stores[size], size)
                engine.dispose()
            print(f"{engine_name}: milliseconds for a page of 60 tiles, first and tenth")
            for name, wish in wishes().items():
                small, large = (measure(stores[size], wish, rounds) for size in (SMALL, plots))
                print(
                    f"  {name:<28} {SMALL:>7,} plots {small[0]:6.1f} {small[1]:6.1f}"
                    f"   {plots:>7,} plots {large[0]:6.1f} {large[1]:6.1f}",
                    flush=True,
                )
            _whole(stores[plots])
            for store in stores.values():
                store.close()


def _whole(store: SqlStore) -> None:
    begin = time.perf_counter()
    count = store.count_matching(KIND, "ann", Filters(says="Bad"))
    counted = time.perf_counter()
    batch = store.save_matching(KIND, "ann", "Bad", Filters(says="Bad"), count)
    saved = time.perf_counter()
    store.set_undone(KIND, "ann", batch.id, True)
    undone = time.perf_counter()
    print(
        f"  a whole query of {count:,} plots: counted in {counted - begin:.2f} s, "
        f"labelled in {saved - counted:.2f} s, undone in {undone - saved:.2f} s"
    )


def browser() -> None:
    """Print how fast thumbnails come and how many labels a minute a script gives through Chromium."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_hall(Path(folder)) as hall,
        signed_in(hall, "ann", "labeler") as ann,
        sync_playwright() as playwright,
    ):
        lesson = Lesson(hall).bring(420, pictures=180)
        lesson.promote()
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        context = chromium.new_context(viewport={"width": 1920, "height": 1080})
        context.add_cookies(ann.cookies)
        for words in ("thumbnails made for the first time", "thumbnails made before"):
            page = context.new_page()
            print(f"60 thumbnails on the screen after {_thumbnails(page, hall.url):.2f} s ({words})", flush=True)
            page.close()
            context.clear_cookies()
            context.close()
            context = chromium.new_context(viewport={"width": 1920, "height": 1080})
            context.add_cookies(ann.cookies)
        page = context.new_page()
        _thumbnails(page, hall.url)
        print(f"singly: {_singly(page, lesson):,.0f} labels a minute, each plot seen at full size before its key")
        page.goto(f"{hall.url}/label/{KIND}?order=new&fold=false")
        print(f"by page: {_by_page(page, lesson):,.0f} labels a minute, every thumbnail of a page seen before Enter")
        chromium.close()


SEEN = "() => { const all = [...document.querySelectorAll('.thumb img')]; return all.length && all.every(i => i.complete && i.naturalWidth); }"  # noqa: E501


def _thumbnails(page: Page, url: str) -> float:
    begin = time.perf_counter()
    page.goto(f"{url}/label/{KIND}?order=new&fold=false", wait_until="commit")
    page.wait_for_function(f"() => document.querySelectorAll('.tile').length === 60 && ({SEEN})()", polling=20)
    return time.perf_counter() - begin


def _singly(page: Page, lesson: Lesson, count: int = 40) -> float:
    before, begin = len(lesson.hall.store.labelled(KIND)), time.perf_counter()
    shown = "f => { const i = document.querySelector('.this .plot'); return i && i.src.endsWith(f) && i.naturalWidth; }"
    for plot in list(reversed(lesson.plots))[:count]:
        page.wait_for_function(shown, arg=plot.sha256, polling=10)
        page.keyboard.press({"Good": "g", "Bad": "b", "NoData": "n"}[lesson.truth[plot.uid]])
    expect(page.locator("#saving")).to_have_text("saved")
    taken = time.perf_counter() - begin
    _check(len(lesson.hall.store.labelled(KIND)) - before, count)
    return count / taken * 60


def _by_page(page: Page, lesson: Lesson, count: int = 4) -> float:
    before, begin = len(lesson.hall.store.labelled(KIND)), time.perf_counter()
    for number in range(1, count + 1):
        expect(page.locator("#page-number")).to_have_text(f"page {number}")
        page.wait_for_function(SEEN, polling=20)
        page.keyboard.press("Enter")
    expect(page.locator("#page-number")).to_have_text(f"page {count + 1}")
    expect(page.locator("#saving")).to_have_text("saved")
    taken = time.perf_counter() - begin
    made = len(lesson.hall.store.labelled(KIND)) - before
    _check(made, 60 * count)
    return made / taken * 60


def _check(saved: int, given: int) -> None:
    if saved != given:
        raise SystemExit(f"{given} labels were given, but {saved} are in the database")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("pages", "browser"), help="Default: both.")
    parser.add_argument("--plots", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    if given.what in (None, "pages"):
        pages(given.plots, given.rounds)
    if given.what in (None, "browser"):
        browser()


if __name__ == "__main__":
    main()
