"""Answers for supervisors and load balancers: is the process alive, and is it of use."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from hydra_web.parts import PartsOf

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """One word, and what to know when it is not ``ok``."""

    status: str
    detail: str = ""


@router.get("/healthz")
async def alive() -> Health:
    """Say that the process answers, whatever the state of the database."""
    return Health(status="ok")


@router.get("/readyz", responses={503: {"model": Health}})
async def ready(parts: PartsOf, response: Response) -> Health:
    """Say whether the wall is up to date; 503 while the database is away."""
    away = parts.feed.away
    if away is None:
        return Health(status="ok")
    response.status_code = 503
    return Health(status="away", detail=f"database away since {away.since.isoformat()}: {away.advice}")
