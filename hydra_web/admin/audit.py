"""`/api/v1/audit`: who changed what, before and after."""

import base64
import binascii
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import AwareDatetime, BaseModel, Field, JsonValue

from hydra_core.store.audit_pages import AuditFilter, AuditLine
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Admin

router = APIRouter(prefix="/api/v1", tags=["people"])
_Text = Annotated[str | None, Query(max_length=190)]


class AuditOut(BaseModel):
    """One change."""

    id: int
    at: datetime
    who: str
    what: str
    target: str
    before: JsonValue
    after: JsonValue
    where: str


class AuditPage(BaseModel):
    """A page of changes, the newest first."""

    items: list[AuditOut]
    next: str | None = Field(description="`after` of the next page; null: this is the last.")


def asked(
    who: _Text = None,
    what: _Text = None,
    target: _Text = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> AuditFilter:
    """Return the filter of a URL; an empty field asks for nothing."""
    return AuditFilter(who or None, what or None, target or None, since, until)


AskedOf = Annotated[AuditFilter, Depends(asked)]


@router.get("/audit")
def audit(
    parts: PartsOf,
    person: Admin,
    wanted: AskedOf,
    after: Annotated[str | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AuditPage:
    """Return changes, the newest first."""
    lines, more = audit_page(parts, wanted, after, limit)
    items = [AuditOut(**{name: getattr(line, name) for name in AuditOut.model_fields}) for line in lines]
    return AuditPage(items=items, next=more)


def audit_page(parts: Parts, wanted: AuditFilter, after: str | None, limit: int) -> tuple[list[AuditLine], str | None]:
    """Return a page of lines and the cursor of the next. Raises HTTPException (422) for a cursor of no use."""
    lines = parts.store.audit_lines(wanted, None if after is None else _place(after), limit + 1)
    return lines[:limit], _cursor(lines[limit - 1].id) if len(lines) > limit else None


def _cursor(line_id: int) -> str:
    return base64.urlsafe_b64encode(str(line_id).encode()).decode().rstrip("=")


def _place(cursor: str) -> int:
    try:
        place = int(base64.urlsafe_b64decode(cursor.encode("ascii") + b"==").decode("ascii"))
    except (ValueError, UnicodeError, binascii.Error):
        place = 0
    if not 0 < place < 2**63:
        raise HTTPException(422, "after: this is no place in the list; take `next` of the page before")
    return place
