"""The order of things in the pipeline, with everything around it played by small fakes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from support.outcomes import at, image, prediction
from support.outcomes import plot as make_plot
from support.outcomes import plot_type as make_plot_type

from hydra_core.domain import Arrival, Condition, Failure, Image, Outcome, Plot, PlotState, Status
from hydra_core.errors import PredictionError, StoreError
from hydra_core.images import Limits
from hydra_ioc.judging import Judge, Judged
from hydra_ioc.pipeline import Pipeline
from hydra_ioc.watch import Watch

CDC, FCAL = "CDC_occupancy", "FCAL_occupancy"


def arrival(number: int, name: str = CDC) -> Arrival:
    when = at(number * 10)
    return Arrival(name, 12000, number, when, when, f"Run012000/{name}_{number:04d}.png", b"%d" % number)


@dataclass
class World:
    """Archive, recorder, publisher, clock and judge in one; `log` says in which order they were used."""

    log: list[str] = field(default_factory=list)
    kept: list[Outcome] = field(default_factory=list)
    published: list[Outcome] = field(default_factory=list)
    archive_error: Exception | None = None
    classes: dict[int, str] = field(default_factory=dict)
    judging: Callable[[Arrival], Judged] | None = None
    passes: list[list[int]] = field(default_factory=list)

    def put(self, data: bytes) -> str:
        if self.archive_error is not None:
            raise self.archive_error
        self.log.append(f"archive {data.decode()}")
        return ""

    async def keep(self, outcome: Outcome) -> None:
        await asyncio.sleep(0)
        self.log.append("keep" if outcome.plot is None else f"keep {outcome.plot.chunk}")
        self.kept.append(outcome)

    def outcome(self, outcome: Outcome, pictures: object, latency: float | None) -> None:
        self.log.append("publish" if outcome.plot is None else f"publish {outcome.plot.chunk}")
        self.published.append(outcome)

    def now(self) -> Any:
        return at(1000 + len(self.kept))

    def __call__(self, arrivals: Sequence[Arrival]) -> list[Judged]:
        self.passes.append([arrival.chunk for arrival in arrivals])
        return [self._judged(arrival) for arrival in arrivals]

    def _judged(self, arrival: Arrival) -> Judged:
        if self.judging is not None:
            return self.judging(arrival)
        item = make_plot(arrival.chunk, arrival.plot_type)
        said = prediction(item, self.classes.get(arrival.chunk, "Good"))
        return Judged(item, image(item), said, None)

    def describe(self, arrival: Arrival) -> tuple[Plot, Image | None]:
        item = make_plot(arrival.chunk, arrival.plot_type)
        return item, image(item)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def pipeline(world: World) -> AsyncIterator[Pipeline]:
    watches = {
        name: Watch(make_plot_type(name), make_plot_type(name).policy, PlotState(), has_model=True)
        for name in (CDC, FCAL)
    }
    threads = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
    made: Any = Pipeline(watches, world, world, world, world, world, *threads)  # type: ignore[arg-type]
    yield made
    for thread in threads:
        thread.shutdown()


async def judge_all(pipeline: Pipeline, *arrivals: Arrival) -> None:
    """Take arrivals in and work until nothing waits."""
    for item in arrivals:
        await pipeline.take(item)
    while len(pipeline.inbox):
        await pipeline.work(await pipeline.inbox.take(1))


async def test_an_outcome_is_archived_and_kept_before_it_is_published(pipeline: Pipeline, world: World) -> None:
    await judge_all(pipeline, arrival(1))
    assert world.log == ["archive 1", "keep 1", "publish 1"]


async def test_plots_keep_their_order_against_ticks(pipeline: Pipeline, world: World) -> None:
    """However ticks, mutes and plots fall together, what is kept and what is published have the same order."""
    watch = pipeline.watches[CDC]
    for number in range(1, 6):
        await pipeline.take(arrival(number))
        work = pipeline.work(await pipeline.inbox.take(1))
        await asyncio.gather(work, pipeline.tick(), pipeline.mute(watch, at(5000 + number), "anna"))
    kept = [entry.removeprefix("keep") for entry in world.log if entry.startswith("keep")]
    published = [entry.removeprefix("publish") for entry in world.log if entry.startswith("publish")]
    assert kept == published and len(kept) > 10
    assert world.kept == world.published
    assert [o.at for o in world.kept] == sorted(o.at for o in world.kept)


async def test_the_newest_plot_wins_and_the_others_are_stored_unjudged(pipeline: Pipeline, world: World) -> None:
    await judge_all(pipeline, arrival(1), arrival(2), arrival(3))
    assert [o.plot.chunk for o in world.published if o.plot] == [3]
    passed = [o for o in world.kept if o.plot is not None and o.verdict is None]
    assert [o.plot.chunk for o in passed if o.plot] == [1, 2]
    assert all(o.image is not None and o.prediction is None and o.state is None for o in passed)
    assert pipeline.inbox.dropped == 2


async def test_plot_types_do_not_pass_each_other_over(pipeline: Pipeline, world: World) -> None:
    await judge_all(pipeline, arrival(1, CDC), arrival(2, FCAL))
    assert [o.plot_type for o in world.published] == [CDC, FCAL]
    assert pipeline.inbox.dropped == 0


async def test_an_archive_that_fails_stops_no_verdict_and_is_said(pipeline: Pipeline, world: World) -> None:
    world.archive_error = StoreError("archive is full")
    await judge_all(pipeline, arrival(1))
    assert [o.plot.chunk for o in world.published if o.plot] == [1]
    assert pipeline.archive_trouble == "archive is full"
    world.archive_error = None
    await judge_all(pipeline, arrival(2))
    assert pipeline.archive_trouble == ""


async def test_two_bad_plots_alarm(pipeline: Pipeline, world: World) -> None:
    world.classes = {2: "Bad", 3: "Bad"}
    for number in (1, 2, 3):
        await judge_all(pipeline, arrival(number))
    assert [o.verdict.status for o in world.published if o.verdict] == [Status.GOOD, Status.SUSPECT, Status.BAD]
    assert world.published[-1].episode is not None


async def test_a_plot_type_without_model_is_stored_not_published(pipeline: Pipeline, world: World) -> None:
    item = make_plot(1)
    world.judging = lambda arrived: Judged(item, image(item), None, None)
    await judge_all(pipeline, arrival(1))
    assert world.published == []
    assert [o.plot for o in world.kept] == [item]


async def test_a_crash_in_one_plots_way_stops_nothing(pipeline: Pipeline, world: World) -> None:
    def crash(arrived: Arrival) -> Judged:
        raise RuntimeError("a bug")

    world.judging = crash
    running = asyncio.create_task(pipeline.run())
    await pipeline.take(arrival(1))
    async with asyncio.timeout(10):
        while len(pipeline.inbox):
            await asyncio.sleep(0.01)
    world.judging = None
    await pipeline.take(arrival(2))
    async with asyncio.timeout(10):
        while not world.published:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert world.published[0].plot is not None and world.published[0].plot.chunk == 2


class BrokenModel:
    """A classifier that raises."""

    ref = "CDC_occupancy v1"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def predict(self, plots: object) -> object:
        raise self.error


@pytest.mark.parametrize("error", [PredictionError("not a number"), RuntimeError("out of memory")])
def test_a_model_that_fails_is_a_calc_error(error: Exception, picture: bytes) -> None:
    (judged,) = Judge(Limits(), lambda: {CDC: BrokenModel(error)})([_arrived(picture)])  # type: ignore[dict-item]
    assert isinstance(judged.event, Failure)
    assert judged.event.condition is Condition.CALC and str(error) in judged.event.reason
    assert judged.image is not None and judged.pictures is not None


def test_a_model_that_cannot_be_loaded_is_a_soft_error(picture: bytes) -> None:
    (judged,) = Judge(Limits(), lambda: {CDC: "hash wrong"})([_arrived(picture)])
    assert isinstance(judged.event, Failure)
    assert (judged.event.condition, judged.event.reason) == (Condition.SOFT, "hash wrong")


def test_an_unreadable_picture_is_a_read_error(picture: bytes) -> None:
    (judged,) = Judge(Limits(), lambda: {CDC: "hash wrong"})([_arrived(picture[:-3])])
    assert isinstance(judged.event, Failure)
    assert judged.event.condition is Condition.READ and judged.event.reason.startswith("TRUNCATED: ")
    assert judged.image is None and judged.pictures is None


def _arrived(data: bytes) -> Arrival:
    return Arrival(CDC, 1, 1, at(0), at(0), "a.png", data)


async def test_what_waits_is_judged_together_and_a_lone_plot_alone(pipeline: Pipeline, world: World) -> None:
    for item in (arrival(1, CDC), arrival(2, FCAL), arrival(3, CDC)):
        await pipeline.take(item)
    running = asyncio.create_task(pipeline.run())
    async with asyncio.timeout(10):
        while len(world.published) < 2:
            await asyncio.sleep(0.01)
        await pipeline.take(arrival(4, FCAL))
        while len(world.published) < 3:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert world.passes == [[3, 2], [4]]
    assert [o.plot.chunk for o in world.published if o.plot] == [3, 2, 4]
    assert [o.plot.chunk for o in world.kept if o.plot and o.verdict is None] == [1]
    assert pipeline.inbox.dropped == 1
