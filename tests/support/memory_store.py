"""A database in memory for tests of the web's feed: counts what it is asked, and can be away."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from hydra_core.domain import Change, Outcome, PlotType, Severity, Status, WallRow
from hydra_core.errors import StoreError
from hydra_core.store.services import Service
from hydra_core.store.wall import Unseen


class MemoryStore:
    """Answers like `SqlStore`, from outcomes that were recorded."""

    def __init__(self, plot_types: tuple[PlotType, ...]) -> None:
        self.asked: Counter[str] = Counter()
        self.away = False
        self.changes: list[Change] = []
        self.beats: list[Service] = []
        self.rows: dict[str, WallRow] = {one.name: _unjudged(one) for one in plot_types}
        self._cams: list[np.ndarray | None] = []

    def record(self, outcome: Outcome) -> None:
        """Take one outcome."""
        row, verdict, state = self.rows[outcome.plot_type], outcome.verdict, outcome.state
        before = row.status
        if outcome.prediction is not None:
            cam = outcome.prediction.cam
            self._cams.append(cam)
            shape = None if cam is None else (cam.shape[0], cam.shape[1])
            model = str(outcome.prediction.model)
            row = replace(row, model=model, inference_id=len(self._cams), cam_shape=shape)
        if outcome.plot is not None:
            row = replace(row, plot=outcome.plot)
        if verdict is not None and state is not None:
            row = replace(
                row,
                status=verdict.status,
                severity=verdict.severity,
                since=state.since,
                reason=verdict.reason,
                class_name=verdict.class_name,
                score=verdict.score,
                muted_until=state.muted_until,
                muted_by=state.muted_by,
                updated_at=outcome.at,
            )
        self.rows[outcome.plot_type] = row
        kind = "transition" if row.status is not before else "verdict"
        self.changes.append(Change(len(self.changes) + 1, kind, outcome.plot_type, {}, outcome.at))

    def check_schema(self) -> None:
        """Fail when away."""
        self._ask("check_schema")

    def last_change_id(self) -> int:
        """Return the newest id."""
        self._ask("last_change_id")
        return len(self.changes)

    def changes_after(self, change_id: int, limit: int = 500) -> list[Change]:
        """Return later changes."""
        self._ask("changes_after")
        return self.changes[change_id : change_id + limit]

    def wall(self) -> list[WallRow]:
        """Return all rows."""
        self._ask("wall")
        return list(self.rows.values())

    def unseen(self, since: datetime) -> list[Unseen]:
        """Return what is over and not acknowledged: nothing."""
        self._ask("unseen")
        return []

    def services(self) -> list[Service]:
        """Return the heartbeats."""
        self._ask("services")
        return self.beats

    def cam(self, inference_id: int) -> np.ndarray | None:
        """Return the map of an inference."""
        self._ask("cam")
        return self._cams[inference_id - 1] if inference_id <= len(self._cams) else None

    def _ask(self, what: str) -> None:
        self.asked[what] += 1
        if self.away:
            raise StoreError("database memory is away; wait for it")


def _unjudged(one: PlotType) -> WallRow:
    return WallRow(
        one.name, one.title, one.group, one.pv, Status.UNKNOWN, Severity.INVALID, None, "no plot yet", "", 0.0,
        None, "", None, None, None, "", datetime.now(UTC),
    )  # fmt: skip
