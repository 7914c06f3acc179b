"""What somebody wants to label, as it stands in a URL: order and filters."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import BeforeValidator, Field

from hydra_core.store.label_pages import Wish
from hydra_core.store.label_queue import Filters, Order, Show
from hydra_web.log.filters import moment_or_422
from hydra_web.parts import PartsOf

PAGE = 60
MAX_PAGE = 200

ORDERS = {
    Order.UNCERTAIN: "least certain first",
    Order.DISAGREEMENT: "most disputed first",
    Order.DIVERSE: "every kind of plot first",
    Order.NEW: "newest first",
    Order.RANDOM: "in random order",
}
SHOWN = {
    Show.UNLABELLED: "without a label",
    Show.UNSEEN: "not labelled by me",
    Show.LABELLED: "labelled",
    Show.ALL: "all",
}


def _none(value: object) -> object:
    return None if value == "" else value


EmptyIsNone = BeforeValidator(_none)
"""A form sends what was left empty as an empty text."""

Word = Annotated[Annotated[str, Field(max_length=190)] | None, EmptyIsNone, Query()]
_Run = Annotated[Annotated[int, Field(ge=0, le=2**31 - 1)] | None, EmptyIsNone, Query()]
_Share = Annotated[Annotated[float, Field(ge=0, le=1)] | None, EmptyIsNone, Query()]
_Day = Annotated[str, Query(max_length=40, description="Day (`to` counts it whole) or ISO time, the hall's zone.")]
_Shown = Annotated[Show | None, EmptyIsNone, Query(description="Default: unlabelled; of disputes all.")]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a URL asks for. `since` and `until` are as they were typed, `wish` what everything means."""

    wish: Wish
    since: str
    until: str

    @property
    def is_narrowed(self) -> bool:
        """Whether fewer plots come than without filters."""
        return self.wish.filters != Filters(show=self.wish.filters.show)

    def query(self) -> str:
        """Return the URL's query without the page."""
        one = self.wish.filters
        pairs = {
            "order": self.wish.order.value,
            "show": one.show.value,
            "run_from": one.run_from,
            "run_to": one.run_to,
            "from": self.since,
            "to": self.until,
            "says": one.says,
            "score_from": one.score_from,
            "score_to": one.score_to,
            "label": one.label,
            "fold": "" if self.wish.fold else "false",
            "size": self.wish.size if self.wish.size != PAGE else "",
        }
        return urlencode({key: value for key, value in pairs.items() if value not in (None, "")})


def _asked(
    parts: PartsOf,
    order: Order = Order.UNCERTAIN,
    show: _Shown = None,
    run_from: _Run = None,
    run_to: _Run = None,
    since: Annotated[_Day, Query(alias="from")] = "",
    until: Annotated[_Day, Query(alias="to")] = "",
    says: Annotated[Word, Query(description="Class that the active model gives.")] = None,
    score_from: Annotated[_Share, Query(description="Lowest score of that class.")] = None,
    score_to: _Share = None,
    label: Annotated[Word, Query(description="Class that people agreed on.")] = None,
    fold: Annotated[bool, Query(description="Show near-duplicates that are judged alike as one.")] = True,
    size: Annotated[int, Query(ge=1, le=MAX_PAGE)] = PAGE,
) -> Asked:
    zone = parts.config.zone
    filters = Filters(
        show=show or (Show.ALL if order is Order.DISAGREEMENT else Show.UNLABELLED),
        run_from=run_from,
        run_to=run_to,
        since=moment_or_422(since, zone),
        until=moment_or_422(until, zone, end=True),
        says=says,
        score_from=score_from,
        score_to=score_to,
        label=label,
    )
    return Asked(Wish(order, filters, size, fold), since, until)


AskedOf = Annotated[Asked, Depends(_asked)]
"""Annotation of a route's argument that receives order and filters from the URL."""
