"""`/api/v1/news`: banners on all pages."""

from datetime import datetime

from fastapi import APIRouter, HTTPException
from pydantic import AwareDatetime, BaseModel, Field

from hydra_core.store.news import NewsItem
from hydra_web.admin.bodies import Body, RowId
from hydra_web.parts import PartsOf
from hydra_web.people.rights import Liaison, Reader

router = APIRouter(prefix="/api/v1", tags=["news"])


class NewsOut(BaseModel):
    """One banner."""

    id: int
    body: str
    author: str
    created_at: datetime
    expires_at: datetime | None


class NewsPage(BaseModel):
    """The banners of now, the newest first."""

    items: list[NewsOut]


class NewsIn(Body):
    """A banner to be put up; without an end it stays until somebody takes it away."""

    body: str = Field(min_length=1, max_length=500)
    expires_at: AwareDatetime | None = None


def news_out(item: NewsItem) -> NewsOut:
    """Return a banner as the API tells it."""
    return NewsOut(**{name: getattr(item, name) for name in NewsOut.model_fields})


@router.get("/news")
def news(parts: PartsOf, person: Reader) -> NewsPage:
    """Return the banners of now."""
    return NewsPage(items=[news_out(item) for item in parts.store.news()])


@router.post("/news", status_code=201)
def add(new: NewsIn, parts: PartsOf, person: Liaison) -> NewsOut:
    """Put a banner on every page."""
    return news_out(parts.store.add_news(new.body.strip() or new.body, new.expires_at, person.name, person.where))


@router.delete("/news/{news_id}", status_code=204)
def remove(news_id: RowId, parts: PartsOf, person: Liaison) -> None:
    """Take a banner away."""
    if not parts.store.remove_news(news_id, person.name, person.where):
        raise HTTPException(404, f"There is no news {news_id}.")
