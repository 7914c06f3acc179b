"""Commands: db upgrade, check, status and backup."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hydra_cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from hydra_core.store import SqlStore

OutArgument = Annotated[Path, typer.Argument(metavar="OUT", help="A new file: a database (SQLite) or SQL (MariaDB).")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(help="Make, check and copy the hall's database.", no_args_is_help=True)
    group.command("upgrade")(upgrade)
    group.command("check")(check)
    group.command("status")(status)
    group.command("backup")(backup)
    app.add_typer(group, name="db")


def upgrade(config: ConfigOption) -> None:
    """Bring the database to the schema that this version needs; safe to repeat."""
    store = _open(config)
    before = store.revision() if _exists(store) else None
    store.upgrade()
    after = store.revision()
    done = f"has schema {after} already" if before == after else f"upgraded from {before or 'nothing'} to {after}"
    typer.echo(f"{store.where}: {done}")


def check(config: ConfigOption) -> None:
    """Say whether the database answers and has the right schema; exit code 1 if not."""
    store = _open(config)
    store.check_schema()
    typer.echo(f"{store.where}: ok, schema {store.revision()}")


def status(config: ConfigOption, as_json: JsonOption = False) -> None:
    """Show the schema, the size and the number of rows of each table."""
    store = _open(config)
    store.check_schema()
    found = store.status()
    typer.echo(json.dumps(found, ensure_ascii=False) if as_json else _render(found))


def backup(out: OutArgument, config: ConfigOption) -> None:
    """Copy the whole database into a new file, while the services run."""
    store = _open(config)
    size = store.backup(out)
    typer.echo(f"{out}: {size / 1e6:.1f} MB, readable by you only")


def _open(config: Path) -> "SqlStore":
    from hydra_core.config import load_config
    from hydra_core.store import open_store

    return open_store(load_config(config).database_url())


def _exists(store: "SqlStore") -> bool:
    """Say whether there is something to ask for its revision (an SQLite file may still have to be made)."""
    path = store.where.removeprefix("sqlite:///")
    return path == store.where or Path(path).exists()


def _render(found: dict[str, Any]) -> str:
    lines = [
        f"database  {found['url']}",
        f"server    {found['server']}",
        f"schema    {found['revision']}",
        f"size      {found['size_bytes'] / 1e6:.1f} MB",
    ]
    width = max(map(len, found["rows"]))
    lines += [f"  {name:<{width}} {count:>10}" for name, count in sorted(found["rows"].items())]
    return "\n".join(lines)
