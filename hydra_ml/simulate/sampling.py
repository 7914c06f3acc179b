"""Sampling: from a plot type, a run and a random generator to the content of one plot, with the truth about it."""

import numpy as np

from hydra_core.errors import UsageError
from hydra_ml.simulate.content import GOOD, LABELS, Content
from hydra_ml.simulate.model import Fault, PlotModel, Severity
from hydra_ml.simulate.plots import all_plots
from hydra_ml.simulate.run import RunConditions


def plot_types() -> tuple[str, ...]:
    """Return the names of the plot types that can be simulated."""
    return tuple(model.name for model in all_plots())


def model_of(plot_type: str) -> PlotModel:
    """Return the description of a plot type. Raises UsageError for an unknown one."""
    for model in all_plots():
        if model.name == plot_type:
            return model
    raise UsageError(f"cannot simulate plot type {plot_type!r}; use one of: {', '.join(plot_types())}")


def faults(plot_type: str) -> tuple[Fault, ...]:
    """Return what can go wrong with a plot type, the plainest fault first. Raises UsageError."""
    return model_of(plot_type).faults


def labels(plot_type: str, classes: tuple[str, ...] = LABELS) -> tuple[str, ...]:
    """Return the labels that plots of this type can have, Good first (fa125_itrig has no NoData). Raises UsageError."""
    return tuple(dict.fromkeys([GOOD, *(fault.label_among(classes) for fault in faults(plot_type))]))


def sample(
    plot_type: str,
    rng: np.random.Generator,
    *,
    run: RunConditions,
    label: str | None = None,
    fault: str | None = None,
    fault_rng: np.random.Generator | None = None,
    classes: tuple[str, ...] = LABELS,
    severity: float | None = None,
) -> Content:
    """Return the content of one plot.

    `fault` (a name from `faults`) breaks it in that way, `label` in any way of that label (Good: none); with neither it
    is healthy as often as not. The healthy part depends on `rng` and `run` alone; `fault_rng` (same seed:
    same place) lets one fault last over several plots. `severity` says how hard the fault strikes, from 0 (subtle) to
    1 (obvious); None leaves it to chance, within what a person sees at once. Raises UsageError for what this plot type
    cannot have.
    """
    if severity is not None and not 0 <= severity <= 1:
        raise UsageError(f"the severity of a fault is a number from 0 (subtle) to 1 (obvious), not {severity}")
    model = model_of(plot_type)
    base, choice, own = rng.spawn(3)
    chosen = _chosen(model, choice, label, fault, classes)
    measured = model.healthy(base, run)
    if chosen is None:
        return Content(plot_type, model.pads(measured), GOOD)
    broken, boxes = chosen.damage(measured, own if fault_rng is None else fault_rng, Severity(severity))
    return Content(plot_type, model.pads(broken), chosen.label_among(classes), chosen.name, boxes, severity)


def _chosen(
    model: PlotModel, rng: np.random.Generator, label: str | None, fault: str | None, classes: tuple[str, ...]
) -> Fault | None:
    if fault is not None:
        return _named(model, fault, label, classes)
    if label == GOOD or (label is None and rng.random() < 0.5):
        return None
    fitting = [f for f in model.faults if label is None or f.label_among(classes) == label]
    if not fitting:
        raise UsageError(f"{model.name} has no label {label!r}; use one of: {', '.join(labels(model.name, classes))}")
    return fitting[int(rng.integers(len(fitting)))]


def _named(model: PlotModel, name: str, label: str | None, classes: tuple[str, ...]) -> Fault:
    for fault in model.faults:
        if fault.name == name:
            if label not in (None, fault.label_among(classes)):
                raise UsageError(f"fault {name!r} of {model.name} is {fault.label_among(classes)}, not {label}")
            return fault
    known = ", ".join(fault.name for fault in model.faults)
    raise UsageError(f"{model.name} has no fault {name!r}; use one of: {known}")
