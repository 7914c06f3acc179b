"""The words that all of Hydra shares: plot type, plot, prediction, policy, verdict, episode.

Everything here is immutable and free of I/O. Times are aware UTC `datetime`s; durations are seconds;
scores, thresholds and novelty are fractions 0…1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

import numpy as np
import numpy.typing as npt


class Severity(IntEnum):
    """EPICS alarm severity (SEVR)."""

    NO_ALARM = 0
    MINOR = 1
    MAJOR = 2
    INVALID = 3


class Condition(IntEnum):
    """EPICS alarm condition (STAT), those that Hydra uses, with the numbers of EPICS base `alarm.h`."""

    NO_ALARM = 0
    READ = 1
    WRITE = 2
    HIHI = 3
    HIGH = 4
    LOLO = 5
    LOW = 6
    STATE = 7
    COMM = 9
    TIMEOUT = 10
    CALC = 12
    SOFT = 15
    UDF = 17
    DISABLE = 18


class Status(IntEnum):
    """What a plot type's STATUS PV says. The index is the enum state: append only."""

    UNKNOWN = 0
    GOOD = 1
    SUSPECT = 2
    WARN = 3
    BAD = 4
    STALE = 5
    ERROR = 6
    OFF = 7


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


@dataclass(frozen=True, slots=True)
class Gate:
    """When a plot type is judged at all. `None` means: this condition is not asked for."""

    beam_above: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How predictions of one plot type become verdicts.

    `severities` maps each class to its severity; `thresholds` each class to the score it must reach;
    `stale_after` is seconds of silence (None: never stale); a plot with novelty ≥ `novelty` is SUSPECT
    whatever its class (None: ignore novelty).
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


@dataclass(frozen=True, slots=True)
class Arrival:
    """A complete file from a source, its bytes not yet judged in any way.

    `taken_at` is the file's own time (mtime), `source` where it came from (path relative to the source).
    """

    plot_type: str
    run: int
    chunk: int
    taken_at: datetime
    received_at: datetime
    source: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Image:
    """What is known of archived picture bytes: `sha256` hex, size in pixels and bytes, 64-bit `dhash`."""

    sha256: str
    media_type: str
    width: int
    height: int
    size: int
    dhash: int | None


@dataclass(frozen=True, slots=True)
class Plot:
    """One picture of one plot type. `uid` (32 hex digits) identifies the arrival across restarts."""

    uid: str
    plot_type: str
    run: int
    chunk: int
    taken_at: datetime
    received_at: datetime
    source: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which model judged: plot type, version, sha256 of its `model.keras`. `str()` is the MODEL PV."""

    plot_type: str
    version: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.plot_type} v{self.version}"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model said of one plot. All of it comes from one forward pass.

    `scores` has one probability per entry of `classes` (sum 1); `cam` is the Grad-CAM map of the top class
    as uint8 of the feature map's size (h, w), 255 the hottest; `embedding` is float32 (d,);
    `novelty` 0…1; `took` seconds for decode, resize and inference.
    """

    plot: Plot
    model: ModelRef
    classes: tuple[str, ...]
    scores: tuple[float, ...]
    cam: npt.NDArray[np.uint8] | None = field(default=None, compare=False)
    embedding: npt.NDArray[np.float32] | None = field(default=None, compare=False)
    novelty: float = 0.0
    took: float = 0.0

    def top(self) -> tuple[str, float]:
        """Name and score of the class with the highest score."""
        best = max(range(len(self.scores)), key=self.scores.__getitem__)
        return self.classes[best], self.scores[best]


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

    `resumed` is True for the first one after the service started: silence counts from then.
    """

    gate_open: bool = True
    enabled: bool = True
    has_model: bool = True
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Mute:
    """An operator silences a plot type's alarm until `until` (None: unmute)."""

    until: datetime | None
    by: str = ""


Event = Prediction | Failure | Tick | Mute


@dataclass(frozen=True, slots=True)
class Judgement:
    """One prediction reduced to what k-of-n counts. `severity` is None when it is not sure (below threshold, novel)."""

    class_name: str
    score: float
    severity: Severity | None
    at: datetime


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
    `episode` is the incident that is open while the level is WARN or BAD.
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
    event: Failure | Tick | Mute | None = None


@dataclass(frozen=True, slots=True)
class LabelledPlot:
    """A plot with the class that people agreed on.

    `split` is train, validation, test or None (not fixed); plots of one `group` (a run, a board, an original
    and its copies) never stand on two sides of a split.
    """

    plot: Plot
    class_name: str
    split: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A model in the library. `state` is candidate, shadow, active or retired; `path` the bundle's directory.

    `thresholds` are the last ones of each class, however chosen; `manual` those of them that a person set.
    """

    ref: ModelRef
    state: str
    path: str
    classes: tuple[str, ...]
    metrics: Mapping[str, float]
    thresholds: Mapping[str, float]
    created_at: datetime
    created_by: str
    parent: int | None = None
    manual: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the `change` table: something that a page or a replay must know of."""

    id: int
    kind: str
    plot_type: str | None
    payload: Mapping[str, object]
    at: datetime


@dataclass(frozen=True, slots=True)
class WallRow:
    """One plot type as the wall shows it. `cam_shape` is None when there is no heat map."""

    plot_type: str
    title: str
    group: str
    pv: str
    status: Status
    severity: Severity
    since: datetime | None
    reason: str
    class_name: str
    score: float
    plot: Plot | None
    model: str
    inference_id: int | None
    cam_shape: tuple[int, int] | None
    muted_until: datetime | None
    muted_by: str
    updated_at: datetime
