"""What the database knows of the time before this start: last states, known plots, active models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hydra_core.domain import Change, ModelRecord, Outcome, PlotState, PlotType, Policy
from hydra_core.kpi import HOUR, Incident
from hydra_core.store import SqlStore
from hydra_core.store.spool import Spool


@dataclass(frozen=True, slots=True)
class Past:
    """`last` has the state and last outcome of each plot type; `known` the uids of plots that need no second look.

    `acknowledged` names the plot types whose incident somebody has acknowledged; `policies` are those recorded
    last, `settings` those in force by plot type (None: of all together), `incidents` those of the last hour.
    `changes` is the newest change that all of this knows; `unanswered` are mutes asked for while no IOC ran.
    """

    last: Mapping[str, tuple[PlotState | None, Outcome | None]]
    known: frozenset[str]
    active: Mapping[str, ModelRecord]
    acknowledged: frozenset[str]
    policies: Mapping[str, Policy]
    settings: Mapping[str | None, Mapping[str, object]]
    incidents: Sequence[Incident]
    changes: int
    unanswered: Sequence[Change]


def read_past(store: SqlStore, spool: Spool, plot_types: Mapping[str, PlotType], since: datetime) -> Past:
    """Read it all, after what waits in the spool has been written; runs in the store thread.

    Raises SchemaError when the database has another version, StoreError when it is away.
    """
    store.check_schema()
    store.sync_plot_types(list(plot_types.values()))
    spool.drain(store)
    changes, unanswered = store.last_change_id(), store.unanswered_mutes()
    last, acknowledged = {}, set()
    for name, plot_type in plot_types.items():
        policy = plot_type.policy
        state, _ = last[name] = store.restore(plot_type, max(policy.confirm.n, policy.clear.n))
        if state is not None and state.episode is not None and store.is_acknowledged(state.episode.uid):
            acknowledged.add(name)
    known = frozenset(store.known_plots(since))
    policies = {name: found for name in plot_types if (found := store.policy_at(name)) is not None}
    now = datetime.now(UTC)
    incidents = store.incidents(now - HOUR, now + HOUR)
    active = read_active(store, plot_types)
    settings = store.settings()
    return Past(last, known, active, frozenset(acknowledged), policies, settings, incidents, changes, unanswered)


def read_active(store: SqlStore, plot_types: Mapping[str, PlotType]) -> dict[str, ModelRecord]:
    """Return the active model of each plot type that is judged and has one."""
    records = {name: store.active_model(name) for name, plot_type in plot_types.items() if plot_type.judged}
    return {name: record for name, record in records.items() if record is not None}
