"""Command `hydra replay`: judge history again, with the policies that were in force or with others."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from hydra_cli import rejudge as rejudging
from hydra_cli.options import ConfigOption, JsonOption
from hydra_cli.rejudge import ClassifyOption, DryRunOption
from hydra_cli.sweep import ClusterOption, WorkersOption

if TYPE_CHECKING:
    from hydra_core.domain import KofN, Policy
    from hydra_core.replay import Replay


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("replay")(replay)


def replay(
    config: ConfigOption,
    plots: Annotated[list[str] | None, typer.Argument(help="Plot types; all when none is given.")] = None,
    since: Annotated[datetime | None, typer.Option(help="From this time on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Up to this time (UTC).")] = None,
    threshold: Annotated[float | None, typer.Option(help="Try another threshold for every class.")] = None,
    confirm: Annotated[str | None, typer.Option(help='Try another "k of n" to enter.')] = None,
    clear: Annotated[str | None, typer.Option(help='Try another "k of n" to leave.')] = None,
    classify: ClassifyOption = None,
    dry_run: DryRunOption = False,
    cluster: ClusterOption = None,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge the recorded plots again and say what comes out otherwise; exit code 1 if anything does.

    With --classify the archived pictures themselves are judged, by the model given; exit code 0 when that is done.
    """
    from hydra_core.config import load_config
    from hydra_core.replay import replay as judge_again
    from hydra_core.store import open_store

    hall = load_config(config)
    store = open_store(hall.database_url())
    store.check_schema()
    change = _change(threshold, confirm, clear)
    if classify is not None:
        from hydra_ml.bundle import read_card
        from hydra_ml.registry import find_bundle

        bundle = find_bundle(classify, hall.models.path)
        kind = rejudging.the_plot_type(hall, plots, read_card(bundle).ref())
        policy, span = change(store.policy_at(kind.name) or kind.policy), (_utc(since), _utc(until))
        given = (policy, span, dry_run, cluster, workers)
        rejudging.show(*rejudging.rejudge(hall, store, bundle, kind, *given), as_json)
        return
    differs = False
    for plot_type in hall.plot_types():
        if plots and plot_type.name not in plots:
            continue
        start = store.policy_at(plot_type.name, _utc(since)) if since is not None else None
        history = store.history(plot_type, _utc(since), _utc(until))
        result = judge_again(plot_type.name, history, start or plot_type.policy, change=change)
        differs |= bool(result.differences)
        print(json.dumps(_summary(result)) if as_json else _lines(result))
    raise typer.Exit(1 if differs else 0)


def _change(threshold: float | None, confirm: str | None, clear: str | None) -> Callable[["Policy"], "Policy"]:
    """Return what the options make of every policy that was in force."""
    rules = {name: _kofn(text) for name, text in (("confirm", confirm), ("clear", clear)) if text is not None}

    def change(policy: "Policy") -> "Policy":
        if threshold is not None:
            policy = replace(policy, thresholds=dict.fromkeys(policy.thresholds, threshold))
        return replace(policy, confirm=rules.get("confirm", policy.confirm), clear=rules.get("clear", policy.clear))

    return change


def _kofn(text: str) -> "KofN":
    from hydra_core.domain import KofN
    from hydra_core.errors import UsageError

    try:
        k, n = (int(part) for part in text.split(" of "))
        return KofN(k, n)
    except ValueError as error:
        raise UsageError(f'"{text}" is not a rule like "2 of 3"') from error


def _utc(when: datetime | None) -> datetime | None:
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when


def _summary(result: "Replay") -> dict[str, object]:
    differences = [
        {"at": d.at.isoformat(), "then": d.then.status.name, "now": d.now.status.name if d.now else None}
        for d in result.differences
    ]
    return {
        "plot": result.plot_type,
        "events": result.events,
        "episodes_then": result.episodes_then,
        "episodes_now": result.episodes_now,
        "differences": differences,
    }


def _lines(result: "Replay") -> str:
    lines = [
        f"{result.plot_type}: {result.events} events, incidents then {result.episodes_then} now {result.episodes_now}, "
        f"{len(result.differences) or 'no'} differences"
    ]
    for d in result.differences[:10]:
        lines.append(f"  {d.at:%Y-%m-%d %H:%M:%S} then {d.then.status.name} now {d.now.status.name if d.now else '-'}")
    return "\n".join(lines)
