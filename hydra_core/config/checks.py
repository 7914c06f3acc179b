"""Cross checks: what is wrong only when several parts of a hall's configuration are seen together."""

from collections.abc import Iterator

from hydra_core.config import naming
from hydra_core.config.hall import HallConfig
from hydra_core.config.problems import Keys, Problem, did_you_mean
from hydra_core.config.resolve import Inheritance
from hydra_core.config.values import EVERY
from hydra_core.gates import GateError, parse

MAX_CLASSES = 16


def problems(config: HallConfig) -> Iterator[Problem]:
    """Yield what must be mended before anything may start; lines are not filled in."""
    if not config.plots:
        yield Problem(("plots",), "no plot types; name at least one, e.g. CDC_occupancy: {pv: CDC_OCC}")
    yield from _sources(config)
    yield from _gates(config)
    yield from _default_thresholds(config)
    for plot in inheritances(config):
        yield from _classes(plot)
        yield from _hotkeys(plot)
        yield from _thresholds(plot)
        yield from _leave(plot)
        yield from _responses(plot)
    yield from naming.problems(config)


def warnings(config: HallConfig) -> Iterator[Problem]:
    """Yield what is allowed but probably not meant."""
    if config.epics.prefix[-1].isalnum():
        yield Problem(("epics", "prefix"), f'no separator at the end; names will read "{config.epics.prefix}SYS:STATE"')
    if not config.sources:
        yield Problem((), "no sources; no plot will ever arrive")
    for plot in inheritances(config):
        if plot.setting("mode").value == "test":
            yield Problem(plot.setting("mode").keys or (), f"{plot.name} raises no alarm at all while in test mode")


def inheritances(config: HallConfig) -> tuple[Inheritance, ...]:
    """Return every plot type laid over the defaults."""
    return tuple(Inheritance(name, entry, config.defaults) for name, entry in config.plots.items())


def _sources(config: HallConfig) -> Iterator[Problem]:
    seen: dict[tuple[str, str], int] = {}
    for index, source in enumerate(config.sources):
        first = seen.setdefault((str(source.path), source.pattern), index)
        if first != index:
            yield Problem(
                ("sources", index), f"the same path and pattern as sources[{first}]; every plot would come twice"
            )
        elif source.kind == "http" and any(other.kind == "http" for other in config.sources[:index]):
            yield Problem(("sources", index), "a second source of kind http; one takes the plots of all plot types")


def _gates(config: HallConfig) -> Iterator[Problem]:
    inputs = config.epics.inputs
    known = inputs.names()
    for keys, layer in ((("defaults",), config.defaults), *((("plots", n), p) for n, p in config.plots.items())):
        gate = layer.active_when
        if gate is None:
            continue
        if gate.beam_above is not None and inputs.beam is None:
            text = "needs the PV of the beam current; set epics.inputs.beam"
            yield Problem((*keys, "active_when", "beam_above"), text)
        if gate.rate_above is not None and inputs.rate is None:
            text = "needs the PV of the trigger rate; set epics.inputs.rate"
            yield Problem((*keys, "active_when", "rate_above"), text)
        if gate.when.strip():
            try:
                parse(gate.when, known)
            except GateError as error:
                yield Problem((*keys, "active_when", "when"), str(error))


def _leave(plot: Inheritance) -> Iterator[Problem]:
    """Check that an alarm is left below the score that it is entered at."""
    known = plot.class_names()
    for name in plot.entry.leave:
        if name != EVERY and name not in known:
            yield Problem(("plots", plot.name, "leave", name), f"unknown class{did_you_mean(name, known)}")
    for name in known:
        leave, enter = plot.leave(name), plot.threshold(name)
        good = plot.class_setting(name, "severity").value == "none"
        if leave.value is not None and not good and leave.value > enter.value:
            span = f"leaves at {leave.value:g} but enters at {enter.value:g}"
            yield Problem(leave.keys or (), f"{name} of {plot.name} {span}; it must not leave higher")
        elif good and leave.keys is not None and leave.keys[-1] == name:
            yield Problem(leave.keys, f"{name} is a good class; only a class that alarms is left")


def _responses(plot: Inheritance) -> Iterator[Problem]:
    """Ask for an operator's action: an alarm that asks for none is no alarm (ISA-18.2)."""
    if plot.entry.model is None:
        return
    major = [n for n in plot.class_names() if plot.class_setting(n, "severity").value == "major"]
    missing = [name for name in major if not plot.response(name).strip()]
    if missing:
        text = f'no response; say what an operator does when it is {missing[0]}, e.g. response: "Check …, call …"'
        yield Problem(("plots", plot.name), f"{text} (a major alarm asks for an action)")


def _default_thresholds(config: HallConfig) -> Iterator[Problem]:
    known = [name for plot in inheritances(config) for name in plot.class_names()]
    for name in config.defaults.threshold:
        if known and name != EVERY and name not in known:
            yield Problem(("defaults", "threshold", name), f"no plot type has this class{did_you_mean(name, known)}")
    for name in config.defaults.leave:
        if known and name != EVERY and name not in known:
            yield Problem(("defaults", "leave", name), f"no plot type has this class{did_you_mean(name, known)}")


def _thresholds(plot: Inheritance) -> Iterator[Problem]:
    known = plot.class_names()
    for name in plot.entry.threshold if "threshold" in plot.entry.model_fields_set else ():
        if name != EVERY and name not in known:
            text = f"unknown class{did_you_mean(name, known)}"
            yield Problem(("plots", plot.name, "threshold", name), text)


def _classes(plot: Inheritance) -> Iterator[Problem]:
    keys: Keys = ("plots", plot.name, "classes")
    names = plot.class_names()
    if not names:
        yield Problem(keys, "no classes; define them here or in defaults.classes")
    if len(names) > MAX_CLASSES:
        yield Problem(keys, f"{len(names)} classes; an EPICS enum holds {MAX_CLASSES}")
    for name in plot.removed():
        if name not in plot.inherited():
            hint = did_you_mean(name, plot.inherited())
            yield Problem((*keys, name), f"null removes a class of defaults, but there is none of this name{hint}")
    yield from _incomplete(plot)


def _incomplete(plot: Inheritance) -> Iterator[Problem]:
    """Check each class by itself; what `defaults` got wrong is reported there, once."""
    folded: dict[str, str] = {}
    for name in plot.class_names():
        keys = plot.class_keys(name)
        first = folded.setdefault(name.casefold(), name)
        if first != name:
            yield Problem(keys, f'differs from the class "{first}" only in upper and lower case')
        if plot.class_setting(name, "severity").value is None:
            yield Problem((*keys, "severity"), "missing: none (a good class), minor (WARN) or major (BAD)")
        if plot.class_setting(name, "key").value is None:
            text = f'missing: one lower-case letter or digit, e.g. "{_free_key(plot, name)}"'
            yield Problem((*keys, "key"), text)


def _free_key(plot: Inheritance, class_name: str) -> str:
    taken = {plot.class_setting(name, "key").value for name in plot.class_names()}
    letters = [c for c in class_name.lower() + "0123456789abcdefghijklmnopqrstuvwxyz" if c.isalnum() and c not in taken]
    return letters[0]


def _hotkeys(plot: Inheritance) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    for name in plot.class_names():
        found = plot.class_setting(name, "key")
        if found.value is None:
            continue
        first = taken.setdefault(found.value, name)
        if first != name:
            text = f'"{found.value}" is already the key of {first}; "{_free_key(plot, name)}" is free'
            yield Problem(found.keys or (), text)
