"""The plots that a model misjudges, shown: a small picture of each, and where the model looked."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image as PilImage

from hydra_core import images
from hydra_core.domain import LabelledPlot, ModelRef
from hydra_core.errors import ImageError, StoreError
from hydra_core.ports import RGB, Archive
from hydra_core.store.review import MISCLASSIFIED
from hydra_ml.preprocess import Crop

if TYPE_CHECKING:
    import keras

    from hydra_core.store import SqlStore

MOST_SHOWN = 40
THUMBNAIL = (288, 216)
QUALITY = 60


@dataclass(frozen=True, slots=True)
class Mistake:
    """A plot judged wrongly: what was said with which score, and the score of its label.

    `cam` is the Grad-CAM of what was said, uint8 (h, w) over the cropped plot; None where it was not computed.
    """

    plot: LabelledPlot
    said: str
    score: float
    label_score: float
    cam: npt.NDArray[np.uint8] | None = None

    def sentence(self) -> str:
        """Return the mistake in words."""
        source = self.plot.plot.source
        return f"{source}: labelled {self.plot.class_name}, judged {self.said} ({self.score:.3f})"


@dataclass(frozen=True, slots=True)
class Shown:
    """A mistake with its pictures as data URIs: the plot and the plot with the heat map (None: cannot be read)."""

    mistake: Mistake
    picture: str | None
    heatmap: str | None
    width: int = THUMBNAIL[0]
    height: int = THUMBNAIL[1]


def mistakes_among(
    classes: Sequence[str], plots: Sequence[LabelledPlot], scores: npt.NDArray[np.floating]
) -> tuple[list[Mistake], list[int]]:
    """Return the misjudged plots, the surest first, and which of `plots` they are; scores (n, classes)."""
    found = []
    for index, (plot, row) in enumerate(zip(plots, scores, strict=True)):
        said = int(row.argmax())
        if classes[said] != plot.class_name:
            right = float(row[classes.index(plot.class_name)])
            found.append((Mistake(plot, classes[said], float(row[said]), right), index))
    found.sort(key=lambda pair: -pair[0].score)
    return [m for m, _ in found], [i for _, i in found]


def heat_maps(model: "keras.Model", pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return where a model looked in prepared pictures (n, h, w, 3): uint8 (n, h', w'), 255 the hottest."""
    import tensorflow as tf

    from hydra_ml.engines.port import Maps
    from hydra_ml.engines.split import body_and_head

    body, head = body_and_head(model)
    outputs = body(tf.cast(pictures, tf.float32), training=False)
    # Keras gives one output as it is, several as a list.
    several = outputs if isinstance(outputs, list | tuple) else [outputs]
    return head(Maps(*(maps.numpy() for maps in several)))[1]


def queue_mistakes(store: "SqlStore", ref: ModelRef, mistakes: Mapping[str, float]) -> int:
    """Queue misjudged plots (uid → score of what was said instead) for review; return how many are new there.

    The surest come first: either the model has much to learn, or the label is wrong. Raises StoreError.
    """
    return store.queue_review(ref.plot_type, MISCLASSIFIED, mistakes, ref) if mistakes else 0


def show(mistakes: Sequence[Mistake], archive: Archive, crop: Crop) -> list[Shown]:
    """Draw the first `MOST_SHOWN` mistakes small; one whose picture cannot be read keeps its words."""
    return [_shown(mistake, archive, crop) for mistake in mistakes[:MOST_SHOWN]]


def _shown(mistake: Mistake, archive: Archive, crop: Crop) -> Shown:
    try:
        rgb = _cropped(images.decode(archive.get(mistake.plot.plot.sha256)), crop)
    except (ImageError, StoreError):
        return Shown(mistake, None, None)
    height, width = rgb.shape[:2]
    scale = min(THUMBNAIL[0] / width, THUMBNAIL[1] / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    heat = None if mistake.cam is None else _data_uri(images.heatmap_rgb(mistake.cam, rgb, size))
    return Shown(mistake, _data_uri(images.thumbnail(rgb, size)), heat, *size)


def _cropped(rgb: RGB, crop: Crop) -> RGB:
    left, top, right, bottom = crop
    height, width = rgb.shape[:2]
    return rgb[round(height * top) : round(height * (1 - bottom)), round(width * left) : round(width * (1 - right))]


def _data_uri(rgb: RGB) -> str:
    out = io.BytesIO()
    options: dict[str, Any] = {"quality": QUALITY, "method": 4}
    PilImage.fromarray(rgb).save(out, "WEBP", **options)
    return f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode()}"
