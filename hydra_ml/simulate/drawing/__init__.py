"""Drawing: from content and style to pixels. Matplotlib is imported with the first picture, not before."""

import io
from typing import Protocol

from PIL import Image

from hydra_ml.simulate.content import Content
from hydra_ml.simulate.style import Drawn, Style


class Renderer(Protocol):
    """Something that turns content into a picture: Matplotlib here, perhaps ROOT elsewhere."""

    def draw(self, content: Content, style: Style, size: tuple[int, int]) -> Drawn:
        """Return the picture in `size` (width, height) pixels."""
        ...


def draw(content: Content, style: Style | None = None, size: tuple[int, int] | None = None) -> Drawn:
    """Draw with Matplotlib; `size` (width, height) in pixels overrides the style's. Safe in any thread."""
    from hydra_ml.simulate.drawing.picture import MatplotlibRenderer

    style = style or Style()
    return MatplotlibRenderer().draw(content, style, size or style.size)


def png(drawn: Drawn) -> bytes:
    """Return the picture as PNG bytes, the same for the same picture."""
    buffer = io.BytesIO()
    Image.fromarray(drawn.rgb).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()
