"""How heavy the wall with 100 plots is, how soon it is seen, and what 200 browsers that follow it cost.

Run: ``python benchmarks/wall_page.py [--plots N] [--browsers N] [--rounds N]``. Needs Chromium.
"""

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from sqlalchemy import Engine, event
from support.wall import HALL
from support.web_server import Hall, running_hall

IMAGES = ("image/", "font/")


def hall_of(plots: int) -> str:
    """Return the configuration of a hall with so many plots in ten groups."""
    head = HALL[: HALL.index("plots:")]
    lines = (
        f'  P{n:03d}_occupancy: {{title: "Plot {n} occupancy", group: G{n * 10 // plots}, pv: P{n:03d}, '
        f'contact: g@example.org, guidance: "https://example.org/{n}", response: "Check the HV board of crate {n}."}}\n'
        for n in range(plots)
    )
    return head + "plots:\n" + "".join(lines)


def see(browser: Browser, hall: Hall, rounds: int) -> None:
    """Print first contentful paint and bytes by kind of a browser that has nothing yet."""
    paints, weights = [], []
    for _ in range(rounds):
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        page = context.new_page()
        got: list[tuple[str, int]] = []
        page.on("response", lambda one, got=got: got.append((one.headers.get("content-type", ""), _size(one.headers))))
        page.goto(hall.url, wait_until="load")
        page.wait_for_selector('#link[data-link="live"]')
        paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
        page.wait_for_function(f"{paint} > 0")
        paints.append(page.evaluate(paint))
        weights.append(sum(size for kind, size in got if kind and not kind.startswith(IMAGES)))
        context.close()
    print(f"first contentful paint: median {statistics.median(paints):.0f} ms, worst {max(paints):.0f} ms")
    print(f"page weight without images: {max(weights) / 1000:.1f} kB in {rounds} visits")


def _size(headers: dict[str, str]) -> int:
    return int(headers.get("content-length", 0))


async def follow(hall: Hall, browsers: int, judge: int) -> tuple[list[float], int]:
    """Let browsers follow the wall while plots are judged; return seconds from record to each browser, and queries."""
    asked = _count_queries()
    limits = httpx.Limits(max_connections=browsers + 5)
    async with httpx.AsyncClient(base_url=hall.url, timeout=30, limits=limits) as client:
        recorded: dict[int, float] = {}
        seen: list[float] = []
        tasks = [asyncio.create_task(_browser(client, hall, recorded, seen, judge)) for _ in range(browsers)]
        while hall.feed.subscribers < browsers:
            await asyncio.sleep(0.05)
        before = len(asked)
        begin = time.monotonic()
        for n in range(judge):
            name = list(hall.shift.types)[n % len(hall.shift.types)]
            plot = await asyncio.to_thread(hall.shift.judge, name, "Good")
            recorded[plot.chunk] = time.monotonic()
            await asyncio.sleep(0.25)
        await asyncio.gather(*tasks)
        spent = time.monotonic() - begin
    return seen, round((len(asked) - before) / spent * 10)


async def _browser(
    client: httpx.AsyncClient, hall: Hall, recorded: dict[int, float], seen: list[float], judge: int
) -> None:
    waiting = judge
    async with client.stream("GET", f"/events?after={hall.feed.cursor}") as answer:
        async for line in answer.aiter_lines():
            for chunk in [chunk for chunk in recorded if line.startswith("data") and f"120345.{chunk}<" in line]:
                seen.append(time.monotonic() - recorded[chunk])
                waiting -= 1
            if waiting <= 0:
                return


def _count_queries() -> list[int]:
    asked: list[int] = []
    select = ("SELECT", "\nSELECT")
    event.listen(
        Engine, "before_cursor_execute", lambda _c, _k, sql, *_: asked.append(1) if sql.startswith(select) else None
    )
    return asked


def main() -> None:
    """Fill a hall, look at it, follow it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plots", type=int, default=100)
    parser.add_argument("--browsers", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_hall(Path(folder), hall_of(options.plots)) as hall:
        for name in hall.shift.types:
            hall.shift.judge(name, "Good")
        for name in list(hall.shift.types)[:3]:
            hall.shift.confirm(name, "Bad")
        hall.caught_up()
        with sync_playwright() as play:
            path, quiet = shutil.which("chromium"), ["--no-sandbox", "--disable-gpu"]
            browser = play.chromium.launch(executable_path=path, args=quiet)
            see(browser, hall, options.rounds)
            browser.close()
        for count in (1, options.browsers):
            seen, queries = asyncio.run(follow(hall, count, 20))
            times = f"median {statistics.median(seen) * 1000:.0f} ms, worst {max(seen) * 1000:.0f} ms"
            print(f"{count:4} browsers: {queries} queries in 10 s, verdict to browser {times}")


if __name__ == "__main__":
    main()
