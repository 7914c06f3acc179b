"""Commands: import of labelled plots."""

import getpass
import json
from pathlib import Path
from typing import Annotated

import typer

from hydra_cli.options import ConfigOption, JsonOption

LabelsOption = Annotated[
    Path, typer.Option("--labels", help="CSV: filename,plot,label[,run,chunk,taken_at,split,group].")
]
PlotOption = Annotated[str | None, typer.Option("--plot", help="The plot type of all rows, whatever the CSV says.")]
MOST_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("import")(import_labels)


def import_labels(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files of the CSV lie.")],
    labels: LabelsOption,
    config: ConfigOption,
    plot: PlotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import labelled plots; bad rows are named by line and left out (exit code 1), the others are imported."""
    from hydra_core.archive import FileArchive
    from hydra_core.config import load_config
    from hydra_core.errors import UsageError
    from hydra_core.images import Limits
    from hydra_core.label_csv import load_rows, read_rows
    from hydra_core.store import open_store

    hall = load_config(config)
    plot_types = {p.name: p for p in hall.plot_types()}
    if plot is not None and plot not in plot_types:
        raise UsageError(f"--plot {plot}: unknown; {config} has {', '.join(plot_types)}")
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory; give the one in which the plots lie")
    rows, problems = read_rows(labels, directory, plot_types, plot, hall.zone)
    store = open_store(hall.database_url())
    try:
        store.check_schema()
        store.sync_plot_types(hall.plot_types())
        limits = Limits(hall.archive.max_bytes, hall.archive.max_pixels)
        found = load_rows(rows, FileArchive(hall.archive.path), limits)
        changed = store.add_labels(found.plots, found.images, getpass.getuser(), f"import {labels.name}")
    finally:
        store.close()
    problems = sorted([*problems, *found.problems], key=lambda p: p.line)
    lines = [{"line": p.line, "message": p.message} for p in problems]
    summary = {"imported": len(found.plots), "changed": changed, "failed": len(problems), "problems": lines}
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False))
    else:
        _show(labels, len(found.plots), changed, [f"{labels}:{p.line}: {p.message}" for p in problems])
    if problems:
        raise typer.Exit(1)


def _show(labels: Path, imported: int, changed: int, problems: list[str]) -> None:
    for problem in problems[:MOST_SHOWN]:
        typer.echo(problem, err=True)
    if len(problems) > MOST_SHOWN:
        typer.echo(f"… and {len(problems) - MOST_SHOWN} more; --json lists all", err=True)
    failed = f", {len(problems)} rows left out" if problems else ""
    typer.echo(f"{labels}: {imported} plots imported ({changed} new or changed){failed}")
