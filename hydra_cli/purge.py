"""Command: purge, which removes old pictures that nobody needs."""

import json
from typing import Annotated

import typer

from hydra_cli.options import ConfigOption, JsonOption

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would go; remove nothing.")]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("purge")(purge)


def purge(config: ConfigOption, dry_run: DryRunOption = False, as_json: JsonOption = False) -> None:
    """Remove pictures older than archive.keep_days, never one that is labelled, BAD, WARN, or trained on."""
    from datetime import UTC, datetime, timedelta

    from hydra_core.archive import FileArchive
    from hydra_core.config import load_config
    from hydra_core.purge import purge as remove
    from hydra_core.store import open_store
    from hydra_core.store.purging import Keep

    hall = load_config(config)
    days = hall.archive.keep_days
    keep = Keep(datetime.now(UTC), timedelta(days=days.good), timedelta(days=days.unconfirmed))
    store = open_store(hall.database_url())
    store.check_schema()
    done = remove(store, FileArchive(hall.archive.path), keep, dry_run=dry_run)
    if as_json:
        found = {"pictures": done.pictures, "bytes": done.size, "in_use": done.in_use, "dry_run": dry_run}
        typer.echo(json.dumps(found))
        return
    word = "would be removed" if dry_run else "removed"
    stored_again = f", {done.in_use} stored again lately and kept" if done.in_use else ""
    typer.echo(f"{hall.archive.path}: {done.pictures} pictures, {done.size / 1e6:.1f} MB {word}{stored_again}")
