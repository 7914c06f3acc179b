"""What `hydra replay PLOT --classify MODEL` does: an archive judged again, and what alarms would have come of it."""

import json
import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hydra_core.config import HallConfig
    from hydra_core.domain import ModelRef, PlotType, Policy
    from hydra_core.store import SqlStore
    from hydra_ml.scale.rejudge import Alarms, Judged

ClassifyOption = Annotated[
    str | None, typer.Option("--classify", metavar="MODEL", help="Judge the archive's pictures again with this model.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="With --classify: store nothing, only say it.")]
MOST_SHOWN = 10


def the_plot_type(hall: "HallConfig", plots: Sequence[str] | None, ref: "ModelRef") -> "PlotType":
    """Return the plot type that the model judges. Raises UsageError when another one was asked for."""
    from hydra_cli.models import find_plot_type
    from hydra_core.errors import UsageError

    if plots and list(plots) != [ref.plot_type]:
        raise UsageError(f"{ref} judges {ref.plot_type} only, not {', '.join(plots)}")
    return find_plot_type(hall, ref.plot_type)


def rejudge(
    hall: "HallConfig",
    store: "SqlStore",
    bundle: Path,
    plot_type: "PlotType",
    policy: "Policy",
    span: tuple[datetime | None, datetime | None],
    dry_run: bool,
    cluster: str | None,
    workers: int | None,
) -> "tuple[ModelRef, Judged, Alarms]":
    """Judge the plots of a time span that the model has not judged, store it unless `dry_run`, and replay."""
    from hydra_cli.progress import training_progress
    from hydra_core.images import Limits
    from hydra_core.store.scratch import Scratch
    from hydra_ml.bundle import verify
    from hydra_ml.registry import check_classes
    from hydra_ml.scale.pictures import PictureJudge
    from hydra_ml.scale.rejudge import judge_again, would_have_been
    from hydra_ml.scale.workers import open_workers

    card = verify(bundle)
    check_classes(card.classes, plot_type)
    limits = Limits(hall.archive.max_bytes, hall.archive.max_pixels)
    judge = PictureJudge(bundle.absolute(), hall.archive.path.absolute(), limits)
    plots = store.stored_plots(plot_type.name, *span)
    with tempfile.TemporaryDirectory(prefix="hydra-") as directory, closing(Scratch(Path(directory))) as scratch:
        said = scratch if dry_run else store
        with training_progress() as progress, open_workers(cluster, workers, hall.models.path / ".dask") as found:
            judged = judge_again(card.ref(), plots, judge, found, said, progress)
        return card.ref(), judged, would_have_been(plot_type, store, card.ref(), said, policy, *span)


def as_dict(ref: "ModelRef", judged: "Judged", alarms: "Alarms") -> dict[str, Any]:
    """Return it all as JSON has it."""
    result = alarms.replay
    return {
        "plot": ref.plot_type,
        "model": str(ref),
        "judged": judged.now,
        "judged_before": judged.before,
        "failed": judged.failed,
        "failures": judged.failures,
        "classes": dict(judged.classes),
        "seconds": round(judged.seconds, 2),
        "plots_per_second": round(judged.now / judged.seconds, 1) if judged.seconds else None,
        "recorded": alarms.recorded,
        "days": round(alarms.days, 4),
        "episodes_then": result.episodes_then if alarms.recorded else None,
        "episodes_now": result.episodes_now,
        "episodes_a_day_then": alarms.a_day(result.episodes_then) if alarms.recorded else None,
        "episodes_a_day_now": alarms.a_day(result.episodes_now),
        "verdicts_that_differ": result.differing,
        "changed": [{"then": a, "now": b, "plots": n} for (a, b), n in alarms.changed.most_common() if a != b],
    }


def show(ref: "ModelRef", judged: "Judged", alarms: "Alarms", as_json: bool) -> None:
    """Print what was judged and what alarms would have been."""
    found, result = as_dict(ref, judged, alarms), alarms.replay
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    speed = f" in {judged.seconds:.1f} s ({found['plots_per_second']} a second)" if judged.now else ""
    before = f", {judged.before} judged before" if judged.before else ""
    typer.echo(f"{ref}: {judged.now} plots judged{speed}{before}, {judged.failed} could not be")
    typer.echo("  " + ", ".join(f"{name} {count}" for name, count in judged.classes.most_common()))
    for failure in judged.failures[:MOST_SHOWN]:
        typer.echo(f"  not judged: {failure}", err=True)
    if alarms.recorded:
        typer.echo(f"incidents then {_rate(alarms, result.episodes_then)}, now {_rate(alarms, result.episodes_now)}")
    else:
        typer.echo(f"incidents {_rate(alarms, result.episodes_now)}; nobody was told anything of these plots before")
    for change in found["changed"][:MOST_SHOWN]:
        typer.echo(f"  {change['plots']} plots: {change['then']} then, {change['now']} now")
    for d in result.differences[:MOST_SHOWN]:
        now = d.now.status.name if d.now else "-"
        source = d.then.plot.source if d.then.plot is not None else ""
        typer.echo(f"  {d.at:%Y-%m-%d %H:%M:%S} then {d.then.status.name} now {now} {source}")
    if result.differing > MOST_SHOWN:
        typer.echo(f"  … {result.differing} verdicts differ in all")


def _rate(alarms: "Alarms", episodes: int) -> str:
    rate = alarms.a_day(episodes)
    return f"{episodes}" if rate is None else f"{episodes} ({rate:.2f} a day)"
