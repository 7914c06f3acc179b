"""From bytes to a prediction: what the inference thread does with a plot, or with all that wait."""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from hydra_core.domain import Arrival, Condition, Failure, Image, Plot, Prediction
from hydra_core.errors import ImageError, PredictionError
from hydra_core.images import Limits, decode, describe, heat_over, inspect, thumbnail
from hydra_core.ports import RGB, Classifier, Pictures
from hydra_core.pvs import THUMBNAIL_SIZE
from hydra_core.sources.identity import arrival_uid

logger = logging.getLogger(__name__)

Models = Mapping[str, Classifier | str]
"""For each plot type with a model: the classifier, or why it cannot be used."""
Wanted = tuple[Classifier, Plot, RGB]
Predict = Callable[[Sequence[Wanted]], list[Prediction]]
_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Judged:
    """One plot after the inference thread. `event` is None when the plot type has no model."""

    plot: Plot
    image: Image | None
    event: Prediction | Failure | None
    pictures: Pictures | None
    rgb: RGB | None = None


@dataclass(frozen=True, slots=True)
class _Opened:
    """A picture that could be decoded."""

    plot: Plot
    image: Image
    rgb: RGB


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
    """Decodes and predicts; called in the inference thread only. One plot's failure is a verdict, never a crash.

    `predict` judges plots of several models at once; `threads` decode and draw when several plots come together.
    """

    def __init__(
        self, limits: Limits, models: Callable[[], Models], predict: Predict | None = None, threads: int = 1
    ) -> None:
        self._limits = limits
        self._models = models
        self._together = one_by_one if predict is None else predict
        self._threads = ThreadPoolExecutor(threads, "decode") if threads > 1 else None

    def __call__(self, arrivals: Sequence[Arrival]) -> list[Judged]:
        """Return what became of each arrival. Raises nothing."""
        opened = self._each(self._open, arrivals)
        events = iter(self._predict([(each.plot, each.rgb) for each in opened if isinstance(each, _Opened)]))
        return self._each(_drawn, [(each, next(events)) if isinstance(each, _Opened) else each for each in opened])

    def _each(self, work: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
        """Do something with each item, a lone one without the detour through another thread."""
        if self._threads is None or len(items) < 2:
            return [work(item) for item in items]
        return list(self._threads.map(work, items))

    def _open(self, arrival: Arrival) -> "_Opened | Judged":
        plot = plot_of(arrival)
        try:
            rgb = decode(arrival.data, self._limits)
            return _Opened(plot, describe(arrival.data, rgb), rgb)
        except ImageError as error:
            return Judged(plot, None, Failure(plot.plot_type, Condition.READ, f"{error.code}: {error}", plot), None)
        except Exception as error:
            logger.exception("decoding failed plot_type=%s source=%s", plot.plot_type, plot.source)
            return Judged(plot, None, Failure(plot.plot_type, Condition.READ, f"unreadable: {error}", plot), None)

    def describe(self, arrival: Arrival) -> tuple[Plot, Image | None]:
        """Return what is known of an arrival without judging it; no image when it is none."""
        plot = plot_of(arrival)
        try:
            header = inspect(arrival.data, self._limits)
        except ImageError:
            return plot, None
        size = len(arrival.data)
        return plot, Image(plot.sha256, header.media_type, header.width, header.height, size, None)

    def _predict(self, plots: Sequence[tuple[Plot, RGB]]) -> list[Prediction | Failure | None]:
        """Return what each plot's model says; None where there is none, a Failure where it cannot."""
        models = self._models()
        events: list[Prediction | Failure | None] = []
        wanted: list[tuple[int, Wanted]] = []
        for index, (plot, rgb) in enumerate(plots):
            model = models.get(plot.plot_type)
            events.append(Failure(plot.plot_type, Condition.SOFT, model, plot) if isinstance(model, str) else None)
            if model is not None and not isinstance(model, str):
                wanted.append((index, (model, plot, rgb)))
        for index, event in zip([i for i, _ in wanted], self._said([w for _, w in wanted]), strict=True):
            events[index] = event
        return events

    def _said(self, wanted: Sequence[Wanted]) -> list[Prediction | Failure]:
        """Judge together; where that fails each alone, so that one plot's failure is not another's."""
        if len(wanted) > 1:
            try:
                return list(self._together(wanted))
            except Exception as error:
                logger.warning("plots are judged one by one plots=%d reason=%s", len(wanted), error)
        return [self._alone(each) for each in wanted]

    def _alone(self, wanted: Wanted) -> Prediction | Failure:
        model, plot, _ = wanted
        try:
            return self._together([wanted])[0]
        except PredictionError as error:
            return Failure(plot.plot_type, Condition.CALC, str(error), plot)
        except Exception as error:
            logger.exception("inference failed plot_type=%s model=%s", plot.plot_type, model.ref)
            return Failure(plot.plot_type, Condition.CALC, f"inference failed: {error}", plot)


def one_by_one(wanted: Sequence[Wanted]) -> list[Prediction]:
    """Judge plots, each by its own model in a pass of its own."""
    return [model.predict([(plot, rgb)])[0] for model, plot, rgb in wanted]


def _drawn(judged: "Judged | tuple[_Opened, Prediction | Failure | None]") -> Judged:
    """Return what became of an arrival with the pictures that operators see."""
    if isinstance(judged, Judged):
        return judged
    opened, event = judged
    cam = event.cam if isinstance(event, Prediction) else None
    small = thumbnail(opened.rgb, THUMBNAIL_SIZE)
    heatmap = None if cam is None else heat_over(small, cam, (opened.rgb.shape[1], opened.rgb.shape[0]))
    return Judged(opened.plot, opened.image, event, Pictures(small, heatmap), opened.rgb)
