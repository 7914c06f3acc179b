"""Works out what each plot type is once `defaults` and its own entry are laid over each other.

Every answer comes with the path in the YAML that it was taken from, so that what is used and what
`hydra config show --resolved` says can never differ.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from hydra_core.config.plots import ActiveWhen, Confirm, Judging, PlotEntry
from hydra_core.config.problems import Keys
from hydra_core.config.values import EVERY
from hydra_core.domain import Gate, KofN, LabelClass, Mode, PlotType, Policy, Severity, WhenLost

SEVERITIES = {"none": Severity.NO_ALARM, "minor": Severity.MINOR, "major": Severity.MAJOR}
MODES = {"run": Mode.RUN, "maintenance": Mode.MAINT, "test": Mode.TEST}
# Okabe and Ito's palette: told apart by people with any kind of colour blindness.
COLOURS = {
    Severity.NO_ALARM: ("#009e73", "#56b4e9", "#0072b2"),
    Severity.MINOR: ("#e69f00", "#f0e442"),
    Severity.MAJOR: ("#d55e00", "#cc79a7"),
}
_BUILT_IN_THRESHOLD = 0.9


@dataclass(frozen=True, slots=True)
class Found:
    """A value and where it stands in the YAML (None: nowhere, it is built in)."""

    value: Any
    keys: Keys | None = None


class Inheritance:
    """One plot type laid over the defaults."""

    def __init__(self, name: str, entry: PlotEntry, defaults: Judging) -> None:
        self._layers: tuple[tuple[Keys, Judging], ...] = ((("plots", name), entry), (("defaults",), defaults))
        self.name = name
        self.entry = entry

    def setting(self, field: str) -> Found:
        """Return a whole value: the plot's own, else the default, else the built-in one."""
        for keys, layer in self._layers:
            if field in layer.model_fields_set:
                return Found(getattr(layer, field), (*keys, field))
        return Found(getattr(self.entry, field))

    def confirm(self, field: str) -> Found:
        """Return `bad` or `clear`, each inherited by itself."""
        return _first(
            ((*keys, "confirm"), layer.confirm if "confirm" in layer.model_fields_set else None, field)
            for keys, layer in self._layers
        ) or Found(getattr(Confirm(), field))

    def threshold(self, class_name: str) -> Found:
        """Return a class's threshold. A number (or "*") in the plot overrides the whole table of the defaults."""
        for keys, layer in self._layers:
            if "threshold" in layer.model_fields_set:
                for key in (class_name, EVERY):
                    if key in layer.threshold:
                        return Found(layer.threshold[key], (*keys, "threshold", key))
        return Found(_BUILT_IN_THRESHOLD)

    def leave(self, class_name: str) -> Found:
        """Return the score below which a class no longer alarms; None: it has none."""
        for keys, layer in self._layers:
            if "leave" in layer.model_fields_set:
                for key in (class_name, EVERY):
                    if key in layer.leave:
                        return Found(layer.leave[key], (*keys, "leave", key))
                if layer is self.entry and not layer.leave:
                    return Found(None, (*keys, "leave"))
        return Found(None)

    def response(self, class_name: str) -> str:
        """Return what the operator does about a class: its own text, or else the plot's."""
        return self.class_setting(class_name, "response").value or self.entry.response

    def class_names(self) -> tuple[str, ...]:
        """Return the classes in enum order: the defaults' first, then the plot's own."""
        own, inherited = (layer.classes for _, layer in self._layers)
        merged = {**inherited, **own}
        return tuple(name for name, entry in merged.items() if entry is not None)

    def inherited(self) -> tuple[str, ...]:
        """Return the classes that the defaults give."""
        return tuple(name for name, entry in self._layers[1][1].classes.items() if entry is not None)

    def removed(self) -> tuple[str, ...]:
        """Return the classes that the plot's entry sets to null."""
        return tuple(name for name, entry in self.entry.classes.items() if entry is None)

    def class_keys(self, class_name: str) -> Keys:
        """Return where the class stands: in the plot's entry, or else in the defaults."""
        keys, _ = next(layer for layer in self._layers if layer[1].classes.get(class_name) is not None)
        return (*keys, "classes", class_name)

    def class_setting(self, class_name: str, field: str) -> Found:
        """Return one value of a class; None when nobody gives it."""
        return _first(
            ((*keys, "classes", class_name), layer.classes.get(class_name), field) for keys, layer in self._layers
        ) or Found(None)

    def colour(self, class_name: str) -> Found:
        """Return a class's colour; by default the next of its severity's."""
        given = self.class_setting(class_name, "colour")
        if given.value is not None:
            return given
        alike = [name for name in self.class_names() if self._severity(name) == self._severity(class_name)]
        choice = COLOURS[self._severity(class_name)]
        return Found(choice[alike.index(class_name) % len(choice)])

    def title(self) -> Found:
        """Return the title; by default the name with spaces."""
        if self.entry.title is not None:
            return Found(self.entry.title, ("plots", self.name, "title"))
        return Found(self.name.replace("_", " "))

    def plot_type(self) -> PlotType:
        """Return the plot type; the configuration must have passed its checks."""
        names = self.class_names()
        entry = self.entry
        return PlotType(
            name=self.name,
            title=self.title().value,
            group=entry.group,
            pv=entry.pv,
            classes=tuple(self._label_class(name) for name in names),
            policy=self._policy(names),
            judged=entry.model is not None,
            contact=entry.contact,
            guidance=entry.guidance,
            response=entry.response,
        )

    def _severity(self, class_name: str) -> Severity:
        return SEVERITIES[self.class_setting(class_name, "severity").value]

    def _label_class(self, name: str) -> LabelClass:
        return LabelClass(
            name=name,
            severity=self._severity(name),
            key=self.class_setting(name, "key").value,
            colour=self.colour(name).value,
            description=self.class_setting(name, "description").value or "",
            response=self.response(name),
        )

    def _policy(self, names: tuple[str, ...]) -> Policy:
        active_when = self.setting("active_when").value
        bad: KofN = self.confirm("bad").value
        clear: KofN = self.confirm("clear").value
        return Policy(
            severities={name: self._severity(name) for name in names},
            thresholds={name: self.threshold(name).value for name in names},
            confirm=bad,
            clear=clear,
            stale_after=self.setting("stale_after").value,
            gate=_gate(active_when),
            novelty=self.setting("novelty").value,
            suspect_severity=SEVERITIES[self.setting("suspect_severity").value],
            plot_type=self.name,
            leave=self._leave(names),
            on_delay=self.setting("on_delay").value or 0.0,
            off_delay=self.setting("off_delay").value or 0.0,
            mode=MODES[self.setting("mode").value],
        )

    def _leave(self, names: tuple[str, ...]) -> dict[str, float]:
        found = {name: self.leave(name).value for name in names if self._severity(name)}
        return {name: value for name, value in found.items() if value is not None}


def _gate(section: ActiveWhen | None) -> Gate:
    if section is None:
        return Gate()
    lost = WhenLost(section.when_lost)
    return Gate(section.beam_above, section.rate_above, section.when.strip(), section.settle or 0.0, lost)


def _first(layers: Iterator[tuple[Keys, BaseModel | None, str]]) -> Found | None:
    for keys, section, field in layers:
        if section is not None and field in section.model_fields_set:
            return Found(getattr(section, field), (*keys, field))
    return None


def plot_types(defaults: Judging, plots: Mapping[str, PlotEntry]) -> tuple[PlotType, ...]:
    """Return every plot type in the order of the file."""
    return tuple(Inheritance(name, entry, defaults).plot_type() for name, entry in plots.items())
