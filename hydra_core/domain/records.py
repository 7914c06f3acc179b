"""What the database tells the services and pages: labelled plots, the library's models, changes, the wall."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hydra_core.domain.epics import Severity, Status
from hydra_core.domain.plots import ModelRef, Plot


@dataclass(frozen=True, slots=True)
class LabelledPlot:
    """A plot with the class that people agreed on.

    `split` is train, validation, test or None (not fixed); plots of one `group` (a run, a board, an original
    and its copies) never stand on two sides of a split. `last_split` is where it stood in the newest training set.
    """

    plot: Plot
    class_name: str
    split: str | None = None
    group: str | None = None
    last_split: str | None = None


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
    """One plot type as the wall shows it. `cam_shape` is None when there is no heat map.

    `episode` is the incident that is open, `acked_by` who has acknowledged it ("": nobody).
    """

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
    episode: str | None = None
    acked_by: str = ""
