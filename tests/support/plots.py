"""Domain objects for tests, made with as few words as possible."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hydra_core.domain import KofN, LabelClass, ModelRef, Plot, PlotType, Policy, Prediction, Severity

T0 = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
TWO_OF_THREE, TWO_OF_TWO = KofN(2, 3), KofN(2, 2)
CLASSES = ("Good", "Bad", "NoData")
SEVERITIES = {"Good": Severity.NO_ALARM, "Bad": Severity.MAJOR, "NoData": Severity.MINOR}


def at(seconds: float) -> datetime:
    """Return a time `seconds` after the tests' beginning."""
    return T0 + timedelta(seconds=seconds)


def policy(
    *,
    threshold: float = 0.9,
    confirm: KofN = TWO_OF_THREE,
    clear: KofN = TWO_OF_TWO,
    stale_after: float | None = 60.0,
    novelty: float | None = None,
    plot_type: str = "CDC_occupancy",
    **more: Any,
) -> Policy:
    """Return a policy of Good (none), Bad (major), NoData (minor); `more` are Policy's other fields."""
    return Policy(
        SEVERITIES,
        dict.fromkeys(CLASSES, threshold),
        confirm,
        clear,
        stale_after,
        novelty=novelty,
        plot_type=plot_type,
        **more,
    )


def plot_type(name: str = "CDC_occupancy", pv: str = "CDC_OCC", **policy_options: object) -> PlotType:
    """Return a plot type with the classes of `policy`."""
    keys = {"Good": "g", "Bad": "b", "NoData": "n"}
    classes = tuple(LabelClass(c, SEVERITIES[c], keys[c], "#808080") for c in CLASSES)
    return PlotType(name, name, "Test", pv, classes, policy(plot_type=name, **policy_options))  # type: ignore[arg-type]


def plot(number: int = 0, plot_type: str = "CDC_occupancy", seconds: float | None = None) -> Plot:
    """Return the plot of chunk `number`, taken and received at that second unless said otherwise."""
    when = at(number if seconds is None else seconds)
    return Plot(
        f"{number:032x}", plot_type, 1, number, when, when, f"Run1/{plot_type}_{number:04d}.png", f"{number:064x}"
    )


def prediction(
    class_name: str = "Good",
    score: float = 0.99,
    number: int = 0,
    novelty: float = 0.0,
    plot_type: str = "CDC_occupancy",
) -> Prediction:
    """Return a prediction of `class_name` with `score`; the rest is shared by the other classes."""
    rest = (1.0 - score) / (len(CLASSES) - 1)
    scores = tuple(score if c == class_name else rest for c in CLASSES)
    return Prediction(plot(number, plot_type), ModelRef(plot_type, 1, "0" * 64), CLASSES, scores, novelty=novelty)
