"""Wide styles: looks that vary as much as users' do, and change nothing but looks."""

from dataclasses import replace

import numpy as np
import pytest

from hydra_ml.simulate import RunConditions, Style, draw, draw_any, plot_types, sample
from hydra_ml.simulate.content import Bars, Cells, Content, HeatMap, Note, arrays
from hydra_ml.simulate.dressing import dress
from hydra_ml.simulate.palettes import palette_levels, palettes

RUN = RunConditions(121234, seed=5)


def content_of(plot_type: str, label: str = "Bad", seed: int = 1) -> Content:
    return sample(plot_type, np.random.default_rng(seed), run=RUN, label=label)


def wide(seed: int) -> Style:
    return Style.sample_wide(np.random.default_rng(seed))


def test_wide_styles_are_all_different_and_come_from_the_seed() -> None:
    styles = [wide(seed) for seed in range(300)]
    assert len(set(styles)) > 240 and styles[7] == wide(7)
    assert len({s.palette for s in styles}) > 15 and any(s.palette.endswith("_inverted") for s in styles)
    assert len({s.size for s in styles}) > 12 and {s.title for s in styles} == {"centre", "left", "off"}
    widths, heights = zip(*(s.size for s in styles), strict=True)
    assert min(widths) == 400 and max(widths) == 1600 and max(heights) == 1200
    assert 20 < sum(s == Style(size=s.size) for s in styles) < 90


@pytest.mark.parametrize("plot_type", plot_types())
def test_a_wide_style_keeps_content_label_and_places(plot_type: str) -> None:
    content = content_of(plot_type)
    before = [values.copy() for values in arrays(content)]
    for seed in range(4):
        style = replace(wide(seed), size=(400, 300))
        dressed = dress(content, style)
        assert (dressed.label, dressed.fault, dressed.boxes) == (content.label, content.fault, content.boxes)
        assert all(np.array_equal(a, b) for a, b in zip(before, arrays(dressed), strict=True))
        drawn = draw(content, style)
        assert drawn.rgb.shape == (300, 400, 3) and np.ptp(drawn.rgb) > 100
        assert len(drawn.fault_boxes) == len(content.boxes)


def test_roots_default_look_dresses_nothing() -> None:
    for plot_type in plot_types():
        content = content_of(plot_type)
        for before, after in zip(content.pads, dress(content, Style()).pads, strict=True):
            assert (before.margins, before.title, before.legend) == (after.margins, after.title, after.legend)
            assert all(a == b for a, b in zip(before.layers, after.layers, strict=True) if isinstance(a, Note))


def test_words_replace_every_text_but_the_same_seed_gives_the_same() -> None:
    content = content_of("TAGGER_occupancy")
    one, again, other = (dress(content, Style(words=seed)) for seed in (1, 1, 2))
    assert [p.title for p in one.pads] == [p.title for p in again.pads] != [p.title for p in other.pads]
    for pad, own in zip(one.pads, content.pads, strict=True):
        assert pad.title != own.title and "".join(n for n, _ in pad.legend) != "".join(n for n, _ in own.legend)
    assert all(not pad.title and not pad.subtitle for pad in dress(content, Style(title="off", words=1)).pads)


def test_fault_boxes_follow_the_margins() -> None:
    content = content_of("FCAL_occupancy")
    plain, moved = draw(content, Style()), draw(content, Style(margins=(0.05, 0.0, 0.05, 0.0)))
    assert moved.fault_boxes[0][0] > plain.fault_boxes[0][0] and moved.fault_boxes[0][3] < plain.fault_boxes[0][3]


def test_hollow_bars_and_hues_change_bars_only_in_colour() -> None:
    content = content_of("ST_occupancy", "Good")
    dressed = dress(content, Style(hollow=True, hue=0.5))
    pairs = [(a, b) for a, b in zip(content.pads[0].layers, dressed.pads[0].layers, strict=True) if isinstance(a, Bars)]
    assert pairs and all(isinstance(b, Bars) and b.hollow and b.colour != a.colour for a, b in pairs)
    red = (draw(content).rgb == (255, 0, 0)).all(axis=2).sum()
    assert red > 2 * (draw(content, Style(hollow=True)).rgb == (255, 0, 0)).all(axis=2).sum() > 0


def test_a_log_scale_is_only_taken_where_the_plot_can_be_read_with_it() -> None:
    flat, steep = content_of("FCAL_occupancy", "Good"), content_of("ECAL_occupancy", "Good")
    for content, changes in ((flat, True), (steep, False)):
        (before,) = (la for la in content.pads[0].layers if isinstance(la, HeatMap | Cells))
        (after,) = (la for la in dress(content, Style(log_z=True)).pads[0].layers if isinstance(la, HeatMap | Cells))
        assert (after.log != before.log) is changes and (not after.log or after.z[0] > 0)


def test_inverted_palettes_and_finer_levels() -> None:
    for name in palettes():
        plain, inverted = palette_levels(name, 2), palette_levels(f"{name}_inverted", 2)
        assert np.array_equal(plain[0], inverted[0]) and not np.array_equal(plain[1], inverted[1])
        assert palette_levels(name, 255).shape == (255, 3)


def test_the_choice_of_renderer_takes_one_random_number_whatever_is_installed() -> None:
    content, rng, other = content_of("ST_occupancy"), np.random.default_rng(3), np.random.default_rng(3)
    drawn = draw_any(content, Style(), rng, root_share=0.0)
    other.random()
    assert rng.random() == other.random() and np.array_equal(drawn.rgb, draw(content).rgb)
