"""What is decided: the events, what is remembered of a plot type, its incidents, and the verdict."""

from dataclasses import dataclass
from datetime import datetime

from hydra_core.domain.epics import Condition, Severity, Status
from hydra_core.domain.plots import Image, Plot, Prediction
from hydra_core.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Failure:
    """A plot that could not be judged: unreadable (READ), inference failed (CALC), no usable model (SOFT)."""

    plot_type: str
    condition: Condition
    reason: str
    plot: Plot | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passes; also carries what may have changed around the plot type.

    `resumed` is True for the first one after the service started: silence counts from then. `why` names the
    condition that keeps the gate closed. `trouble` is what stops the judging of all plot types alike (the feed,
    the models): one alarm of the service's own goes with it.
    """

    gate_open: bool = True
    enabled: bool = True
    has_model: bool = True
    resumed: bool = False
    why: str = ""
    trouble: tuple[Condition, str] | None = None


@dataclass(frozen=True, slots=True)
class Mute:
    """An operator silences a plot type's alarm until `until` (None: unmute)."""

    until: datetime | None
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ruled:
    """Another policy is in force from here on: somebody changed a rule, or the configuration."""

    policy: Policy


Event = Prediction | Failure | Tick | Mute | Ruled


@dataclass(frozen=True, slots=True)
class Judgement:
    """One prediction reduced to what k-of-n counts. `severity` is None when it is not sure (below threshold, novel).

    `holds` is the severity that it still speaks for while an incident of a class with a threshold to leave is open.
    """

    class_name: str
    score: float
    severity: Severity | None
    at: datetime
    holds: Severity | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A level that k of n speak for since `since`, but not long enough yet; `plot` is the uid of the last of them."""

    level: Status
    since: datetime
    plot: str | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """One incident: from the first plot that looked wrong until the plot type was confirmed right again.

    `uid` is the plot type and the start, so that a replay gives the same one.
    """

    uid: str
    plot_type: str
    class_name: str
    started_at: datetime
    confirmed_at: datetime
    worst_score: float
    first_plot: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlotState:
    """All that `decide` remembers of one plot type.

    `level` is the confirmed condition of the plot itself (UNKNOWN, GOOD, WARN or BAD), which survives being
    hidden by STALE, ERROR and OFF; `status`, `severity` and `condition` are what the PVs show since `since`.
    `recent` is newest last;
    silence is counted from the later of `last_plot_at` and `active_since` (when judging last began);
    `episode` is the incident that is open while the level is WARN or BAD; `trouble` hides all but OFF.
    """

    recent: tuple[Judgement, ...] = ()
    level: Status = Status.UNKNOWN
    status: Status = Status.UNKNOWN
    severity: Severity = Severity.INVALID
    condition: Condition = Condition.UDF
    since: datetime | None = None
    last_plot_at: datetime | None = None
    active_since: datetime | None = None
    episode: Episode | None = None
    muted_until: datetime | None = None
    muted_by: str = ""
    gate_open: bool = True
    enabled: bool = True
    has_model: bool = True
    failure: tuple[Condition, str] | None = None
    muted_why: str = ""
    gate_why: str = ""
    trouble: tuple[Condition, str] | None = None
    pending: Pending | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the operator is told. `plot` is None for verdicts that no plot caused (STALE, OFF, mute)."""

    plot_type: str
    plot: Plot | None
    class_name: str
    score: float
    status: Status
    severity: Severity
    condition: Condition
    confirmed: bool
    streak: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that is written about one event, in one transaction, exactly once.

    A plot that newest-wins passed over has only `image` and `plot`; a Tick or Mute has no `plot`.
    `reject` is the reason why a file gave no plot at all (counted, not judged).
    `event` is what `decide` was given when that was no Prediction, so that a replay can give it again.
    """

    plot_type: str
    at: datetime
    image: Image | None = None
    plot: Plot | None = None
    prediction: Prediction | None = None
    verdict: Verdict | None = None
    state: PlotState | None = None
    episode: Episode | None = None
    reject: str | None = None
    event: Failure | Tick | Mute | Ruled | None = None
