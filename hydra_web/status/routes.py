"""The status page with its JSON twin, the leader board, and the help."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from hydra_core.store.services import Leader
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Reader
from hydra_web.status.charts import WEEKS, Calendar, calendar
from hydra_web.status.figures import is_silent, size_words, stages, tiles

router = APIRouter(tags=["system"])


class ServiceTold(BaseModel):
    """A service's last heartbeat."""

    service: str
    host: str
    pid: int
    state: str
    at: datetime
    silent: bool = Field(description="It has not told of itself for too long.")
    pvs: dict[str, float | str] = Field(description="The IOC's own PVs by suffix; empty for other services.")


class StageTold(BaseModel):
    """How long a stage took the last plots."""

    stage: str
    p50_ms: float
    p95_ms: float


class SourceTold(BaseModel):
    """Where plots come from."""

    pattern: str
    trouble: str
    last: datetime | None


class ModelTold(BaseModel):
    """A model in service, or why it is not."""

    plot: str
    model: str
    engine: str = Field(description="What computes it; the safest one where a faster one did not prove itself.")
    trouble: str


class TargetTold(BaseModel):
    """An address that messages go to; `trouble` says why they do not get through."""

    target: str
    trouble: str
    waiting: int
    dropped: int


class SystemTold(BaseModel):
    """How Hydra itself does."""

    services: list[ServiceTold]
    stages: list[StageTold]
    sources: list[SourceTold]
    models: list[ModelTold]
    targets: list[TargetTold] = Field(description="Whom `hydra notify` tells; empty when it has not run.")
    browsers: int = Field(description="Browsers that follow the wall.")
    database: str
    database_bytes: int


class ArrivalsOfDay(BaseModel):
    """How many plots arrived on a day of the hall's zone."""

    day: str
    plots: int


class LeaderTold(BaseModel):
    """Somebody who labels. `agreement` is with the truth, on plots that others labelled too; null without any."""

    name: str
    plot_types: int
    coverage: float = Field(description="Share of the hall's plot types they label.")
    plots: int
    agreement: float | None
    shared: int
    last: datetime


@router.get("/status", response_class=HTMLResponse, include_in_schema=False)
def page(parts: PartsOf, person: Reader, live: bool = False) -> HTMLResponse:
    """Show how Hydra itself does; `live`: without the year, which a page that is open has already."""
    feed, now = parts.feed, datetime.now(UTC)
    server, size = parts.store.database()
    last = parts.store.last_arrivals()
    context = {
        "banner": feed.banner(),
        "browsers": feed.subscribers,
        "calendar": None if live else _year(parts, now),
        "cards": feed.cards,
        "database": f"{server}, {size_words(size)}",
        "detail": _ioc_detail(parts),
        "here": "status",
        "last": last,
        "targets": _targets(parts),
        "message": feed.around.pvs.get("MSG", ""),
        "now": now,
        "services": [(one, is_silent(one, now)) for one in feed.services],
        "stages": stages(feed.beats),
        "tiles": tiles(feed.beats),
    }
    return HTMLResponse(parts.views.page("status.html", person, context))


@router.get("/api/v1/system")
def system(parts: PartsOf, person: Reader) -> SystemTold:
    """Return how Hydra itself does."""
    feed, now, detail = parts.feed, datetime.now(UTC), _ioc_detail(parts)
    server, size = parts.store.database()
    return SystemTold(
        services=[
            ServiceTold(
                service=one.service,
                host=one.host,
                pid=one.pid,
                state=one.state,
                at=one.at,
                silent=is_silent(one, now),
                pvs=one.detail.get("pvs", {}),
            )
            for one in feed.services
        ],
        stages=[StageTold(stage=one.name, p50_ms=one.p50, p95_ms=one.p95) for one in stages(feed.beats)],
        sources=[SourceTold(**one) for one in detail.get("sources", [])],
        models=[
            ModelTold(plot=one["plot_type"], model=one["model"], engine=one.get("engine", ""), trouble=one["trouble"])
            for one in detail.get("models", [])
        ],
        targets=_targets(parts),
        browsers=feed.subscribers,
        database=server,
        database_bytes=size,
    )


@router.get("/api/v1/arrivals")
def arrivals(parts: PartsOf, person: Reader) -> list[ArrivalsOfDay]:
    """Return how many plots arrived on each of the last days, a year of them."""
    found = _year(parts, datetime.now(UTC))
    return [ArrivalsOfDay(day=day.day.isoformat(), plots=day.count) for day in found.days]


@router.get("/leaders", response_class=HTMLResponse, include_in_schema=False)
def leader_board(parts: PartsOf, person: Reader) -> HTMLResponse:
    """Show who labels what, by coverage and agreement."""
    context = {"here": "leaders", "now": datetime.now(UTC), "leaders": _leaders(parts)}
    return HTMLResponse(parts.views.page("leaders.html", person, context))


@router.get("/api/v1/leaders")
def leaders(parts: PartsOf, person: Reader) -> list[LeaderTold]:
    """Return who labels, the widest coverage first."""
    return _leaders(parts)


@router.get("/help", response_class=HTMLResponse, include_in_schema=False)
def explain(parts: PartsOf, person: Reader) -> HTMLResponse:
    """Explain signs, colours and keys, and where the guides are."""
    return HTMLResponse(parts.views.page("help.html", person, {"here": "help", "now": datetime.now(UTC)}))


def _targets(parts: Parts) -> list[TargetTold]:
    told = [one.detail.get("targets") for one in parts.feed.services if one.service == "notify"]
    return [TargetTold(**target) for targets in told if isinstance(targets, list) for target in targets]


def _year(parts: Parts, now: datetime) -> Calendar:
    zone = parts.config.zone
    return calendar(parts.store.arrivals(now - timedelta(weeks=WEEKS)), zone, now.astimezone(zone).date())


def _leaders(parts: Parts) -> list[LeaderTold]:
    whole = len(parts.feed.cards) or 1
    return [_leader(one, whole) for one in parts.store.leaders()]


def _leader(one: Leader, whole: int) -> LeaderTold:
    return LeaderTold(
        name=one.name,
        plot_types=one.plot_types,
        coverage=min(1.0, one.plot_types / whole),
        plots=one.plots,
        agreement=one.agreed / one.shared if one.shared else None,
        shared=one.shared,
        last=one.last,
    )


def _ioc_detail(parts: Parts) -> dict[str, list[dict[str, str]]]:
    """Return what the IOC told of its models and sources."""
    beats = [one for one in parts.feed.services if one.service == "ioc"]
    last = max(beats, key=lambda one: one.at, default=None)
    detail: dict[str, object] = dict(last.detail) if last is not None else {}
    told = {key: detail.get(key) for key in ("models", "sources")}
    return {key: list(value) if isinstance(value, list) else [] for key, value in told.items()}
