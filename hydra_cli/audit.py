"""Commands: audit labels, duplicates and drift."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hydra_cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from hydra_core.config import HallConfig
    from hydra_core.store import SqlStore
    from hydra_ml.audit.drift import DriftAudit
    from hydra_ml.audit.duplicates import CopySet

PlotArgument = Annotated[str, typer.Argument(metavar="PLOT", help="A plot type of the configuration.")]
QueueOption = Annotated[bool, typer.Option("--queue", help="Put what was found into the review queue, none twice.")]
MOST_SHOWN = 30


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(help="Look for wrong labels, copies, and drift.", no_args_is_help=True)
    group.command("labels")(labels)
    group.command("duplicates")(duplicates)
    group.command("drift")(drift)
    app.add_typer(group, name="audit")


def labels(plot: PlotArgument, config: ConfigOption, queue: QueueOption = False, as_json: JsonOption = False) -> None:
    """List labels that are likely wrong, the surest first: models of the other runs' labels disagree with them."""
    from hydra_core.archive import FileArchive
    from hydra_core.store.review import LABEL_ERROR
    from hydra_ml.audit.features import LightFeatures
    from hydra_ml.audit.labels import audit_labels

    with _opened(config) as (hall, store):
        from hydra_cli.models import find_plot_type

        plot_type = find_plot_type(hall, plot)
        known, plots = dict(store.stored_hashes(plot)), store.labelled(plot)
        with _bar("Reading labelled plots", len(plots)) as seen:
            found = audit_labels(plots, plot_type, FileArchive(hall.archive.path), known, LightFeatures(), seen)
        scores = {e.plot.plot.uid: e.score for e in found.errors}
        queued = store.queue_review(plot, LABEL_ERROR, scores) if queue else None
    errors = [
        {
            "file": e.plot.plot.source,
            "uid": e.plot.plot.uid,
            "run": e.plot.plot.run,
            "label": e.plot.class_name,
            "suggested": e.suggested,
            "score": round(e.score, 4),
        }
        for e in found.errors
    ]
    if as_json:
        whole = {"plot": plot, "judged": found.judged, "agreement": round(found.agreement, 4), "errors": errors}
        typer.echo(json.dumps({**whole, "warnings": found.warnings, "queued": queued}, ensure_ascii=False))
        return
    for warning in found.warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(
        f"{plot}: {len(errors)} of {found.judged} labels are likely wrong "
        f"(the judgement agrees with {found.agreement:.1%} of all)"
    )
    if errors:
        typer.echo(f"{'score':>6}  {'label':<12} {'suggested':<12} file")
    for error in errors[:MOST_SHOWN]:
        typer.echo(f"{error['score']:>6.3f}  {error['label']:<12} {error['suggested']:<12} {error['file']}")
    _say_rest(len(errors), queued)


def duplicates(plot: PlotArgument, config: ConfigOption, as_json: JsonOption = False) -> None:
    """List copies among the labelled plots: with several labels, on several sides of a split, in several runs."""
    from hydra_cli.models import find_plot_type
    from hydra_core.archive import FileArchive
    from hydra_ml.audit.duplicates import audit_duplicates

    with _opened(config) as (hall, store):
        find_plot_type(hall, plot)
        splits = _splits(hall, store, plot)
        archive, known = FileArchive(hall.archive.path), store.stored_hashes(plot)
        found = audit_duplicates(store.labelled(plot), archive, known, splits)
        plots, pictures = store.count_pictures(plot)
    if as_json:
        folded = {c: {"labels": n, "pictures": m} for c, (n, m) in found.folded.items()}
        whole = {"plot": plot, "plots": plots, "pictures": pictures, "classes": folded}
        sets = [_copy_set(s) for s in found.sets]
        typer.echo(json.dumps({**whole, "sets": sets, "unreadable": found.unreadable}, ensure_ascii=False))
        return
    for problem in found.unreadable[:MOST_SHOWN]:
        typer.echo(f"warning: not compared: {problem}", err=True)
    typer.echo(f"{plot}: {plots} plots in the database have {pictures} different files")
    for name, (count, different) in found.folded.items():
        typer.echo(f"  {name}: {count} labels on {different} different pictures")
    contradictions, leaks = sum(s.contradicts for s in found.sets), sum(s.leaks for s in found.sets)
    typer.echo(
        f"{len(found.sets)} sets of copies, {contradictions} with different labels, {leaks} on several sides of a split"
    )
    for item in found.sets[:MOST_SHOWN]:
        typer.echo(_copy_line(item))
    _say_rest(len(found.sets), None)


