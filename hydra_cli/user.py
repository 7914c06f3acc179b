"""Commands: user add, list, password, grant, revoke, disable and enable; who may do what on the pages."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hydra_cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from hydra_core.config import HallConfig
    from hydra_core.store import SqlStore
    from hydra_core.store.people import Account

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The name that somebody signs in with.")]
RoleArgument = Annotated[str, typer.Argument(metavar="ROLE", help="viewer, labeler, expert, liaison or admin.")]
PlotOption = Annotated[str | None, typer.Option("--plot", help="For this plot type; without it for all.")]
StdinOption = Annotated[bool, typer.Option("--stdin", help="Read the password from standard input, as one line.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(help="Accounts of the web pages and their roles.", no_args_is_help=True)
    for command in (add, password, grant, revoke, disable, enable):
        group.command(command.__name__)(command)
    group.command("list")(show)
    app.add_typer(group, name="user")


def add(
    name: NameArgument,
    config: ConfigOption,
    role: Annotated[
        list[str] | None, typer.Option("--role", help="A role for all plot types; may be repeated.")
    ] = None,
    full_name: Annotated[str, typer.Option("--full-name", help="As it is shown.")] = "",
    email: Annotated[str, typer.Option("--email", help="For reports.")] = "",
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Somebody who signs in through the site's proxy or directory.")
    ] = False,
    stdin: StdinOption = False,
) -> None:
    """Make an account; asks for its password."""
    from hydra_core.store.people import check_name, check_role

    _, store = _open(config)
    check_name(name)
    for one in role or ():
        check_role(one)
    hashed = None if no_password else _hashed(name, stdin)
    store.add_account(name, full_name, email, password_hash=hashed, by=_me())
    for one in role or ():
        store.grant_role(name, one, None, _me())
    typer.echo(f"{name}: added, {_roles(store, name)}")


def show(config: ConfigOption, as_json: JsonOption = False) -> None:
    """List all accounts with their roles."""
    _, store = _open(config)
    found = store.accounts()
    if as_json:
        typer.echo(json.dumps([_as_json(account) for account in found], ensure_ascii=False))
        return
    for account in found:
        state = "  (disabled)" if account.disabled else "" if account.has_password else "  (no password here)"
        typer.echo(f"{account.name}  {_held(account)}{state}")


def password(name: NameArgument, config: ConfigOption, stdin: StdinOption = False) -> None:
    """Give an account another password; whoever is signed in with the old one is signed out."""
    _, store = _open(config)
    _known(store, name)
    store.set_password(name, _hashed(name, stdin), _me())
    typer.echo(f"{name}: password changed, all sessions ended")


def grant(name: NameArgument, role: RoleArgument, config: ConfigOption, plot: PlotOption = None) -> None:
    """Give an account a role."""
    hall, store = _open(config)
    _check_plot(hall, plot)
    done = store.grant_role(name, role, plot, _me())
    typer.echo(f"{name}: {'' if done else 'nothing to do, '}{_roles(store, name)}")


def revoke(name: NameArgument, role: RoleArgument, config: ConfigOption, plot: PlotOption = None) -> None:
    """Take a role from an account."""
    _, store = _open(config)
    done = store.revoke_role(name, role, plot, _me())
    typer.echo(f"{name}: {'' if done else 'nothing to do, '}{_roles(store, name)}")


def disable(name: NameArgument, config: ConfigOption) -> None:
    """Shut an account out at once; what it did stays under its name."""
    _, store = _open(config)
    store.set_disabled(name, True, _me())
    typer.echo(f"{name}: disabled, all sessions ended")


def enable(name: NameArgument, config: ConfigOption) -> None:
    """Let a disabled account in again."""
    _, store = _open(config)
    store.set_disabled(name, False, _me())
    typer.echo(f"{name}: enabled")


def _open(config: Path) -> "tuple[HallConfig, SqlStore]":
    from hydra_core.config import load_config
    from hydra_core.store import open_store

    hall = load_config(config)
    store = open_store(hall.database_url())
    store.check_schema()
    return hall, store


def _hashed(name: str, stdin: bool) -> str:
    from hydra_core.passwords import check_password, hash_password

    if stdin:
        typed = sys.stdin.readline().rstrip("\n")
    else:
        typed = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return hash_password(check_password(typed, name))


def _known(store: "SqlStore", name: str) -> "Account":
    from hydra_core.errors import UsageError

    found = store.account(name)
    if found is None:
        raise UsageError(f"there is no account {name}; `hydra user list` shows all")
    return found


def _check_plot(hall: "HallConfig", plot: str | None) -> None:
    from hydra_core.errors import UsageError

    if plot is not None and plot not in hall.plots:
        raise UsageError(f"{plot} is no plot type of {hall.deployment}; `hydra config show` lists them")


def _me() -> str:
    """Return whom the audit log names: the user of this machine, who may be no account of Hydra."""
    import getpass

    return f"{getpass.getuser()} (command line)"


def _roles(store: "SqlStore", name: str) -> str:
    return f"now {_held(_known(store, name))}"


def _held(account: "Account") -> str:
    names = [one.role if one.plot_type is None else f"{one.role} of {one.plot_type}" for one in account.grants]
    return ", ".join(names) or "no role"


def _as_json(account: "Account") -> dict[str, object]:
    return {
        "name": account.name,
        "full_name": account.full_name,
        "email": account.email,
        "has_password": account.has_password,
        "disabled": account.disabled,
        "created_at": account.created_at.isoformat(),
        "roles": [{"role": one.role, "plot_type": one.plot_type} for one in account.grants],
    }
