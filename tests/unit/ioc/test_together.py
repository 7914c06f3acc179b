"""Plots of several types that wait are judged together: the same verdicts, and each one's trouble stays its own."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from support.outcomes import at, prediction

from hydra_core.domain import Arrival, Condition, Failure, ModelRef, Plot, Prediction
from hydra_core.errors import PredictionError
from hydra_core.images import Limits, decode, heatmap_rgb
from hydra_core.ports import RGB
from hydra_core.pvs import THUMBNAIL_SIZE
from hydra_ioc.inbox import Inbox
from hydra_ioc.judging import Judge

TYPES = ("A", "B", "C", "D")


def arrival(name: str, data: bytes, number: int = 1) -> Arrival:
    return Arrival(name, 1, number, at(number), at(number), f"{name}_{number}.png", data)


class Model:
    """A classifier that calls everything Good."""

    def __init__(self, name: str) -> None:
        self.ref = ModelRef(name, 1, "0" * 64)

    def predict(self, plots: Sequence[tuple[Plot, RGB]]) -> list[Prediction]:
        return [prediction(plot, "Good") for plot, _ in plots]


class Together:
    """Predicts and remembers which plots came in one pass; those in `broken` cannot be judged."""

    def __init__(self, broken: Sequence[str] = ()) -> None:
        self.passes: list[list[str]] = []
        self.threads: set[str] = set()
        self.broken = broken

    def __call__(self, wanted: Sequence[tuple[Any, Plot, RGB]]) -> list[Prediction]:
        self.passes.append([plot.plot_type for _, plot, _ in wanted])
        self.threads.add(threading.current_thread().name)
        if any(plot.plot_type in self.broken for _, plot, _ in wanted):
            raise PredictionError("not a number")
        return [prediction(plot, "Good") for _, plot, _ in wanted]


def judge(together: Together, models: dict[str, Any] | None = None, threads: int = 2) -> Judge:
    loaded = {name: Model(name) for name in TYPES} if models is None else models
    return Judge(Limits(), lambda: loaded, together, threads)


@pytest.mark.parametrize("threads", [1, 2])
def test_what_waits_goes_through_the_models_in_one_pass(picture: bytes, threads: int) -> None:
    together = Together()
    found = judge(together, threads=threads)([arrival(name, picture) for name in TYPES])
    assert together.passes == [list(TYPES)]
    assert together.threads == {threading.current_thread().name}
    assert [one.plot.plot_type for one in found] == list(TYPES)
    assert all(isinstance(one.event, Prediction) and one.event.plot == one.plot for one in found)
    assert all(one.image is not None and one.pictures is not None for one in found)


def test_each_kind_of_trouble_stays_with_its_own_plot(picture: bytes) -> None:
    together = Together(broken=["C"])
    models = {"A": Model("A"), "B": "hash wrong", "C": Model("C"), "E": Model("E")}
    arrivals = [arrival(name, b"" if name == "E" else picture) for name in "ABCDE"]
    a, b, c, d, e = judge(together, models)(arrivals)
    assert isinstance(a.event, Prediction)
    assert isinstance(b.event, Failure) and b.event.condition is Condition.SOFT
    assert isinstance(c.event, Failure) and c.event.condition is Condition.CALC
    assert d.event is None and d.image is not None
    assert isinstance(e.event, Failure) and e.event.condition is Condition.READ
    assert together.passes == [["A", "C"], ["A"], ["C"]]


def test_a_model_that_leaves_while_plots_are_judged_is_still_the_one_that_judged(picture: bytes) -> None:
    """The models are looked at once for all plots of a pass, so a swap falls before or after it."""
    looks = []

    def models() -> dict[str, Any]:
        looks.append(1)
        return {name: Model(name) for name in TYPES}

    Judge(Limits(), models, Together())([arrival(name, picture) for name in TYPES])
    assert len(looks) == 1


def test_the_heat_map_is_drawn_over_the_thumbnail_that_is_shown(picture: bytes) -> None:
    class Warm(Together):
        def __call__(self, wanted: Sequence[tuple[Any, Plot, RGB]]) -> list[Prediction]:
            cam = np.array([[0, 64], [128, 255]], np.uint8)
            return [
                Prediction(plot, ModelRef("A", 1, "0" * 64), ("Good", "Bad"), (0.9, 0.1), cam=cam)
                for _, plot, _ in wanted
            ]

    (found,) = judge(Warm())([arrival("A", picture)])
    assert found.pictures is not None and found.pictures.heatmap is not None
    assert isinstance(found.event, Prediction) and found.event.cam is not None
    np.testing.assert_array_equal(found.pictures.heatmap, heatmap_rgb(found.event.cam, decode(picture), THUMBNAIL_SIZE))
    assert not np.array_equal(found.pictures.heatmap, found.pictures.thumbnail)


async def test_the_inbox_gives_what_waits_longest_first_and_not_too_many() -> None:
    inbox = Inbox()
    for number, name in enumerate("ABCDE"):
        inbox.put(arrival(name, b"", number))
    inbox.put(arrival("A", b"", 9))
    assert [one.plot_type for one in await inbox.take(4)] == ["A", "B", "C", "D"]
    assert len(inbox) == 1 and inbox.dropped == 1
    assert [one.plot_type for one in await inbox.take(4)] == ["E"]
