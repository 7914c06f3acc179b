"""Real plots from real experiments must decode, every one of them."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hydra_core.images import decode, describe, hamming, thumbnail

DATA = Path(__file__).parents[4] / "shared" / "data"
PICTURES = sorted(
    path
    for name in ("gravityspy_mini", "skhep_root_hists")
    for path in (DATA / name / "images").glob("*")
    if path.suffix.lower() in (".png", ".jpg", ".jpeg")
)


def test_pictures_are_there() -> None:
    assert len(PICTURES) >= 160, f"{DATA} should hold the shared pictures"


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_decodes_as_pillow_shows_it(path: Path) -> None:
    data = path.read_bytes()
    rgb = decode(data)
    paper = Image.new("RGBA", Image.open(io.BytesIO(data)).size, "white")
    shown = Image.alpha_composite(paper, Image.open(io.BytesIO(data)).convert("RGBA")).convert("RGB")
    assert int(np.abs(rgb.astype(int) - np.asarray(shown)).max()) <= 1
    image = describe(data, rgb)
    assert (image.width, image.height, image.size) == (*shown.size, path.stat().st_size)
    half = thumbnail(rgb, (rgb.shape[1] // 2, rgb.shape[0] // 2))
    assert hamming(image.dhash or 0, describe(data, half).dhash or 0) <= 6
