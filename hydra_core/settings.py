"""Rules that people set at run time over the configuration: what may be set, within which limits, and what it changes.

A setting has a name and a JSON value:

    severity.CLASS   "none", "minor" or "major"
    leave.CLASS      0…1, at most the threshold to enter; 0: until another class is sure
    confirm, clear   "k of n"
    on_delay, off_delay, stale_after   seconds (stale_after 0: never)
    mode             "RUN", "MAINT" or "TEST"

Thresholds to enter are not among them: they belong to the model (`SqlStore.set_thresholds`).
"""

import logging
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from hydra_core.domain import KofN, Mode, PlotType, Policy, Severity
from hydra_core.errors import UsageError

logger = logging.getLogger(__name__)

Values = Mapping[str, object]
"""Settings by name."""

MAX_SECONDS = 86400.0
MAX_N = 16
MAX_MUTE = 24 * 60.0
"""Minutes; a mute always ends by itself."""
SEVERITIES = {"none": Severity.NO_ALARM, "minor": Severity.MINOR, "major": Severity.MAJOR}


def checked(plot_type: PlotType, policy: Policy, name: str, value: object) -> Policy:
    """Return `policy` with one setting changed. Raises UsageError, saying the limits, when it may not be."""
    kind, _, class_name = name.partition(".")
    if kind in _OF_A_CLASS and class_name:
        if class_name not in plot_type.class_names():
            raise UsageError(f"{plot_type.name} has no class {class_name}: {', '.join(plot_type.class_names())}")
        return _OF_A_CLASS[kind](plot_type, policy, class_name, value)
    if name not in _OF_ALL:
        known = [*_OF_ALL, *(f"{kind}.CLASS" for kind in _OF_A_CLASS)]
        raise UsageError(f"{name} is no setting; there are {', '.join(known)}")
    return _OF_ALL[name](policy, value)


def in_force(plot_type: PlotType, thresholds: Mapping[str, float], own: Values, hall: Values) -> Policy:
    """Return the policy that the configuration, the thresholds set by hand and the settings make together.

    `hall` are those of all plot types; of the two modes the stricter holds. A setting that no longer fits, for
    instance of a class that was removed, is passed over. A threshold to leave never exceeds the one to enter.
    """
    policy = plot_type.policy
    policy = replace(policy, thresholds={**policy.thresholds, **thresholds})
    for name, value in own.items():
        if name.startswith("leave.") and isinstance(value, float):
            value = min(value, policy.thresholds.get(name.removeprefix("leave."), 1.0))
        try:
            policy = checked(plot_type, policy, name, value)
        except UsageError as error:
            logger.warning("setting passed over plot_type=%s name=%s error=%s", plot_type.name, name, error)
    leave = {name: min(score, policy.thresholds.get(name, 1.0)) for name, score in policy.leave.items()}
    return replace(policy, leave=leave, mode=max(policy.mode, hall_mode(hall)))


def hall_mode(hall: Values) -> Mode:
    """Return the mode that was set for all plot types."""
    word = hall.get("mode")
    return Mode[word] if isinstance(word, str) and word in Mode.__members__ else Mode.RUN


def _severity(plot_type: PlotType, policy: Policy, class_name: str, value: object) -> Policy:
    if not isinstance(value, str) or value not in SEVERITIES:
        raise UsageError(f"a severity is one of {', '.join(SEVERITIES)}, not {value!r}")
    severity = SEVERITIES[value]
    own = next((one.response for one in plot_type.classes if one.name == class_name), "")
    if severity is Severity.MAJOR and plot_type.judged and not (own or plot_type.response):
        raise UsageError(f"{plot_type.name} has no response in the configuration, which a major alarm needs")
    return replace(policy, severities={**policy.severities, class_name: severity})


def _leave(plot_type: PlotType, policy: Policy, class_name: str, value: object) -> Policy:
    score = _number(value, "a threshold to leave", 0.0, 1.0)
    enter = policy.thresholds.get(class_name, 1.0)
    if score > enter:
        raise UsageError(f"{class_name} enters at {enter:g}; it must not leave higher")
    others = {name: one for name, one in policy.leave.items() if name != class_name}
    if score == 0:
        return replace(policy, leave=others)
    return replace(policy, leave={**others, class_name: score})


def _k_of_n(name: str, put: Callable[[Policy, KofN], Policy]) -> Callable[[Policy, object], Policy]:
    def change(policy: Policy, value: object) -> Policy:
        match = re.fullmatch(r"(\d{1,3}) of (\d{1,3})", value) if isinstance(value, str) else None
        if match is None:
            raise UsageError(f'{name} is "k of n", e.g. "2 of 3", not {value!r}')
        k, n = int(match[1]), int(match[2])
        if not 1 <= k <= n <= MAX_N:
            raise UsageError(f"{name} cannot be {k} of {n}: k is 1 to n, n at most {MAX_N}")
        return put(policy, KofN(k, n))

    return change


def _seconds(name: str, put: Callable[[Policy, float], Policy]) -> Callable[[Policy, object], Policy]:
    return lambda policy, value: put(policy, _number(value, f"{name} in seconds", 0.0, MAX_SECONDS))


def _mode(policy: Policy, value: object) -> Policy:
    if not isinstance(value, str) or value not in Mode.__members__:
        raise UsageError(f"a mode is one of {', '.join(Mode.__members__)}, not {value!r}")
    return replace(policy, mode=Mode[value])


def _number(value: object, what: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value) or not least <= value <= most:
        raise UsageError(f"{what} is a number from {least:g} to {most:g}, not {value!r}")
    return float(value)


_OF_A_CLASS: Mapping[str, Callable[[PlotType, Policy, str, object], Policy]] = {"severity": _severity, "leave": _leave}
_OF_ALL: Mapping[str, Callable[[Policy, object], Policy]] = {
    "confirm": _k_of_n("confirm", lambda policy, votes: replace(policy, confirm=votes)),
    "clear": _k_of_n("clear", lambda policy, votes: replace(policy, clear=votes)),
    "on_delay": _seconds("on_delay", lambda policy, seconds: replace(policy, on_delay=seconds)),
    "off_delay": _seconds("off_delay", lambda policy, seconds: replace(policy, off_delay=seconds)),
    "stale_after": _seconds("stale_after", lambda policy, seconds: replace(policy, stale_after=seconds or None)),
    "mode": _mode,
}
