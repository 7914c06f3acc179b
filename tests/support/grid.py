"""Reads the labelling grid in Chromium, and the labels behind it."""

from playwright.sync_api import Page, expect

from support.labelling import KIND, Lesson

GRID = f"/label/{KIND}?order=new&fold=false"


def labels(lesson: Lesson) -> dict[int, str]:
    """Return the labels that training reads, by position in the grid (0: the newest)."""
    order = {plot.uid: index for index, plot in enumerate(reversed(lesson.plots))}
    return {order[one.plot.uid]: one.class_name for one in lesson.hall.store.labelled(KIND)}


def saved(page: Page) -> None:
    """Wait until nothing waits to be saved."""
    expect(page.locator("#saving")).to_have_text("saved")


def focus(page: Page) -> str:
    """Return the position of the tile in focus."""
    return page.locator(".tile.is-focus").get_attribute("id").removeprefix("tile-")


def selected(page: Page) -> list[int]:
    """Return the positions of the selected tiles."""
    return [
        int(i.removeprefix("tile-"))
        for i in page.locator('.tile[aria-selected="true"]').evaluate_all("all => all.map(one => one.id)")
    ]


def suggestion(page: Page, index: int) -> str:
    """Return the class that a tile shows."""
    return page.locator(f"#tile-{index} .words strong").inner_text()
