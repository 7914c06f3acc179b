"""Write `docs/images/`: every page of a realistic hall, in light and dark, on a desk, a laptop and a phone.

Run: ``python docs/screenshots.py [--only wall,status] [--all-sizes] [--out DIR]``. Needs Chromium and Matplotlib.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.people import signed_in
from support.showcase import HALL, Showcase
from support.web_server import running_hall

IMAGES = Path(__file__).with_name("images")
THEMES = ("light", "dark")
SIZES = {"hd": (1920, 1080), "laptop": (1366, 768), "phone": (390, 844)}

WIDE = """[...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 5).map((one) => one.outerHTML.slice(0, 80)).join(" | ")"""


@dataclass(frozen=True)
class Shot:
    """One page: how it is named, where it is, in which size and theme, and what is done before the picture."""

    name: str
    path: Callable[[Showcase], str]
    size: str = "laptop"
    theme: str = "light"
    before: Callable[[Page], None] = lambda page: None
    whole: bool = False
    guest: bool = False


def _plot(show: Showcase) -> str:
    return f"/p/{show.last['CDC_occupancy'].uid}"


SHOTS = (
    Shot("wall", lambda show: "/", "hd"),
    Shot("wall-dark", lambda show: "/", "hd", "dark"),
    Shot("wall-phone", lambda show: "/", "phone"),
    Shot("plot", _plot, whole=True),
    Shot("trend", lambda show: "/t/CDC_occupancy?range=3d"),
    Shot("label", lambda show: "/label/CDC_occupancy?fold=false"),
    Shot("review", lambda show: "/review"),
    Shot("models", lambda show: "/models"),
    Shot("rules", lambda show: "/plots/CDC_occupancy/rules"),
    Shot("log", lambda show: "/log"),
    Shot("shift", lambda show: "/reports/shift"),
    Shot("status", lambda show: "/status", whole=True),
    Shot("leaders", lambda show: "/leaders"),
    Shot("help", lambda show: "/help", whole=True),
    Shot("admin", lambda show: "/admin"),
    Shot("login", lambda show: "/login", guest=True),
)


def take(browser: Browser, show: Showcase, cookies: list[Any], shot: Shot, size: str, theme: str, file: Path) -> None:
    """Take one picture. Raises RuntimeError for a page that cannot be shown or is wider than the screen."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
    )
    context.add_cookies([] if shot.guest else cookies)
    page = context.new_page()
    answer = page.goto(show.hall.url + shot.path(show))
    if answer is None or not answer.ok:
        raise RuntimeError(f"{shot.name}: {shot.path(show)} cannot be shown ({answer.status if answer else 'nothing'})")
    shot.before(page)
    page.wait_for_timeout(900)
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        print(f"{shot.name} {size}: wider than the screen: {page.evaluate(WIDE)}", file=sys.stderr)
    page.screenshot(path=file, full_page=shot.whole)
    context.close()


def main() -> None:
    """Fill a hall and take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="names of shots, by commas")
    parser.add_argument("--all-sizes", action="store_true", help="every shot in every size and theme, to look at")
    parser.add_argument("--out", type=Path, default=IMAGES)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    wanted = [shot for shot in SHOTS if not options.only or shot.name in options.only.split(",")]
    with tempfile.TemporaryDirectory() as folder, running_hall(Path(folder), HALL) as hall, sync_playwright() as play:
        begin = time.monotonic()
        show = Showcase(hall).fill()
        print(f"hall filled in {time.monotonic() - begin:.0f} s", flush=True)
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        with signed_in(hall, "ada", "admin") as ada:
            for shot in wanted:
                for size, theme in product(SIZES, THEMES) if options.all_sizes else [(shot.size, shot.theme)]:
                    name = f"{shot.name}-{size}-{theme}" if options.all_sizes else shot.name
                    take(browser, show, ada.cookies, shot, size, theme, options.out / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
