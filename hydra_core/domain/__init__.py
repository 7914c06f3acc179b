"""The words that all of Hydra shares: plot type, plot, prediction, policy, verdict, episode.

Everything here is immutable and free of I/O. Times are aware UTC `datetime`s; durations are seconds;
scores, thresholds and novelty are fractions 0…1.
"""

from hydra_core.domain.epics import Condition, Severity, Status
from hydra_core.domain.plots import Arrival, Image, ModelRef, Plot, Prediction
from hydra_core.domain.policy import Gate, KofN, LabelClass, Mode, PlotType, Policy, WhenLost
from hydra_core.domain.records import Change, LabelledPlot, ModelRecord, WallRow
from hydra_core.domain.verdicts import (
    Episode,
    Event,
    Failure,
    Judgement,
    Mute,
    Outcome,
    Pending,
    PlotState,
    Ruled,
    Tick,
    Verdict,
)

__all__ = [
    "Arrival",
    "Change",
    "Condition",
    "Episode",
    "Event",
    "Failure",
    "Gate",
    "Image",
    "Judgement",
    "KofN",
    "LabelClass",
    "LabelledPlot",
    "Mode",
    "ModelRecord",
    "ModelRef",
    "Mute",
    "Outcome",
    "Pending",
    "Plot",
    "PlotState",
    "PlotType",
    "Policy",
    "Prediction",
    "Ruled",
    "Severity",
    "Status",
    "Tick",
    "Verdict",
    "WallRow",
    "WhenLost",
]
