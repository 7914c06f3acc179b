"""News: banners that a detector's liaison puts on every page until they run out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, or_, select

from db_schema.tables import news
from hydra_core.store.audit import audit
from hydra_core.store.engine import Database
from hydra_core.store.rows import add_change, new_id

MOST = 20
"""Banners at a time that anybody would read, and then some."""


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One banner."""

    id: int
    body: str
    author: str
    created_at: datetime
    expires_at: datetime | None


def current_news(connection: Connection) -> list[NewsItem]:
    """Return the banners of now, the newest first."""
    lasts = or_(news.c.expires_at.is_(None), news.c.expires_at > datetime.now(UTC))
    rows = connection.execute(select(news).where(lasts).order_by(news.c.id.desc()).limit(MOST))
    return [NewsItem(row.id, row.body, row.author, row.created_at, row.expires_at) for row in rows]


def add_news(connection: Connection, body: str, expires_at: datetime | None, by: str, where: str) -> NewsItem:
    """Put a banner on every page."""
    now = datetime.now(UTC)
    values = {"body": body, "author": by, "created_at": now, "expires_at": expires_at}
    made = new_id(connection.execute(insert(news).values(**values)))
    audit(connection, by, "add news", f"news {made}", None, {"body": body, "expires_at": expires_at}, where)
    _changed(connection, made, now)
    return NewsItem(made, body, by, now, expires_at)


def remove_news(connection: Connection, news_id: int, by: str, where: str) -> bool:
    """Take a banner away; False when there is none of this id."""
    row = connection.execute(select(news).where(news.c.id == news_id)).one_or_none()
    if row is None:
        return False
    connection.execute(delete(news).where(news.c.id == news_id))
    before = {"body": row.body, "author": row.author, "expires_at": row.expires_at}
    audit(connection, by, "remove news", f"news {news_id}", before, None, where)
    _changed(connection, news_id, datetime.now(UTC))
    return True


def _changed(connection: Connection, news_id: int, at: datetime) -> None:
    add_change(connection, uuid4().hex, "news", None, news_id, {"news": news_id}, at, at)


class NewsStore:
    """The part of the store that knows news; every method is one transaction, what it changes is audited."""

    _db: Database

    def news(self) -> list[NewsItem]:
        """Return the banners of now, the newest first."""
        return self._db.read(current_news)

    def add_news(self, body: str, expires_at: datetime | None, by: str, where: str = "") -> NewsItem:
        """Put a banner on every page."""
        return self._db.write(lambda connection: add_news(connection, body, expires_at, by, where))

    def remove_news(self, news_id: int, by: str, where: str = "") -> bool:
        """Take a banner away; False when there is none of this id."""
        return self._db.write(lambda connection: remove_news(connection, news_id, by, where))
