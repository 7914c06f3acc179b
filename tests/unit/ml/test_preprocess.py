"""One preprocessing: the same plot in any size or form gives close arrays; thin features survive."""

import io

import numpy as np
import pytest
from PIL import Image as PilImage
from PIL import ImageDraw

from hydra_core import images
from hydra_core.ports import RGB
from hydra_ml.preprocess import prepare

SIZE = (160, 160)


def canvas(scale: float = 1.0) -> PilImage.Image:
    """Draw one plot at 1600x1200 times `scale`, supersampled so that each size shows the same picture."""
    rng = np.random.default_rng(4)
    big = PilImage.new("RGB", (3200, 2400), "white")
    pen = ImageDraw.Draw(big)
    for index, height in enumerate(rng.uniform(200, 1800, 48)):
        colour = (30, 60, 200) if index % 9 else (200, 40, 30)
        pen.rectangle((200 + 58 * index, 2200 - height, 250 + 58 * index, 2200), fill=colour)
    pen.rectangle((190, 200, 3000, 2210), outline="black", width=6)
    return big.resize((round(1600 * scale), round(1200 * scale)), PilImage.Resampling.BOX)


def encoded(picture: PilImage.Image, kind: str = "PNG", **options: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


FORMS = {
    "1200x900": lambda: encoded(canvas(0.75)),
    "800x600": lambda: encoded(canvas(0.5)),
    "palette": lambda: encoded(canvas().quantize(256)),
    "rgba": lambda: encoded(canvas().convert("RGBA")),
    "jpeg": lambda: encoded(canvas(), "JPEG", quality=90),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_plot_in_another_form_gives_a_close_array(form: str) -> None:
    reference = prepare(images.decode(encoded(canvas())), SIZE).astype(int)
    other = prepare(images.decode(FORMS[form]()), SIZE).astype(int)
    difference = np.abs(reference - other)
    assert difference.mean() < 1.0
    assert np.percentile(difference, 99.9) <= 12


def test_a_dead_channel_of_one_pixel_is_still_seen() -> None:
    plot: RGB = np.full((900, 1200, 3), 40, np.uint8)
    plot[:, 601] = 255
    column = prepare(plot, SIZE)[:, :, 0].mean(axis=0)
    assert column.max() - column.min() > 20 and column.argmax() == 80


def test_small_plots_are_enlarged_smoothly() -> None:
    ramp = np.repeat(np.linspace(0, 250, 20, dtype=np.uint8)[None, :, None], 20, axis=0).repeat(3, axis=2)
    steps = np.diff(prepare(np.ascontiguousarray(ramp), SIZE)[80, :, 0].astype(int))
    assert steps.min() >= 0 and steps.max() <= 4


def test_one_axis_may_shrink_while_the_other_grows() -> None:
    assert prepare(np.zeros((20, 900, 3), np.uint8), (64, 96)).shape == (64, 96, 3)


def test_a_crop_masks_the_title() -> None:
    plot: RGB = np.full((100, 200, 3), 200, np.uint8)
    titled = plot.copy()
    titled[:10] = 0
    crop = (0.0, 0.1, 0.0, 0.0)
    assert (prepare(plot, SIZE, crop) == prepare(titled, SIZE, crop)).all()
    assert (prepare(plot, SIZE) != prepare(titled, SIZE)).any()


@pytest.mark.parametrize("crop", [(0.5, 0, 0.5, 0), (-0.1, 0, 0, 0), (0, 1.0, 0, 0), (float("nan"), 0, 0, 0)])
def test_a_crop_that_leaves_nothing_is_refused(crop: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="crop must be"):
        prepare(np.zeros((9, 9, 3), np.uint8), SIZE, crop)


@pytest.mark.parametrize("bad", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9, 3))])
def test_anything_but_rgb_bytes_is_refused(bad: RGB) -> None:
    with pytest.raises(ValueError, match="must be uint8"):
        prepare(bad, SIZE)
