"""How a hall wants its plots judged: classes, gate, policy, plot type."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from hydra_core.domain.epics import Severity


@dataclass(frozen=True, slots=True)
class KofN:
    """`k` judgements among the last `n` (1 ≤ k ≤ n)."""

    k: int
    n: int

    def __post_init__(self) -> None:
        if not 1 <= self.k <= self.n:
            raise ValueError(f"need 1 <= k <= n, got {self.k} of {self.n}")

    def __str__(self) -> str:
        return f"{self.k} of {self.n}"


@dataclass(frozen=True, slots=True)
class LabelClass:
    """One class a plot type may be given; position in `PlotType.classes` is its enum index (append only)."""

    name: str
    severity: Severity
    key: str
    colour: str
    description: str = ""
    response: str = ""


class Mode(IntEnum):
    """How far a plot type's alarms go out. The index is the enum state of the MODE PVs: append only."""

    RUN = 0
    MAINT = 1
    TEST = 2


class WhenLost(StrEnum):
    """What the gate does while an input that it needs is not known."""

    OPEN = "open"
    CLOSED = "closed"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Gate:
    """When a plot type is judged at all. `None` or "" means: this condition is not asked for.

    `when` is an expression of `hydra_core.gates`; `settle` seconds after a run's start the gate stays closed.
    """

    beam_above: float | None = None
    rate_above: float | None = None
    when: str = ""
    settle: float = 0.0
    when_lost: WhenLost = WhenLost.OPEN


@dataclass(frozen=True, slots=True)
class Policy:
    """How predictions of one plot type become verdicts.

    `severities` maps each class to its severity; `thresholds` each class to the score it must reach to count.
    An incident of a class of `leave` is over once its score is below that (hysteresis); one of another class needs
    plots that are sure of a less severe class. An alarm is raised once k of n have said so for
    `on_delay` seconds and cleared once they have said so for `off_delay`.
    `stale_after` is seconds of silence (None: never stale); a plot with novelty ≥ `novelty` is SUSPECT
    whatever its class (None: ignore novelty). In `mode` MAINT no INVALID goes out, in TEST no severity at all.
    """

    severities: Mapping[str, Severity]
    thresholds: Mapping[str, float]
    confirm: KofN = KofN(2, 3)
    clear: KofN = KofN(2, 2)
    stale_after: float | None = 300.0
    gate: Gate = Gate()
    novelty: float | None = None
    suspect_severity: Severity = Severity.NO_ALARM
    plot_type: str = ""
    leave: Mapping[str, float] = field(default_factory=dict)
    on_delay: float = 0.0
    off_delay: float = 0.0
    mode: Mode = Mode.RUN


@dataclass(frozen=True, slots=True)
class PlotType:
    """One kind of plot a hall watches, as resolved from the configuration.

    `pv` is the short name in PV names; `judged` is False for a type that is collected but has no model
    on purpose (its STATUS is OFF).
    """

    name: str
    title: str
    group: str
    pv: str
    classes: tuple[LabelClass, ...]
    policy: Policy
    judged: bool = True
    contact: str = ""
    guidance: str = ""
    response: str = ""

    def class_names(self) -> tuple[str, ...]:
        """Class names in enum order."""
        return tuple(c.name for c in self.classes)