def drift(
    config: ConfigOption,
    plot: Annotated[str | None, typer.Argument(metavar="PLOT", help="Only this plot type; none: all.")] = None,
    days: Annotated[float, typer.Option(min=0.01, help="How far back the recent plots reach.")] = 7.0,
    most: Annotated[int, typer.Option(min=0, help="Plots to label first, at most.")] = 20,
    queue: QueueOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say whether recent plots still look like what the active model was trained on, and which to label first."""
    from datetime import UTC, datetime, timedelta

    from hydra_cli.models import find_plot_type
    from hydra_core.archive import FileArchive
    from hydra_core.store.review import DRIFT
    from hydra_ml.audit.every import audit_active

    with _opened(config) as (hall, store):
        chosen = [find_plot_type(hall, plot)] if plot else [p for p in hall.plot_types() if p.judged]
        since = datetime.now(UTC) - timedelta(days=days)
        found = []
        for item in audit_active(chosen, store, FileArchive(hall.archive.path), hall.models.path, since, most):
            scores = {f.plot.uid: f.score for f in item.label_first}
            queued = store.queue_review(item.plot_type, DRIFT, scores) if queue and scores else 0 if queue else None
            found.append(_drift(item, queued))
            if not as_json:
                _show_drift(item, queued)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))


def _drift(item: "DriftAudit", queued: int | None) -> dict[str, object]:
    facts = {"plot": item.plot_type, "model": item.model, "verdict": item.verdict}
    first = [{"file": f.plot.source, "uid": f.plot.uid, "score": f.score, "why": f.why} for f in item.label_first]
    findings = [
        {"name": f.name, "text": f.text, "probability": round(f.probability, 4), "verdict": f.weight}
        for f in item.findings
    ]
    counts = {"plots": item.plots, "runs": item.runs}
    return {**facts, **counts, "findings": findings, "notes": item.notes, "label_first": first, "queued": queued}


def _show_drift(item: "DriftAudit", queued: int | None) -> None:
    typer.echo(f"{item.plot_type} ({item.model}): {item.verdict}; {item.plots} plots of {item.runs} runs")
    for finding in sorted(item.findings, key=lambda f: f.probability):
        mark = "  " if finding.weight == "no drift" else "! "
        typer.echo(f"  {mark}{finding.text} (chance {finding.probability:.3f})")
    for note in item.notes:
        typer.echo(f"    note: {note}")
    for first in item.label_first[:MOST_SHOWN]:
        typer.echo(f"    label {first.plot.source}: {first.why} ({first.score:.2f})")
    _say_rest(len(item.label_first), queued)


def _copy_set(item: "CopySet") -> dict[str, object]:
    files = [{"file": p.plot.source, "uid": p.plot.uid, "run": p.plot.run, "label": p.class_name} for p in item.plots]
    facts = {"exact": item.exact, "contradicts": item.contradicts, "leaks": item.leaks}
    return {**facts, "labels": item.labels, "runs": item.runs, "splits": item.splits, "plots": files}


def _copy_line(item: "CopySet") -> str:
    why = ["labels " + ", ".join(item.labels)] if item.contradicts else [item.labels[0]]
    if item.leaks:
        why.append("splits " + ", ".join(item.splits))
    if len(item.runs) > 1:
        why.append(f"{len(item.runs)} runs")
    names = ", ".join(p.plot.source for p in item.plots[:3]) + (", …" if len(item.plots) > 3 else "")
    return f"  {len(item.plots)} {'equal' if item.exact else 'alike'} ({'; '.join(why)}): {names}"


def _splits(hall: "HallConfig", store: "SqlStore", plot: str) -> dict[str, str]:
    """Return the side on which the active model's training had each plot; empty when there is no model."""
    from hydra_ml.card import ITEMS_FILE
    from hydra_ml.registry import record_path

    record = store.active_model(plot)
    path = record_path(record, hall.models.path) / ITEMS_FILE if record is not None else None
    return dict(json.loads(path.read_bytes())) if path is not None and path.is_file() else {}


def _say_rest(count: int, queued: int | None) -> None:
    if count > MOST_SHOWN:
        typer.echo(f"… and {count - MOST_SHOWN} more; --json lists all")
    if queued is not None:
        typer.echo(f"{queued} new in the review queue")


@contextmanager
def _opened(config: Path) -> "Iterator[tuple[HallConfig, SqlStore]]":
    from hydra_core.config import load_config
    from hydra_core.store import open_store

    hall = load_config(config)
    store = open_store(hall.database_url())
    try:
        store.check_schema()
        yield hall, store
    finally:
        store.close()


@contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[int], None] | None]:
    """Show a progress bar on a terminal, nothing otherwise."""
    import sys

    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
