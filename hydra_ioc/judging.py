"""From bytes to a prediction: what the inference thread does with one plot."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hydra_core.domain import Arrival, Condition, Failure, Image, Plot, Prediction
from hydra_core.errors import ImageError, PredictionError
from hydra_core.images import Limits, decode, describe, heatmap_rgb, inspect, thumbnail
from hydra_core.ports import RGB, Classifier, Pictures
from hydra_core.pvs import THUMBNAIL_SIZE
from hydra_core.sources.identity import arrival_uid

logger = logging.getLogger(__name__)

Models = Mapping[str, Classifier | str]
"""For each plot type with a model: the classifier, or why it cannot be used."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One plot after the inference thread. `event` is None when the plot type has no model."""

    plot: Plot
    image: Image | None
    event: Prediction | Failure | None
    pictures: Pictures | None


def plot_of(arrival: Arrival) -> Plot:
    """Return the plot that an arrival is; the same bytes from the same file at the same time are the same plot."""
    sha256 = hashlib.sha256(arrival.data).hexdigest()
    uid = arrival_uid(arrival.plot_type, arrival.source, arrival.taken_at, sha256)
    return Plot(
        uid,
        arrival.plot_type,
        arrival.run,
        arrival.chunk,
        arrival.taken_at,
        arrival.received_at,
        arrival.source,
        sha256,
    )


class Judge:
    """Decodes and predicts; called in the inference thread only. One plot's failure is a verdict, never a crash."""

    def __init__(self, limits: Limits, models: Callable[[], Models]) -> None:
        self._limits = limits
        self._models = models

    def __call__(self, arrival: Arrival) -> Judged:
        """Return what became of one arrival. Raises nothing."""
        plot = plot_of(arrival)
        try:
            rgb = decode(arrival.data, self._limits)
            image = describe(arrival.data, rgb)
        except ImageError as error:
            return Judged(plot, None, Failure(plot.plot_type, Condition.READ, f"{error.code}: {error}", plot), None)
        except Exception as error:
            logger.exception("decoding failed plot_type=%s source=%s", plot.plot_type, plot.source)
            return Judged(plot, None, Failure(plot.plot_type, Condition.READ, f"unreadable: {error}", plot), None)
        event = self._predict(plot, rgb)
        return Judged(plot, image, event, _pictures(rgb, event))

    def describe(self, arrival: Arrival) -> tuple[Plot, Image | None]:
        """Return what is known of an arrival without judging it; no image when it is none."""
        plot = plot_of(arrival)
        try:
            header = inspect(arrival.data, self._limits)
        except ImageError:
            return plot, None
        size = len(arrival.data)
        return plot, Image(plot.sha256, header.media_type, header.width, header.height, size, None)

    def _predict(self, plot: Plot, rgb: RGB) -> Prediction | Failure | None:
        model = self._models().get(plot.plot_type)
        if model is None:
            return None
        if isinstance(model, str):
            return Failure(plot.plot_type, Condition.SOFT, model, plot)
        try:
            return model.predict([(plot, rgb)])[0]
        except PredictionError as error:
            return Failure(plot.plot_type, Condition.CALC, str(error), plot)
        except Exception as error:
            logger.exception("inference failed plot_type=%s model=%s", plot.plot_type, model.ref)
            return Failure(plot.plot_type, Condition.CALC, f"inference failed: {error}", plot)


def _pictures(rgb: RGB, event: Prediction | Failure | None) -> Pictures:
    cam = event.cam if isinstance(event, Prediction) else None
    heatmap = heatmap_rgb(cam, rgb, THUMBNAIL_SIZE) if cam is not None else None
    return Pictures(thumbnail(rgb, THUMBNAIL_SIZE), heatmap)
