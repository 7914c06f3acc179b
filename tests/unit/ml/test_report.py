"""The report and its charts: what they say is what was measured, in every cell; nothing from outside, no script."""

import io
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image as PilImage
from support.reports import CLASSES, example_card, example_report

from hydra_ml.charts import draw_confusion
from hydra_ml.confusion import confusion_matrix
from hydra_ml.drawing import PALETTES, Drawing, css
from hydra_ml.report import charts_of, render

SCORES = np.array([[0.97, 0.03, 0], [0.9, 0.1, 0], [0.44, 0.56, 0], [0.3, 0.7, 0], [0.01, 0.99, 0], [0.52, 0.2, 0.28]])
TRUTH = np.array([0, 0, 0, 1, 1, 2])
UIDS = [f"{i:032x}" for i in range(6)]


def test_each_cell_knows_its_plots_the_surest_first() -> None:
    matrix = confusion_matrix(CLASSES, SCORES, TRUTH, UIDS)
    right = matrix.cells[0][0]
    assert right.plots == ((UIDS[0], 0.97), (UIDS[1], 0.9)) and right.count == 2
    assert (right.histogram[18], right.histogram[19], sum(right.histogram)) == (1, 1, 2)
    assert matrix.cells[2][0].plots == ((UIDS[5], 0.52),) and matrix.cells[2][2].count == 0
    cells = matrix.to_dict()["cells"]
    assert [(c["label"], c["said"], c["count"]) for c in cells] == [
        ("Good", "Good", 2),
        ("Good", "Bad", 1),
        ("Bad", "Bad", 2),
        ("NoData", "Good", 1),
    ]
    assert sum(len(c["plots"]) for c in cells) == 6 and all(len(c["histogram"]) == 20 for c in cells)


def test_the_drawn_matrix_has_a_bar_for_each_filled_bin() -> None:
    matrix = confusion_matrix(CLASSES, SCORES, TRUTH, UIDS)
    svg = draw_confusion(matrix).svg()
    bars = [r for r in svg.iter("rect") if r.get("class") in ("f-right", "f-wrong")]
    assert [r.get("class") for r in bars].count("f-wrong") == 2 and len(bars) == 6
    assert {t.text for t in svg.iter("text")} >= {*CLASSES, "the model said", "2", "1"}


def test_counts_are_drawn_on_a_log_scale() -> None:
    scores, truth = np.tile([0.99, 0.01], (1001, 1)), np.zeros(1001, int)
    scores[1000] = [0.61, 0.39]
    bars = draw_confusion(confusion_matrix(("a", "b"), scores, truth, ["u"] * 1001)).svg().iter("rect")
    heights = sorted(float(r.get("height", 0)) for r in bars if r.get("class") == "f-right")
    assert heights[0] == pytest.approx(heights[1] * np.log(2) / np.log(1001), rel=0.05)


@pytest.mark.parametrize("theme", PALETTES)
def test_the_png_shows_the_same_as_the_svg(theme: str) -> None:
    drawing = Drawing(100, 60, "a test")
    drawing.box(10, 10, 30, 20, "right")
    drawing.line([(50, 5), (50, 55)], "wrong", 4)
    drawing.write((60, 40), "x")
    with PilImage.open(io.BytesIO(drawing.png(theme))) as picture:
        assert picture.size == (200, 120)
        rgb = np.asarray(picture.convert("RGB"))
    colours = PALETTES[theme]

    def hexed(x: int, y: int) -> str:
        return "#" + "".join(f"{v:02x}" for v in rgb[y, x])

    assert (hexed(40, 40), hexed(100, 60), hexed(4, 4)) == (colours["right"], colours["wrong"], colours["page"])
    assert (rgb[60:84, 120:140] != np.array(rgb[4, 4])).any(), "the text is drawn"


def contrast(a: str, b: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", PALETTES)
def test_text_and_lines_can_be_read_in_both_themes(theme: str) -> None:
    colours = PALETTES[theme]
    assert set(colours) == set(PALETTES["light"])
    for role in ("text", "soft", "right", "wrong", "first", "second", "third"):
        assert contrast(colours[role], colours["page"]) >= 4.5
    assert contrast(colours["text"], colours["cell"]) >= 4.5
    assert all(f".f-{role}{{fill:{colour}}}" in css() for role, colour in colours.items())


def test_the_page_needs_nothing_from_outside() -> None:
    page = render(example_report()).decode()
    assert "<script" not in page and "http" not in page and " on" + "load" not in page and " style=" not in page
    assert page.startswith("<!doctype html>") and 'lang="en"' in page


def test_the_page_says_what_was_measured() -> None:
    report = example_report()
    page = render(report).decode()
    test = report.sides["test"]
    assert f"Balanced accuracy {test.balanced_accuracy:.3f}" in page
    low, high = test.intervals.recall[1] or (0, 0)
    assert f"{low:.3f}…{high:.3f}" in page
    assert "From right to wrong" in page and "data:image/webp;base64," in page
    assert f"labelled {CLASSES[1]}" in page and "where the model saw" in page
    assert "Expected calibration error" in page and "would show" in page


def test_text_is_escaped() -> None:
    card = example_card(warnings=('<img src=x onerror="alert(1)">',))
    page = render(example_report(card=card)).decode()
    assert "<img src=x" not in page and "&lt;img src=x" in page


def test_a_model_without_test_plots_has_a_page_too() -> None:
    card = example_card(created_at=datetime(2026, 11, 1, tzinfo=UTC))
    page = render(example_report(card=card, sides={}, matrices={}, scans=(), mistakes=0, shown=(), comparison=None))
    assert b"2026-11-01" in page and b"On the test plots" not in page


def test_the_charts_of_the_bundle_are_named() -> None:
    names = [name for name, _ in charts_of(example_report())]
    assert names == ["confusion", "reliability", "loss", "accuracy"]
    for _, drawing in charts_of(example_report()):
        assert drawing.title in (drawing.svg().get("aria-label") or "")
        ET.fromstring(drawing.svg_file())
