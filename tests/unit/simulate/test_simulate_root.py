"""The real ROOT draws the same content as Matplotlib; runs where the extra [render] is installed, says so where not."""

import importlib.util
import subprocess
import sys
from dataclasses import replace

import numpy as np
import psutil
import pytest
from PIL import Image
from support.root_plots import LABELS, PLOTS, RUNS, contents, path_of

from hydra_ml.simulate import RunConditions, Style, draw, draw_any, faults, plot_types, sample

INSTALLED = importlib.util.find_spec("ROOT") is not None
drawn_by_root = pytest.mark.skipif(
    not INSTALLED, reason="ROOT is not installed (250 MB): pip install -e '.[render]' to run the tests of its renderer"
)
RUN = RunConditions(121234, seed=5)


@pytest.mark.render
@drawn_by_root
@pytest.mark.parametrize("plot_type", plot_types())
def test_root_draws_what_matplotlib_draws(plot_type: str) -> None:
    from hydra_ml.simulate.root_renderer import RootRenderer

    renderer, style = RootRenderer(), Style(stats=False)
    fault = faults(plot_type)[0].name
    content = sample(plot_type, np.random.default_rng(1), run=RUN, fault=fault)
    ours, roots = draw(content, style), renderer.draw(content, style, style.size)
    assert roots.rgb.shape == (600, 800, 3) and roots.fault_boxes == ours.fault_boxes
    assert _likeness(_coarse(ours.rgb), _coarse(roots.rgb)) > 0.75
    assert np.array_equal(renderer.draw(content, style, style.size).rgb, roots.rgb)


def _coarse(rgb: np.ndarray) -> np.ndarray:
    """Return the picture in blocks of 20 x 20 pixels, where fonts no longer show."""
    return rgb.reshape(30, 20, 40, 20, 3).astype(float).mean(axis=(1, 3))


def _likeness(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


@pytest.mark.render
@drawn_by_root
def test_a_fault_shows_in_roots_picture_inside_its_box() -> None:
    from hydra_ml.simulate.root_renderer import RootRenderer

    renderer, style = RootRenderer(), Style()
    for plot_type, fault in (
        ("CDC_occupancy", "hv_board"),
        ("FDC_occupancy", "dead_card"),
        ("ST_occupancy", "missing_bar"),
    ):
        good, bad = (
            renderer.draw(sample(plot_type, np.random.default_rng(1), run=RUN, **how), style, (800, 600))
            for how in ({"label": "Good"}, {"fault": fault})
        )
        changed = (np.abs(good.rgb.astype(int) - bad.rgb) > 40).any(axis=2)
        rows, columns = np.nonzero(changed)
        boxes = np.array(bad.fault_boxes)
        assert len(rows) >= 30
        assert boxes[:, 0].min() * 800 - 3 <= columns.min() and columns.max() <= boxes[:, 2].max() * 800 + 3
        assert boxes[:, 1].min() * 600 - 3 <= rows.min() and rows.max() <= boxes[:, 3].max() * 600 + 3


@pytest.mark.render
@drawn_by_root
@pytest.mark.parametrize("plot_type", plot_types())
def test_root_wears_any_style_as_matplotlib_does(plot_type: str) -> None:
    for seed in range(3):
        rng = np.random.default_rng([seed, plot_types().index(plot_type)])
        style = replace(Style.sample_wide(rng), size=(800, 600))
        content = sample(plot_type, rng, run=RUN, label="Good")
        ours, roots = draw(content, style), draw_any(content, style, rng, root_share=1.0)
        assert roots.fault_boxes == ours.fault_boxes and not np.array_equal(roots.rgb, ours.rgb)
        assert _likeness(_coarse(ours.rgb), _coarse(roots.rgb)) > 0.6, style


@pytest.mark.render
@drawn_by_root
def test_the_kept_plots_are_what_root_draws() -> None:
    from hydra_ml.simulate.root_renderer import RootRenderer

    renderer = RootRenderer()
    for plot in PLOTS:
        content, style, _ = next(contents(plot, LABELS, RUNS))
        with Image.open(path_of(plot, 0)) as kept:
            assert np.array_equal(np.asarray(kept.convert("RGB")), renderer.draw(content, style, style.size).rgb)


@pytest.mark.render
@drawn_by_root
def test_memory_does_not_grow_with_roots_pictures() -> None:
    from hydra_ml.simulate.root_renderer import RootRenderer

    renderer, process = RootRenderer(), psutil.Process()
    contents = [
        sample(p, np.random.default_rng(1), run=RUN) for p in ("CDC_occupancy", "ST_occupancy", "clas12_RICH_occupancy")
    ]

    def some(count: int) -> int:
        for index in range(count):
            renderer.draw(contents[index % 3], Style(), (800, 600))
        return process.memory_info().rss

    before = some(9)
    assert some(60) - before < 12 * 2**20


def test_without_root_the_message_says_what_to_install() -> None:
    code = """
import sys
sys.modules["ROOT"] = None
from hydra_core.errors import UsageError
from hydra_ml.simulate.root_renderer import RootRenderer
try:
    RootRenderer()
except UsageError as error:
    assert "hydra-monitoring[render]" in str(error), error
else:
    raise AssertionError("no error")
assert "matplotlib" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_root_is_never_loaded_unless_asked_for() -> None:
    code = """
import sys
import hydra_ml.simulate, hydra_cli.simulate, hydra_ml.simulate.root_renderer
assert "ROOT" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
