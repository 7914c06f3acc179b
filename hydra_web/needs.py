"""What the feed of the wall needs of others: a database to ask, and somebody who draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hydra_core.domain import Change, WallRow
from hydra_core.store.services import Service
from hydra_core.store.wall import Unseen
from hydra_web.board import Card


@dataclass(frozen=True, slots=True)
class Away:
    """The database cannot be used since a time. `advice` is for everybody: it names no host and no user."""

    since: datetime
    advice: str


class WallStore(Protocol):
    """What the poller asks of the database. Every call may raise StoreError."""

    def check_schema(self) -> None:
        """Raise SchemaError when the database has another schema version."""
        ...

    def last_change_id(self) -> int:
        """Return the id of the newest change, 0 when there is none."""
        ...

    def changes_after(self, change_id: int, limit: int) -> list[Change]:
        """Return the changes with a greater id, oldest first."""
        ...

    def wall(self) -> list[WallRow]:
        """Return the last state of every plot type."""
        ...

    def unseen(self, since: datetime) -> list[Unseen]:
        """Return the last incident of each plot type since a time, if it is over and nobody has acknowledged it."""
        ...

    def services(self) -> list[Service]:
        """Return the last heartbeat of every service."""
        ...


class Drawing(Protocol):
    """How cards become HTML."""

    def slot(self, card: Card) -> str:
        """Return what stands in the card's place in the grid."""
        ...

    def strip(self, card: Card) -> str | None:
        """Return what stands in the attention strip, None for a card that is not there."""
        ...

    def summary(self, cards: Sequence[Card]) -> str:
        """Return how many plots are how."""
        ...

    def clock(self, moment: datetime) -> str:
        """Return the time of day in the hall's zone."""
        ...

    def banner(self, away: Away | None, quiet: datetime | None) -> str:
        """Return the plain words of the banner, empty when all is well."""
        ...
