"""Pictures: styles, sizes, colours, memory, threads."""

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import psutil
import pytest
from PIL import Image

from hydra_core.errors import UsageError
from hydra_ml.simulate import RunConditions, Style, draw, plot_types, png, sample
from hydra_ml.simulate.content import Axis, arrays
from hydra_ml.simulate.drawing.frame import ticks_of
from hydra_ml.simulate.drawing.layers import levels_of
from hydra_ml.simulate.style import palette_levels, palettes

RUN = RunConditions(121234, seed=5)
STYLES = [
    {"palette": "rainbow"},
    {"grid": True},
    {"title": "left"},
    {"text_scale": 1.1},
    {"ticks_all": False},
    {"dpi": 130},
    {"stats": True},
]


@pytest.mark.parametrize("change", STYLES, ids=lambda change: next(iter(change)))
def test_a_style_changes_pixels_but_neither_content_nor_label_nor_boxes(change: dict[str, object]) -> None:
    content = sample(
        "ST_occupancy" if "stats" in change else "CDC_occupancy", np.random.default_rng(1), run=RUN, label="Bad"
    )
    before = [values.copy() for values in arrays(content)]
    plain, styled = draw(content, Style()), draw(content, replace(Style(), **change))
    assert (plain.rgb != styled.rgb).any()
    assert plain.fault_boxes == styled.fault_boxes
    assert content.label == "Bad" and all(np.array_equal(a, b) for a, b in zip(before, arrays(content), strict=True))


@pytest.mark.parametrize("plot_type", plot_types())
def test_fault_boxes_are_fractions_that_hold_for_every_size(plot_type: str) -> None:
    content = sample(plot_type, np.random.default_rng(2), run=RUN, label="Bad")
    small, large = draw(content, size=(796, 572)), draw(content, size=(1600, 1200))
    assert large.rgb.shape == (1200, 1600, 3) and large.rgb.dtype == np.uint8
    np.testing.assert_allclose(small.fault_boxes, large.fault_boxes, atol=0.006)


def test_a_drawn_plot_becomes_a_complete_rgb_png() -> None:
    drawn = draw(sample("TOF_occupancy", np.random.default_rng(1), run=RUN))
    with Image.open(io.BytesIO(png(drawn))) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (800, 600))
        assert np.array_equal(np.asarray(image), drawn.rgb)


def test_the_canvas_is_white_and_the_map_has_kbirds_20_colours_at_most() -> None:
    assert [f"{r:02x}{g:02x}{b:02x}" for r, g, b in palette_levels("bird")[[0, -1]]] == ["263ea9", "f9f90f"]
    rgb = draw(sample("CDC_occupancy", np.random.default_rng(1), run=RUN, label="Good")).rgb
    assert (rgb[2, 2] == 255).all() and (rgb[300, 400] == 255).all()
    inside = {tuple(pixel) for pixel in rgb[150:450, 250:520].reshape(-1, 3)}
    bird = {tuple(colour) for colour in palette_levels("bird")}
    assert len(inside & bird) >= 10


def test_empty_bins_are_white_and_overflow_takes_the_last_colour() -> None:
    levels = levels_of(np.array([0.0, 0.001, 0.05, 0.0999, 0.1, 7.0]), (0.0, 0.1))
    assert levels.tolist() == [-1, 0, 10, 19, 19, 19]


def test_ticks_are_few_and_round() -> None:
    assert ticks_of(Axis(0, 100, divisions=10)).major == tuple(range(0, 101, 10))
    log = ticks_of(Axis(0.5, 2e5, log=True))
    assert log.texts == ("1", "10", "10^2", "10^3", "10^4", "10^5")
    assert min(log.minor) >= 0.5 and max(log.minor) <= 2e5
    big = ticks_of(Axis(0, 160e3))
    assert big.power == 3 and big.texts[-1] == "160"


def test_an_unknown_palette_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match="'heat' is not known; use one of: bird"):
        palette_levels("heat")
    assert all(palette_levels(name).shape == (20, 3) for name in palettes())


def test_styles_of_run_periods_differ_and_stay_through_a_period() -> None:
    styles = [RunConditions(1000 * period, 1).style() for period in range(60)]
    assert styles.count(Style()) > 20 and len(set(styles)) > 8
    assert styles[3] == RunConditions(3999, 1).style()


def test_memory_does_not_grow_over_300_pictures() -> None:
    contents = [sample(p, np.random.default_rng(1), run=RUN) for p in plot_types()]
    process = psutil.Process()

    def some(count: int) -> int:
        for index in range(count):
            draw(contents[index % len(contents)])
        return process.memory_info().rss

    before = some(60)
    assert some(300) - before < 12 * 2**20


def test_threads_draw_the_same_pictures_as_one_alone() -> None:
    contents = [sample(p, np.random.default_rng(7), run=RUN) for p in plot_types()]
    alone = [png(draw(content)) for content in contents]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda content: png(draw(content)), contents * 3))
    assert together == alone * 3


def test_neither_tensorflow_nor_pyplot_is_ever_imported_and_matplotlib_only_to_draw() -> None:
    code = """
import sys, numpy
from hydra_ml.simulate import *
content = sample("CDC_occupancy", numpy.random.default_rng(1), run=RunConditions(1, 1))
assert "matplotlib" not in sys.modules
draw(content)
assert "matplotlib" in sys.modules
assert not {"matplotlib.pyplot", "tensorflow", "keras"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
