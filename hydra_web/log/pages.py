"""The log: a page and its JSON twin, one incident, its image strip, and the whole selection as a file."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import BaseModel, Field

from hydra_core.domain import Severity, Status
from hydra_core.store.episodes import STRIP, LoggedEpisode, Mark, Shown
from hydra_web.log.actions import EpisodeUid, found_episode
from hydra_web.log.filters import Asked, AskedOf, cursor
from hydra_web.log.incidents import Incident, ShownPlot, incident, page_of, shown_plot
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Reader, Role

router = APIRouter(tags=["log"])
SIGNS = {Severity.MAJOR: Status.BAD, Severity.MINOR: Status.WARN}
"""The sign that an incident of a severity has; one of neither is of a class that no longer alarms."""

COLUMNS = (
    "uid", "plot", "group", "class", "severity", "started_at", "confirmed_at", "ended_at", "worst_score", "run",
    "acknowledged_by", "acknowledged_at", "feedback", "feedback_by", "note", "logbook_url", "page",
)  # fmt: skip
PLOT_COLUMNS = ("uid", "plot", "class", "confidence", "status", "run", "chunk", "taken_at", "at", "page")
AT_ONCE = 500


class LogPage(BaseModel):
    """A page of the log, the newest first: `incidents`, or `plots` where unconfirmed ones were asked for."""

    incidents: list[Incident]
    plots: list[ShownPlot]
    next: str | None = Field(description="`after` of the next page; null: this is the last.")


class Strip(BaseModel):
    """The judged plots of an incident, oldest first; of a long one some from first to last."""

    plots: list[ShownPlot]


@router.get("/log", response_class=HTMLResponse, include_in_schema=False)
def log(asked: AskedOf, parts: PartsOf, person: Reader) -> HTMLResponse:
    """Show incidents, one a row, or plots that were not confirmed."""
    rows, more = _rows(asked, parts)
    types = [card.plot_type for card in parts.feed.cards]
    context = {
        "asked": asked,
        "classes": sorted({name for one in types for name in one.class_names()}),
        "groups": sorted({one.group for one in types}),
        "here": "log",
        "next": more,
        "page_of": page_of,
        "rows": rows,
        "signs": SIGNS,
        "titles": {one.name: one.title for one in types},
    }
    return HTMLResponse(parts.views.page("log.html", person, context))


@router.get("/episodes/{uid}", response_class=HTMLResponse, include_in_schema=False)
def episode(uid: EpisodeUid, parts: PartsOf, person: Reader) -> HTMLResponse:
    """Show one incident with its plots and what was decided about it."""
    found = found_episode(uid, parts)
    context = {
        "card": parts.feed.card(found.plot_type),
        "has_logbook": parts.config.logbook is not None,
        "here": "log",
        "incident": found,
        "may_act": person.may(Role.LABELER, found.plot_type),
        "page_of": page_of,
        "signs": SIGNS,
        "strip": parts.store.image_strip(uid),
    }
    return HTMLResponse(parts.views.page("episode.html", person, context))


@router.get("/api/v1/log")
def log_page(asked: AskedOf, parts: PartsOf, person: Reader) -> LogPage:
    """Return a page of the log."""
    rows, more = _rows(asked, parts)
    return LogPage(
        incidents=[incident(row) for row in rows if isinstance(row, LoggedEpisode)],
        plots=[shown_plot(row) for row in rows if isinstance(row, Shown)],
        next=more,
    )


@router.get("/api/v1/episodes/{uid}")
def one_episode(uid: EpisodeUid, parts: PartsOf, person: Reader) -> Incident:
    """Return one incident."""
    return incident(found_episode(uid, parts))


@router.get("/api/v1/episodes/{uid}/strip")
def strip(
    uid: EpisodeUid, parts: PartsOf, person: Reader, limit: Annotated[int, Query(ge=2, le=STRIP)] = STRIP
) -> Strip:
    """Return the plots of an incident."""
    found_episode(uid, parts)
    return Strip(plots=[shown_plot(one) for one in parts.store.image_strip(uid, limit)])


@router.get("/api/v1/log.csv", response_class=StreamingResponse)
def as_csv(asked: AskedOf, parts: PartsOf, person: Reader) -> StreamingResponse:
    """Return the whole selection as CSV, however long it is."""
    headers = {"Content-Disposition": f'attachment; filename="{_stem(asked)}.csv"'}
    return StreamingResponse(_csv(asked, parts), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/api/v1/log.jsonl", response_class=StreamingResponse)
def as_json_lines(asked: AskedOf, parts: PartsOf, person: Reader) -> StreamingResponse:
    """Return the whole selection, one JSON object a line."""
    headers = {"Content-Disposition": f'attachment; filename="{_stem(asked)}.jsonl"'}
    lines = (_json(row).model_dump_json(by_alias=True) + "\n" for row in _every(asked, parts))
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)


def _rows(asked: Asked, parts: Parts, limit: int | None = None) -> tuple[list[LoggedEpisode] | list[Shown], str | None]:
    """Return a page of rows, and the cursor of the next one."""
    wanted = limit or asked.limit
    rows: list[LoggedEpisode] | list[Shown]
    if asked.confirmed:
        rows = parts.store.episodes(asked.filters, asked.after, wanted + 1)
    else:
        rows = parts.store.suspects(asked.filters, asked.after, wanted + 1)
    if len(rows) <= wanted:
        return rows, None
    return rows[:wanted], cursor(*_place(rows[wanted - 1]))


def _place(row: LoggedEpisode | Shown) -> Mark:
    return (row.started_at, row.id) if isinstance(row, LoggedEpisode) else (row.at, row.inference_id)


def _every(asked: Asked, parts: Parts) -> Iterator[LoggedEpisode | Shown]:
    """Yield all rows from here on, a page of them in memory at a time."""
    following: str | None = ""
    while following is not None:
        rows, following = _rows(asked, parts, AT_ONCE)
        yield from rows
        if rows:
            asked = replace(asked, after=_place(rows[-1]))


def _json(row: LoggedEpisode | Shown) -> Incident | ShownPlot:
    return incident(row) if isinstance(row, LoggedEpisode) else shown_plot(row)


def _csv(asked: Asked, parts: Parts) -> Iterator[str]:
    columns = COLUMNS if asked.confirmed else PLOT_COLUMNS
    yield _line(columns)
    for row in _every(asked, parts):
        values = json.loads(_json(row).model_dump_json(by_alias=True))
        if isinstance(row, LoggedEpisode):
            values["run"] = row.first.plot.run if row.first is not None else None
        yield _line([_harmless(values[name]) for name in columns])


def _line(values: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue()


def _harmless(value: object) -> object:
    """Keep a spreadsheet from taking somebody's note for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _stem(asked: Asked) -> str:
    return "hydra-incidents" if asked.confirmed else "hydra-unconfirmed"
