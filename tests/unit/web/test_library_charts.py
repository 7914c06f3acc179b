"""The library's charts and what its pages read from a bundle, as values."""

import json
import math
from pathlib import Path

import pytest
from support.library import cell, write_bundle

from hydra_core.bundles import Bin, Cell, Matrix, Scan, check_bundle, read_card, read_matrices, read_scans, reliability
from hydra_core.domain import LabelClass, PlotType, Policy, Severity
from hydra_core.errors import ModelError
from hydra_web.library.charts import CELL, HEIGHT, WIDTH, curve_chart, histogram, reliability_chart, scan_chart

CLASSES = ("Good", "Bad", "NoData")


def a_cell(*histogram: int) -> Cell:
    return Cell(label="Good", said="Bad", count=sum(histogram), histogram=histogram, plots=())


def kind(*classes: str) -> PlotType:
    labels = tuple(LabelClass(name, Severity.NO_ALARM, name[0], "#000000") for name in classes)
    return PlotType("CDC_occupancy", "CDC", "CDC", "CDC", labels, Policy({}, {}))


def test_bars_are_on_a_log_scale_and_a_single_plot_is_seen() -> None:
    bars = histogram(a_cell(0, 1, 10, 1000), 1000)
    assert [bar.x for bar in bars] == [25.25, 50.25, 75.25]
    assert bars[-1].height == CELL[1] and bars[-1].y == 0
    assert bars[1].height == pytest.approx(CELL[1] * math.log1p(10) / math.log1p(1000), abs=0.01)
    assert histogram(a_cell(1, 10**6), 10**6)[0].height == 3.0


def test_the_diagonal_of_a_reliability_diagram_is_where_scores_mean_what_they_say() -> None:
    chart = reliability_chart([Bin(10, 0.6, 0.6), Bin(30, 0.95, 0.95)])
    for dot in chart.dots:
        across, up = (dot.x - 44) / (WIDTH - 52), (HEIGHT - 28 - dot.y) / (HEIGHT - 40)
        assert across == pytest.approx(up, abs=0.001)
    assert [dot.radius for dot in chart.dots] == [4.0, 6.0]
    assert "60.0% sure, 60.0% right" in chart.dots[0].title


def test_a_curve_breaks_where_there_is_no_value() -> None:
    chart = curve_chart("Loss", [1.0, 0.5, 0.25], [1.2, None, 0.5])
    training, validation = chart.lines
    assert (training.path.count("M"), training.path.count("L")) == (1, 2)
    assert (validation.path.count("M"), validation.path.count("L")) == (2, 0)
    assert [tick.text for tick in chart.y_ticks] == ["0", "0.5", "1", "1.5", "2"]
    assert curve_chart("Accuracy", [0.5], [], 1.0).lines[1].path == ""


def test_a_scan_shows_the_threshold_in_force_as_an_upright_line() -> None:
    scan = Scan(threshold=(0.0, 0.5, 1.0), precision=(0.5, 0.8, None), recall=(1.0, 0.5, 0.0), f1=(0.6, 0.6, None))
    *_, mark = scan_chart("Bad", scan, {"in force": 0.5}).lines
    assert (mark.role, mark.name, mark.path) == ("mark", "in force 0.50", "M208.0 202.0 L208.0 12.0")


def test_reliability_comes_from_the_cells() -> None:
    right = Cell(label="Good", said="Good", count=20, histogram=(20,), plots=tuple((f"a{n}", 0.9) for n in range(20)))
    wrong = Cell(label="Bad", said="Good", count=10, histogram=(10,), plots=tuple((f"b{n}", 0.5) for n in range(10)))
    bins = reliability(Matrix(classes=CLASSES, cells=(right, wrong)))
    assert [(b.plots, round(b.confidence, 6), b.accuracy) for b in bins] == [
        (10, 0.5, 0.0),
        (10, 0.9, 1.0),
        (10, 0.9, 1.0),
    ]
    assert reliability(Matrix(classes=CLASSES, cells=())) == []


def test_a_bundle_is_read_and_checked(tmp_path: Path) -> None:
    bundle = tmp_path / "v1"
    write_bundle(bundle, 1, [cell("Good", "Bad", [("a" * 32, 0.8)])])
    assert read_card(bundle).metrics["test"].classes["Bad"].precision_interval == (0.7, 0.97)
    found = read_matrices(bundle)["test"].cell("Good", "Bad")
    assert found is not None and found.plots == (("a" * 32, 0.8),)
    assert read_scans(bundle)[0] == "the validation plots"
    check_bundle(bundle, kind(*CLASSES))
    with pytest.raises(ModelError, match="are not the configuration's"):
        check_bundle(bundle, kind("Bad", "Good", "NoData"))
    (bundle / "report.html").write_text("other")
    with pytest.raises(ModelError, match="not the file that the card tells of"):
        check_bundle(bundle, kind(*CLASSES))
    (bundle / "report.html").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        check_bundle(bundle, kind(*CLASSES))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"plot_type": 3}', "\x00"])
def test_what_is_no_card_is_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(ModelError, match=r"card\.json"):
        read_card(tmp_path)


def test_a_bundle_of_an_older_hydra_has_no_matrix(tmp_path: Path) -> None:
    assert (read_matrices(tmp_path), read_scans(tmp_path)) == ({}, ("", {}))
    with pytest.raises(ModelError, match=r"card\.json is missing"):
        read_card(tmp_path)
    (tmp_path / "confusion.json").write_text(json.dumps({"test": {"classes": 3}}))
    with pytest.raises(ModelError, match=r"confusion\.json is not as expected"):
        read_matrices(tmp_path)
