"""The report of a shift: its page, its JSON twin, the same as a mail, and who gets that every day."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from hydra_core.config import HallConfig
from hydra_core.store.reports import Deed, RunSpan, ShiftReport
from hydra_web.log.actions import Body, address
from hydra_web.log.filters import moment_or_422
from hydra_web.log.incidents import Incident, incident, page_of
from hydra_web.log.pages import SIGNS
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Myself, Person, Reader
from hydra_web.views import Views, duration

router = APIRouter(tags=["log"])
SHIFT = timedelta(hours=8)
LONGEST = timedelta(days=31)
From = Annotated[str, Query(alias="from", max_length=40, description="Day or ISO time; default: 8 hours ago.")]
To = Annotated[str, Query(alias="to", max_length=40, description="Day (it counts whole) or ISO time; default: now.")]


class Figures(BaseModel):
    """How the alarms of the shift behaved; times are medians in seconds."""

    raised: int
    per_hour: float
    worst_ten_minutes: int
    standing: list[str]
    chattering: list[str]
    unacknowledged: int
    to_acknowledge: float | None
    to_clear: float | None
    by_plot: dict[str, int]


class Done(BaseModel):
    """Something that somebody did."""

    at: datetime
    who: str
    what: str
    target: str
    words: str


class RunOfShift(BaseModel):
    """A run's plots within the shift."""

    run: int
    first: datetime
    last: datetime
    plots: int


class Report(BaseModel):
    """A shift, `since` ≤ time < `until`."""

    since: datetime
    until: datetime
    figures: Figures
    runs: list[RunOfShift]
    incidents: list[Incident]
    silenced: list[Done]
    changed: list[Done]


class MailWish(Body):
    """Where the daily report goes."""

    email: str = Field(pattern=r"^[^@\s<>,]+@[^@\s<>,]+$", max_length=190)


@router.get("/reports/shift", response_class=HTMLResponse, include_in_schema=False)
def shift(parts: PartsOf, person: Reader, since: From = "", until: To = "") -> HTMLResponse:
    """Show the report, ready to print."""
    report = _report(parts, since, until)
    wanted = parts.store.report_recipients().get(person.name, "") if person.is_known else ""
    account = parts.store.account(person.name) if person.is_known else None
    context = {
        **report_context(report),
        "email": wanted or (account.email if account is not None else ""),
        "here": "log",
        "mails": parts.config.mail is not None,
        "shifts": [
            (*span, _name(span, parts.config.zone)) for span in last_shifts(datetime.now(UTC), parts.config.zone)
        ],
        "wanted": bool(wanted),
    }
    return HTMLResponse(parts.views.page("shift.html", person, context))


@router.get("/api/v1/reports/shift")
def shift_json(parts: PartsOf, person: Reader, since: From = "", until: To = "") -> Report:
    """Return the report of a shift."""
    return report_json(_report(parts, since, until))


@router.put("/api/v1/reports/shift/mail", status_code=204)
def mail_me(body: MailWish, parts: PartsOf, person: Myself, request: Request) -> None:
    """Let the daily report be mailed to whoever asks."""
    if parts.config.mail is None:
        raise HTTPException(409, "This hall sends no mail: see `mail:` in its configuration.")
    parts.store.ask_for_report(person.name, body.email, address(request))


@router.delete("/api/v1/reports/shift/mail", status_code=204)
def mail_me_no_more(parts: PartsOf, person: Myself, request: Request) -> None:
    """Stop mailing the daily report to whoever asks."""
    parts.store.ask_for_report(person.name, None, address(request))


def report_json(report: ShiftReport) -> Report:
    """Return a report as the API and `hydra report shift --json` tell it."""
    figures = report.figures
    return Report(
        since=report.since,
        until=report.until,
        figures=Figures(
            raised=figures.raised,
            per_hour=figures.per_hour,
            worst_ten_minutes=figures.worst_ten_minutes,
            standing=list(figures.standing),
            chattering=list(figures.chattering),
            unacknowledged=figures.unacknowledged,
            to_acknowledge=figures.to_acknowledge,
            to_clear=figures.to_clear,
            by_plot=dict(figures.by_type),
        ),
        runs=[_run(one) for one in report.runs],
        incidents=[incident(one) for one in report.incidents],
        silenced=[_done(one) for one in report.silenced],
        changed=[_done(one) for one in report.changed],
    )


def report_context(report: ShiftReport) -> dict[str, object]:
    """Return what the templates of the report need."""
    return {"duration": duration, "page_of": page_of, "report": report, "signs": SIGNS}


def report_mail(report: ShiftReport, config: HallConfig, views: Views) -> tuple[str, str, str]:
    """Return subject, plain text and HTML of the mail with a report."""
    figures = report.figures
    alarms = "no alarm" if not figures.raised else f"{figures.raised} alarm{'s' if figures.raised > 1 else ''}"
    subject = f"Hydra {config.deployment}: {alarms}, {views.when(report.since)} to {views.when(report.until)}"
    context = {**report_context(report), "base": config.web.base_url.rstrip("/"), "subject": subject}
    nobody = Person("")
    return subject, views.page("shift_mail.txt", nobody, context), views.page("shift_mail.html", nobody, context)


def last_shifts(now: datetime, zone: ZoneInfo, count: int = 4) -> list[tuple[datetime, datetime]]:
    """Return the last shifts of eight hours by the hall's clock (0, 8 and 16 o'clock), the newest first.

    The newest may still go on. A shift in which the clocks change is an hour longer or shorter.
    """
    local = now.astimezone(zone)
    day, block = local.date(), local.hour // 8
    found = []
    for _ in range(count):
        start = datetime.combine(day, time(block * 8), zone)
        following = (day, block + 1) if block < 2 else (day + timedelta(days=1), 0)
        found.append(
            (start.astimezone(UTC), datetime.combine(following[0], time(following[1] * 8), zone).astimezone(UTC))
        )
        day, block = (day, block - 1) if block else (day - timedelta(days=1), 2)
    return found


def _report(parts: Parts, since: str, until: str) -> ShiftReport:
    end = moment_or_422(until, parts.config.zone, end=True) or datetime.now(UTC)
    start = moment_or_422(since, parts.config.zone) or end - SHIFT
    if not timedelta(0) < end - start <= LONGEST:
        raise HTTPException(422, f"A report is of a time span of at most {LONGEST.days} days: `from` lies before `to`.")
    return parts.store.shift_report(start, end)


def _name(span: tuple[datetime, datetime], zone: ZoneInfo) -> str:
    """Return what people call a shift: its day and hours, as Tue 08-16."""
    start, end = (one.astimezone(zone) for one in span)
    return f"{start:%a %H}-{end.hour or 24:02d}"


def _run(one: RunSpan) -> RunOfShift:
    return RunOfShift(run=one.run, first=one.first, last=one.last, plots=one.plots)


def _done(one: Deed) -> Done:
    return Done(at=one.at, who=one.who, what=one.what, target=one.target, words=one.words)
