"""Nothing overlaps, nothing leaves the canvas, whatever the hall."""

from itertools import combinations
from pathlib import Path

import pytest
from support.halls import hall_of

from hydra_core.config import HallConfig
from hydra_core.opi.flow import by_group
from hydra_core.opi.screens import screens
from hydra_core.opi.widgets import Box, Button, Embed, Label, OpenScreen, Screen, Widget

HALLS = {
    "one plot type": {"A": 1},
    "as many as large tiles fit": {"A": 3, "B": 5},
    "one more": {"A": 3, "B": 6},
    "a big hall": {f"G{number}": 9 for number in range(10)},
    "one group": {"A": 150},
    "many groups": {f"G{number}": 1 for number in range(40)},
}


def overlap(one: Widget, other: Widget) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def inside(one: Widget, box: Widget) -> bool:
    return (
        box.x <= one.x
        and box.y <= one.y
        and one.x + one.width <= box.x + box.width
        and one.y + one.height <= box.y + box.height
    )


def check(screen: Screen) -> None:
    for widget in screen.widgets:
        assert widget.width > 0 and widget.height > 0
        assert 0 <= widget.x and widget.x + widget.width <= screen.width, (screen.file, widget)
        assert 0 <= widget.y and widget.y + widget.height <= screen.height, (screen.file, widget)
    for one, other in combinations(screen.widgets, 2):
        if overlap(one, other):
            assert isinstance(one, Box) and inside(other, one), f"{screen.file}: {one} overlaps {other}"


def test_example_hall(hall: HallConfig) -> None:
    for screen in screens(hall):
        check(screen)
    sizes = {screen.file: (screen.width, screen.height) for screen in screens(hall)}
    assert {sizes[name] for name in ("overview", "plot", "service", "expert")} == {(1920, 1080)}


@pytest.mark.parametrize("groups", HALLS.values(), ids=HALLS)
def test_other_halls(groups: dict[str, int]) -> None:
    hall = hall_of(groups, base_url="https://hydra.example.org")
    for screen in screens(hall):
        check(screen)
    overview = screens(hall)[0]
    embedded = [widget for widget in overview.widgets if isinstance(widget, Embed)]
    titles = [w for w in overview.widgets if isinstance(w, Button) and isinstance(w.action, OpenScreen) and w.bold]
    assert len(embedded) == len(titles) == sum(groups.values())
    assert {widget.width for widget in embedded} == {360 if sum(groups.values()) <= 8 else 204}


def test_embedded_screens_are_as_large_as_their_place(hall: HallConfig) -> None:
    drawn = screens(hall)
    sizes = {screen.file: (screen.width, screen.height) for screen in drawn}
    embeds = [widget for screen in drawn for widget in screen.widgets if isinstance(widget, Embed)]
    assert embeds
    for widget in embeds:
        assert sizes[widget.file.replace("$(R)", "CDC_OCC")] == (widget.width, widget.height)


def test_tiles_stand_by_group_under_their_heading() -> None:
    hall = hall_of({"B": 2, "A": 2})
    overview = screens(hall)[0]
    order = [w.text for w in overview.widgets if isinstance(w, Button) and w.bold]
    assert order == ["B 0", "B 1", "A 0", "A 1"]
    headings = [widget for widget in overview.widgets if isinstance(widget, Label) and widget.text in ("A", "B")]
    first = {w.text: w.x for w in overview.widgets if isinstance(w, Button) and w.text in ("A 0", "B 0")}
    assert {label.text: label.x for label in headings} == {"A": first["A 0"], "B": first["B 0"]}


def test_a_group_that_was_interrupted_in_the_file_is_one_group(hall: HallConfig) -> None:
    plot_types = (*hall.plot_types()[:2], hall.plot_types()[0])
    assert [len(members) for members in by_group(plot_types).values()] == [2, 1]


def test_no_web_page_no_button(generated: Path) -> None:
    texts = [w.text for w in screens(hall_of({"A": 1}))[0].widgets if isinstance(w, Button)]
    assert "Web page" not in texts
    assert "Web page" in (generated / "phoebus" / "overview.bob").read_text()
