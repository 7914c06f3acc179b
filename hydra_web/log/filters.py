"""The log's filters as they stand in a URL, and the cursor that leads from page to page."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Depends, HTTPException, Query

from hydra_core.moments import moment
from hydra_core.store.episodes import Filters, Mark
from hydra_web.parts import PartsOf

PAGE = 50
MAX_PAGE = 500
_Names = Annotated[list[str], Query(max_length=190)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a URL asks of the log. `since` and `until` are as they were typed, `filters` what they mean."""

    filters: Filters
    confirmed: bool
    since: str
    until: str
    after: Mark | None
    limit: int

    def query(self, **changes: object) -> str:
        """Return the URL's query for this with changes; "" takes a parameter out."""
        pairs = dict(self._pairs()) | {"confirmed": "" if self.confirmed else "false"} | changes
        many = [("plot_type", n) for n in self.filters.plot_types if "plot_type" not in changes]
        many += [("group", n) for n in self.filters.groups if "group" not in changes]
        many += [("class", n) for n in self.filters.classes if "class" not in changes]
        return urlencode([*many, *((key, value) for key, value in pairs.items() if value not in ("", None))])

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but "newest first" was asked for."""
        wanted = self.filters
        return bool(wanted.plot_types or wanted.groups or wanted.classes or self.since or self.until) or (
            wanted.run is not None
        )

    def _pairs(self) -> Iterator[tuple[str, object]]:
        yield "run", self.filters.run
        yield "from", self.since
        yield "to", self.until


def _asked(
    parts: PartsOf,
    plot_type: _Names = [],  # noqa: B006 (FastAPI copies it)
    group: _Names = [],  # noqa: B006
    class_: Annotated[list[str], Query(alias="class", max_length=190)] = [],  # noqa: B006
    run: Annotated[str, Query(pattern=r"^\d{0,9}$", description="Number of a run in which an incident was open.")] = "",
    since: Annotated[str, Query(alias="from", max_length=40, description="Day or ISO time, the hall's zone.")] = "",
    until: Annotated[str, Query(alias="to", max_length=40, description="Day (it counts whole) or ISO time.")] = "",
    confirmed: Annotated[bool, Query(description="False: plots that looked wrong and were not confirmed.")] = True,
    after: Annotated[str, Query(max_length=100, description="`next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = PAGE,
) -> Asked:
    zone = parts.config.zone
    filters = Filters(
        plot_types=_given(plot_type),
        groups=_given(group),
        classes=_given(class_),
        run=int(run) if run else None,
        since=moment_or_422(since, zone),
        until=moment_or_422(until, zone, end=True),
    )
    return Asked(filters, confirmed, since, until, _mark(after), limit)


AskedOf = Annotated[Asked, Depends(_asked)]
"""Annotation of a route's argument that receives the filters in the URL."""


def moment_or_422(text: str, zone: ZoneInfo, end: bool = False) -> datetime | None:
    """Return the time that a URL names, as `hydra_core.moments` reads it. Raises HTTPException (422)."""
    try:
        return moment(text, zone, end)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error


def cursor(at: datetime, number: int) -> str:
    """Return the opaque text that stands for a place in the log."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {number}".encode()).decode().rstrip("=")


def _mark(text: str) -> Mark | None:
    if not text:
        return None
    try:
        at, number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").rsplit(" ", 1)
        found = datetime.fromisoformat(at)
        if found.tzinfo is None or not 0 <= int(number) < 2**63:
            raise ValueError(text)
        return found.astimezone(UTC), int(number)
    except (ValueError, OverflowError, binascii.Error):
        raise HTTPException(422, "This is no `next` of the log.") from None


def _given(names: list[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name)
