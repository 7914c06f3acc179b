"""`hydra db`: makes, checks, shows and copies the database, and never shows its password."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.mariadb import PASSWORD, MariaDb
from support.outcomes import incident, plot_type

import db_schema
from hydra_core.errors import SchemaError, StoreError
from hydra_core.store import open_store


@pytest.fixture
def hall(bare_url: str, tmp_path: Path) -> Path:
    """The configuration of a hall whose database is empty."""
    address, secret = bare_url.replace(f":{PASSWORD}", ""), tmp_path / "db.password"
    secret.write_text(PASSWORD + "\n")
    secret.chmod(0o600)
    file = "" if bare_url.startswith("sqlite") else f", password_file: {secret}"
    config = tmp_path / "hall.yaml"
    config.write_text(
        "deployment: test-hall\n"
        f'database: {{url: "{address}"{file}}}\n'
        f"data_dir: {tmp_path / 'data'}\n"
        'epics: {prefix: "T:"}\n'
        "defaults:\n"
        "  threshold: 0.9\n"
        "  classes: {Good: {severity: none, key: g}, Bad: {severity: major, key: b}}\n"
        "sources:\n"
        f'  - {{kind: directory, path: {tmp_path}, pattern: "Run{{run:d}}/{{plot}}_{{chunk:d}}.png"}}\n'
        "plots:\n"
        "  CDC_occupancy: {title: CDC occupancy, group: CDC, pv: CDC_OCC, response: Call.}\n"
    )
    return config


def hydra(*arguments: str | Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
    code = "import typer, hydra_cli.database as d; a = typer.Typer(); d.register(a);"
    code += "from hydra_core.errors import HydraError\nimport sys\n"
    code += "try:\n    a()\nexcept HydraError as e:\n    print(f'hydra: {e}', file=sys.stderr); sys.exit(e.exit_code)"
    environment = {**os.environ, **({"PATH": path} if path is not None else {})}
    command = [sys.executable, "-c", code, "db", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_upgrade_check_status(hall: Path, bare_url: str) -> None:
    refused = hydra("check", "-c", hall)
    assert refused.returncode == 1
    assert "run `hydra db upgrade`" in refused.stderr
    first = hydra("upgrade", "-c", hall)
    assert (first.returncode, first.stderr) == (0, "")
    assert f"upgraded from nothing to {db_schema.HEAD}" in first.stdout
    assert "already" in hydra("upgrade", "-c", hall).stdout
    assert f"ok, schema {db_schema.HEAD}" in hydra("check", "-c", hall).stdout
    status = hydra("status", "-c", hall, "--json")
    found = json.loads(status.stdout)
    assert found["rows"]["plot"] == 0
    assert found["revision"] == found["needs"] == db_schema.HEAD
    assert found["size_bytes"] > 0
    shown = hydra("status", "-c", hall)
    assert "service_status" in shown.stdout
    for said in (refused, first, status, shown):
        assert PASSWORD not in said.stdout + said.stderr
    assert open_store(bare_url).revision() == db_schema.HEAD


def test_backup_of_a_database_in_use(hall: Path, bare_url: str, tmp_path: Path, mariadb: MariaDb) -> None:
    store = open_store(bare_url)
    store.upgrade()
    store.sync_plot_types([plot_type()])
    for outcome in incident():
        store.record(outcome)
    out = tmp_path / "backup"
    done = hydra("backup", out, "-c", hall)
    assert (done.returncode, done.stderr) == (0, "")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(tmp_path.glob("*.part")) == []
    if bare_url.startswith("sqlite"):
        restored = open_store(f"sqlite:///{out}")
    else:
        name = mariadb.new_database()
        command = ["mariadb", "--no-defaults", f"--socket={mariadb.socket}", "--user=root", name]
        subprocess.run(command, input=out.read_bytes(), check=True)
        restored = open_store(mariadb.url(name))
    restored.check_schema()
    assert restored.wall() == store.wall()
    assert list(restored.history(plot_type())) == list(store.history(plot_type()))
    assert restored.status()["rows"] == store.status()["rows"]
    restored.close()
    again = hydra("backup", out, "-c", hall)
    assert again.returncode == 1
    assert "exists already" in again.stderr
    store.close()


def test_backup_without_its_tool_says_what_to_install(
    tmp_path: Path, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match="install Debian's mariadb-client"):
        open_store(mariadb.url("x")).backup(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_password_is_never_on_a_command_line(
    tmp_path: Path, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = tmp_path / "bin" / "mariadb-dump"
    spy.parent.mkdir()
    spy.write_text('#!/bin/sh\nfile="${1#--defaults-file=}"\necho "$@"\nstat -c %a "$file"\ncat "$file"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    store = open_store(mariadb.url("x").replace(PASSWORD, "p%22w%5C"))
    store.backup(tmp_path / "out")
    arguments, mode, section, *settings = (tmp_path / "out").read_text().splitlines()
    assert 'p"w' not in arguments
    assert (mode, section) == ("600", "[client]")
    assert 'password="p\\"w\\\\"' in settings


def test_backup_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database"):
        open_store(f"sqlite:///{tmp_path / 'none.sqlite'}").backup(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot write the backup"):
        open_store(f"sqlite:///{tmp_path / 'x.sqlite'}").backup(tmp_path / "missing" / "out")


def test_upgrade_makes_the_directory(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a' / 'b' / 'x.sqlite'}")
    store.upgrade()
    store.check_schema()
    with pytest.raises(SchemaError):
        open_store(f"sqlite:///{tmp_path / 'other.sqlite'}").check_schema()
