"""Verdicts and service health as process variables: which value, severity and time goes to which PV."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import numpy as np

from hydra_core.domain import (
    Condition,
    Outcome,
    PlotState,
    PlotType,
    Policy,
    Prediction,
    Severity,
    Status,
    Verdict,
)
from hydra_core.ports import Pictures
from hydra_ioc.ca import Record

_UNSURE = (Status.UNKNOWN, Status.STALE, Status.ERROR)
"""With these the model's last word is no longer a statement about the detector."""

MARKED = ("STATUS", "CLASS", "CONF", "SCORE")
"""What a stop marks INVALID: nobody watches from there on."""


class PvPublisher:
    """Posts to the records of all plot types (`records[plot type][suffix]`) and of the service."""

    def __init__(
        self,
        plots: Mapping[str, Mapping[str, Record]],
        service: Mapping[str, Record],
        plot_types: Mapping[str, PlotType],
        base_url: str,
    ) -> None:
        self._plots = plots
        self._service = service
        self._plot_types = plot_types
        self._base_url = base_url
        self._predicted: set[str] = set()
        self._mutes: set[str] = set()
        self.told: Callable[[str], None] = lambda plot_type: None
        """Called with a plot type's name after its PVs were posted."""

    def outcome(self, outcome: Outcome, pictures: Pictures | None, latency: float | None) -> None:
        """Publish one outcome; everything of one verdict has one time stamp, STATUS comes last."""
        records, at = self._plots[outcome.plot_type], outcome.at.timestamp()
        if outcome.prediction is not None:
            self._prediction(records, outcome.prediction, at)
            self._predicted.add(outcome.plot_type)
        if outcome.plot is not None:
            self._provenance(records, outcome, at)
        if pictures is not None:
            records["IMAGE"].post(pictures.thumbnail.reshape(-1), at=at)
            if pictures.heatmap is not None:
                records["HEATMAP"].post(pictures.heatmap.reshape(-1), at=at)
        if latency is not None:
            records["LATENCY"].post(latency, at=at)
        self._verdict(records, outcome, at)
        self.told(outcome.plot_type)

    def restore(
        self, plot_type: PlotType, last: Outcome, acknowledged: bool = False, now: datetime | None = None
    ) -> None:
        """Put back what was shown before the service stopped, with its old time stamp.

        Those that `stopping` marks get the time `now` (default: their old one, too): an archiver has them as INVALID
        since the stop, and drops what is older than that.
        """
        self.outcome(last, None, None)
        records = self._plots[plot_type.name]
        records["ACK"].post(int(acknowledged), at=last.at.timestamp())
        if now is not None:
            for record in (records[suffix] for suffix in MARKED):
                severity, condition = record.severity, record.condition
                if condition is not Condition.UDF:
                    record.post(record.value, severity=severity, condition=condition, at=now.timestamp())
            self.told(plot_type.name)

    def policy(self, plot_type: PlotType, policy: Policy) -> None:
        """Publish all rules; THRESH is the lowest threshold of the classes that alarm."""
        records = self._plots[plot_type.name]
        alarming = [policy.thresholds[c] for c, s in policy.severities.items() if s and c in policy.thresholds]
        records["THRESH"].post(min(alarming, default=1.0))
        records["CONFIRM"].post(str(policy.confirm))
        for index, name in enumerate(plot_type.class_names()):
            records[f"SEV{index}"].post(int(policy.severities.get(name, Severity.NO_ALARM)))
            records[f"ENTER{index}"].post(policy.thresholds.get(name, 1.0))
            records[f"LEAVE{index}"].post(policy.leave.get(name, 0.0))
        for suffix, votes in (("CONFIRM", policy.confirm), ("CLEAR", policy.clear)):
            records[f"{suffix}K"].post(votes.k)
            records[f"{suffix}N"].post(votes.n)
        records["ONDELAY"].post(policy.on_delay)
        records["OFFDELAY"].post(policy.off_delay)
        records["STALET"].post(policy.stale_after or 0.0)
        records["MODE"].post(policy.mode.name)
        records["CLASSES"].post(list(plot_type.class_names()))
        self.told(plot_type.name)

    def shadow(self, plot_type: str, said: Prediction | None) -> None:
        """Publish what a candidate says, which never alarms; None: there is none, so its last word is INVALID."""
        records = self._plots[plot_type]
        if said is not None:
            name, score = said.top()
            records["SHADOW:CLASS"].post(name)
            records["SHADOW:CONF"].post(score)
            return
        for suffix in ("SHADOW:CLASS", "SHADOW:CONF"):
            records[suffix].post(records[suffix].value, severity=Severity.INVALID, condition=Condition.UDF)

    def age(self, plot_type: str, seconds: float) -> None:
        """Publish the age of the last plot in seconds."""
        self._plots[plot_type]["AGE"].post(float(round(seconds)))

    def service(
        self,
        suffix: str,
        value: object,
        severity: Severity = Severity.NO_ALARM,
        condition: Condition = Condition.STATE,
    ) -> None:
        """Publish one service PV; `condition` goes with a severity other than none."""
        condition = condition if severity else Condition.NO_ALARM
        self._service[suffix].post(value, severity=severity, condition=condition)

    def limited(self, suffix: str, value: float) -> None:
        """Publish a service PV whose severity follows from its limits."""
        self._service[suffix].post(value)

    def lost(self, suffix: str) -> None:
        """Mark a service PV whose input PV is not connected."""
        record = self._service[suffix]
        record.post(record.value, severity=Severity.INVALID, condition=Condition.COMM)

    def stopping(self, at: float | None = None) -> None:
        """Mark every plot's PVs INVALID: nobody watches from here on (`at`: POSIX seconds, default now)."""
        for name, records in self._plots.items():
            for record in (records[suffix] for suffix in MARKED):
                record.post(record.value, severity=Severity.INVALID, condition=Condition.COMM, at=at)
            self.told(name)

    def _prediction(self, records: Mapping[str, Record], prediction: Prediction, at: float) -> None:
        name, score = prediction.top()
        severities = self._plot_types[prediction.plot.plot_type].policy.severities
        good = sum(s for c, s in zip(prediction.classes, prediction.scores, strict=True) if not severities.get(c, 1))
        records["CLASS"].post(name, at=at)
        records["CONF"].post(score, at=at)
        records["SCORE"].post(2 * good - sum(prediction.scores), at=at)
        records["SCORES"].post(np.array(prediction.scores), at=at)
        records["NOVELTY"].post(prediction.novelty, at=at)
        records["MODEL"].post(str(prediction.model), at=at)

    def _provenance(self, records: Mapping[str, Record], outcome: Outcome, at: float) -> None:
        plot = outcome.plot
        if plot is None:
            return
        records["RUN"].post(plot.run, at=at)
        records["CHUNK"].post(plot.chunk, at=at)
        records["TAKEN"].post(f"{plot.taken_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z", at=at)
        records["URL"].post(f"{self._base_url}/p/{plot.uid}", at=at)

    def _muted(self, record: Record, plot_type: str, state: PlotState, at: float) -> None:
        """Publish the reason of a mute; between mutes the record keeps what somebody writes for the next one."""
        muted = state.muted_until is not None
        if muted or plot_type in self._mutes or not record.value:
            record.post(state.muted_why, at=at)
        (self._mutes.add if muted else self._mutes.discard)(plot_type)

    def _verdict(self, records: Mapping[str, Record], outcome: Outcome, at: float) -> None:
        verdict, state = outcome.verdict, outcome.state
        if verdict is None or state is None:
            return
        records["MSG"].post(verdict.reason, at=at)
        records["STREAK"].post(verdict.streak, at=at)
        if outcome.plot_type in self._predicted:
            _model_said(records, verdict, at)
        minutes = _minutes_left(state.muted_until, outcome.at)
        records["MUTE"].post(minutes, at=at)
        records["MUTEBY"].post(state.muted_by, at=at)
        self._muted(records["MUTEWHY"], outcome.plot_type, state, at)
        records["ENABLE"].post(int(state.enabled), at=at)
        if state.episode is None or (outcome.episode is not None and outcome.episode.first_plot == _uid(outcome)):
            records["ACK"].post(0, at=at)
        records["STATUS"].post(verdict.status.name, severity=verdict.severity, condition=verdict.condition, at=at)


def _model_said(records: Mapping[str, Record], verdict: Verdict, at: float) -> None:
    """Mark the model's last word INVALID when it is no statement about the detector; before it there is none (UDF)."""
    unsure = verdict.status in _UNSURE
    severity = Severity.INVALID if unsure else Severity.NO_ALARM
    condition = (verdict.condition or Condition.UDF) if unsure else Condition.NO_ALARM
    for suffix in ("CLASS", "CONF", "SCORE"):
        records[suffix].post(records[suffix].value, severity=severity, condition=condition, at=at)


def _uid(outcome: Outcome) -> str | None:
    return outcome.plot.uid if outcome.plot is not None else None


def _minutes_left(until: datetime | None, now: datetime) -> float:
    return max(0.0, (until - now).total_seconds() / 60) if until is not None else 0.0
