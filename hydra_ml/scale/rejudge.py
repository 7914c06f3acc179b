"""Judge an archive again with a given model: what it says of every plot, and what alarms would have come of it.

Plots stream from the database in pages, through the workers, back into the database: nothing grows with their number.
A run that was stopped goes on where it was, for what a model has said of a plot is stored once.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Protocol, TypeVar

from hydra_core.domain import Event, Failure, ModelRef, Plot, PlotType, Policy, Prediction, Tick, Verdict
from hydra_core.replay import Replay, replay
from hydra_core.store.rejudging import StoredPlot
from hydra_ml.progress import Progress
from hydra_ml.scale.pictures import PictureJudge
from hydra_ml.scale.workers import Workers

if TYPE_CHECKING:
    from hydra_core.store import SqlStore

T = TypeVar("T")
Past = tuple[datetime, Event, Verdict | None]

BATCH = 64
"""Plots that a worker is given at a time."""
PAGE = 500
"""Plots that are looked up at a time."""
REPORT_EVERY = 20.0
"""Seconds between two lines of progress."""
DAY = 86_400.0


class Said(Protocol):
    """Where predictions are kept: the store, or a scratch file that goes with the command."""

    def judged(self, ref: ModelRef, plot_ids: Sequence[int]) -> set[int]:
        """Return those of the plots that the model has judged."""
        ...

    def add_shadow(self, said: Sequence[tuple[int, Prediction]]) -> None:
        """Keep what a model says of plots, once."""
        ...

    def predictions_of(self, ref: ModelRef, plots: Sequence[Plot]) -> dict[str, Prediction]:
        """Return plot uid → what the model said, of those that it has judged."""
        ...


@dataclass(slots=True)
class Judged:
    """What became of the plots: `now` judged, `before` judged already, by class those of now; the first failures."""

    now: int = 0
    before: int = 0
    failed: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(slots=True)
class Alarms:
    """What would have been told, beside what was; `recorded` is False where nobody had judged the plots before.

    `changed` counts (class then, class now); `days` is the time between the first event and the last.
    """

    replay: Replay
    recorded: bool
    changed: Counter[tuple[str, str]]
    days: float

    def a_day(self, episodes: int) -> float | None:
        """Return episodes a day; None for less than an hour, from which nothing a day can be said."""
        return episodes / self.days if self.days >= 1 / 24 else None


def judge_again(
    ref: ModelRef,
    plots: Iterable[StoredPlot],
    judge: PictureJudge,
    workers: Workers,
    said: Said,
    progress: Progress,
) -> Judged:
    """Judge the plots that the model has not judged yet, and keep what it says. Raises ModelError, StoreError."""
    result, started, told = Judged(), time.monotonic(), time.monotonic()
    for answers in workers.run(judge, _batches(ref, plots, said, result)):
        said.add_shadow([(plot_id, p) for plot_id, p in answers if isinstance(p, Prediction)])
        for _, answer in answers:
            _count(result, answer)
        if time.monotonic() - told > REPORT_EVERY:
            told = time.monotonic()
            progress.stage(f"{result.now} plots judged, {result.now / (told - started):.0f} a second")
    result.seconds = time.monotonic() - started
    return result


def would_have_been(
    plot_type: PlotType,
    store: "SqlStore",
    ref: ModelRef,
    said: Said,
    policy: Policy,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Alarms:
    """Replay the recorded history with the model's predictions in place of those of then.

    Where nothing was recorded (an imported archive) the plots come in the order of runs, at the times that they were
    taken. Raises StoreError.
    """
    span: list[datetime] = []
    changed: Counter[tuple[str, str]] = Counter()
    history = iter(store.history(plot_type, since, until))
    first = next(history, None)
    if first is not None:
        events = _with_predictions(_again(first, history), ref, said, changed)
    else:
        events = _of_plots(store.stored_plots(plot_type.name, since, until), ref, said)
    result = replay(plot_type.name, _watched(events, span), policy)
    days = (max(span) - min(span)).total_seconds() / DAY if span else 0.0
    return Alarms(result, first is not None, changed, days)


def _batches(
    ref: ModelRef, plots: Iterable[StoredPlot], said: Said, result: Judged
) -> Iterator[tuple[StoredPlot, ...]]:
    """Yield plots that are still to be judged, as many as one task has."""
    waiting: list[StoredPlot] = []
    for page in _pages(plots, PAGE):
        known = said.judged(ref, [item.id for item in page])
        result.before += len(known)
        waiting += [item for item in page if item.id not in known]
        while len(waiting) >= BATCH:
            yield tuple(waiting[:BATCH])
            waiting = waiting[BATCH:]
    if waiting:
        yield tuple(waiting)


def _count(result: Judged, answer: Prediction | Failure) -> None:
    if isinstance(answer, Prediction):
        result.now += 1
        result.classes[answer.top()[0]] += 1
        return
    result.failed += 1
    if len(result.failures) < 10 and answer.plot is not None:
        result.failures.append(f"{answer.plot.source}: {answer.reason}")


def _with_predictions(
    history: Iterable[Past], ref: ModelRef, said: Said, changed: Counter[tuple[str, str]]
) -> Iterator[Past]:
    for page in _pages(history, PAGE):
        plots = [e.plot for _, e, _ in page if isinstance(e, Prediction | Failure) and e.plot is not None]
        found = said.predictions_of(ref, plots)
        for at, event, verdict in page:
            yield at, _instead(event, found, changed), verdict


def _instead(event: Event, found: dict[str, Prediction], changed: Counter[tuple[str, str]]) -> Event:
    """Return the event as it would have been with the model in service."""
    if isinstance(event, Tick):
        return replace(event, has_model=True)
    if not isinstance(event, Prediction | Failure) or event.plot is None or event.plot.uid not in found:
        return event
    now = found[event.plot.uid]
    changed[event.top()[0] if isinstance(event, Prediction) else "not judged", now.top()[0]] += 1
    return now


def _of_plots(plots: Iterable[StoredPlot], ref: ModelRef, said: Said) -> Iterator[Past]:
    for page in _pages(plots, PAGE):
        found = said.predictions_of(ref, [item.plot for item in page])
        yield from ((i.plot.taken_at, found[i.plot.uid], None) for i in page if i.plot.uid in found)


def _watched(events: Iterable[Past], span: list[datetime]) -> Iterator[Past]:
    """Pass events on, and leave the earliest and the latest time in `span`."""
    for event in events:
        span[:] = [min([event[0], *span]), max([event[0], *span])]
        yield event


def _again(first: T, rest: Iterator[T]) -> Iterator[T]:
    yield first
    yield from rest


def _pages(items: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(items)
    while page := list(islice(source, size)):
        yield page
