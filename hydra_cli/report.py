"""`hydra report shift`: the report of a shift, printed or mailed to those who want it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from hydra_cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from hydra_core.config import HallConfig

_From = Annotated[str, typer.Option("--from", help="Day or ISO time, the hall's zone.", show_default="a day ago")]
_To = Annotated[str, typer.Option("--to", help="Day (it counts whole) or ISO time.", show_default="now")]
_Mail = Annotated[bool, typer.Option("--mail", help="Mail it to those who asked for it, instead of printing it.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    reports = typer.Typer(help="Reports about the alarms.", no_args_is_help=True)
    reports.command("shift")(shift)
    app.add_typer(reports, name="report")


def shift(
    config: ConfigOption, since: _From = "", until: _To = "", mail: _Mail = False, json: JsonOption = False
) -> None:
    """Tell a shift's alarms, runs, mutes and changes; without times the last 24 hours."""
    from importlib.metadata import version

    from hydra_core.config import load_config
    from hydra_core.store import open_store
    from hydra_web.log.shift import report_json, report_mail
    from hydra_web.views import Views

    hall = load_config(config)
    start, end = _span(hall, since, until)
    store = open_store(hall.database_url())
    try:
        report, asked = store.shift_report(start, end), store.report_recipients().values()
    finally:
        store.close()
    if json:
        print(report_json(report).model_dump_json(by_alias=True))
        return
    words = report_mail(report, hall, Views(hall.deployment, hall.zone, version("hydra-monitoring")))
    if mail:
        _send(hall, asked, *words)
    else:
        print(words[1].strip())


def _span(hall: "HallConfig", since: str, until: str) -> tuple[datetime, datetime]:
    from hydra_core.errors import UsageError
    from hydra_core.moments import moment

    try:
        end = moment(until, hall.zone, end=True) or datetime.now(UTC)
        start = moment(since, hall.zone) or end - timedelta(days=1)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if start >= end:
        raise UsageError("the time after --from must lie before the one after --to")
    return start, end


def _send(hall: "HallConfig", asked: Iterable[str], subject: str, text: str, html: str) -> None:
    from hydra_core.errors import UsageError
    from hydra_core.mail import send

    if hall.mail is None:
        raise UsageError("this hall sends no mail: put a `mail:` section with server and sender into its configuration")
    to = sorted({*hall.mail.reports_to, *asked})
    if to:
        send(hall.mail, to, subject, text, html)
    print(f"sent to {len(to)} address{'' if len(to) == 1 else 'es'}")
