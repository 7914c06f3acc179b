"""`/metrics`: what Prometheus scrapes, in its text format. Costs no look into the database."""

from collections.abc import Iterator
from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from hydra_core.domain import Status
from hydra_web.board import attention, tally, unacknowledged
from hydra_web.events import WallFeed
from hydra_web.parts import PartsOf

router = APIRouter(tags=["health"])
Samples = list[tuple[dict[str, str], float]]


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(parts: PartsOf) -> PlainTextResponse:
    """Return all numbers in Prometheus' text format."""
    text = "".join(_lines(parts.feed, datetime.now(UTC)))
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _lines(feed: WallFeed, now: datetime) -> Iterator[str]:
    yield from _plots(feed, now)
    yield from _ioc(feed, now)
    yield from _metric("hydra_web_browsers", "Browsers that follow the wall.", [({}, feed.subscribers)])
    yield from _metric("hydra_web_change", "Newest change that the wall shows.", [({}, feed.cursor)])
    yield from _metric("hydra_web_database_up", "Can the web read the database.", [({}, 0 if feed.away else 1)])


def _plots(feed: WallFeed, now: datetime) -> Iterator[str]:
    cards = feed.cards
    names = [{"plot": card.name, "group": card.plot_type.group} for card in cards]
    judged = [(name, card) for name, card in zip(names, cards, strict=True) if card.class_name]
    seen = [(name, card.received_at) for name, card in zip(names, cards, strict=True) if card.received_at]
    states = ", ".join(f"{status.value} {status.name}" for status in Status)
    statuses: Samples = [(name, card.status.value) for name, card in zip(names, cards, strict=True)]
    yield from _metric("hydra_plot_status", f"State of the STATUS PV: {states}.", statuses)
    severities: Samples = [(name, card.severity.value) for name, card in zip(names, cards, strict=True)]
    yield from _metric("hydra_plot_severity", "EPICS severity: 0 NO_ALARM, 1 MINOR, 2 MAJOR, 3 INVALID.", severities)
    scores: Samples = [({**name, "class": card.class_name}, card.score) for name, card in judged]
    yield from _metric("hydra_plot_score", "Score of the class with the highest score.", scores)
    ages: Samples = [(name, max(0.0, (now - at).total_seconds())) for name, at in seen]
    yield from _metric("hydra_plot_age_seconds", "Since the newest plot arrived.", ages)
    counts: Samples = [({"status": status.name}, count) for status, count in tally(cards)]
    yield from _metric("hydra_plots", "Plot types by status.", counts)
    yield from _metric("hydra_attention", "Plot types that need attention.", [({}, len(attention(cards)))])
    yield from _metric("hydra_unacknowledged", "Incidents that nobody has acknowledged.", [({}, unacknowledged(cards))])


def _ioc(feed: WallFeed, now: datetime) -> Iterator[str]:
    if not feed.beats:
        return
    beat = feed.beats[-1]
    age = max(0.0, (now - beat.at).total_seconds())
    yield from _metric("hydra_ioc_heartbeat_age_seconds", "Since the IOC last told of itself.", [({}, age)])
    numbers: Samples = [({"pv": s}, float(v)) for s, v in beat.pvs.items() if isinstance(v, int | float)]
    yield from _metric("hydra_ioc_pv", "Numbers of the IOC's own PVs, by suffix.", numbers)
    words: Samples = [({"pv": s, "value": v}, 1) for s, v in beat.pvs.items() if isinstance(v, str) and len(v) < 40]
    yield from _metric("hydra_ioc_word", "Words of the IOC's own PVs, by suffix.", words)
    stages: Samples = [
        ({"stage": stage, "quantile": name}, said[key])
        for stage, said in beat.stages.items()
        for name, key in (("0.5", "p50"), ("0.95", "p95"))
    ]
    yield from _metric("hydra_stage_seconds", "How long the last plots took in each stage.", stages)


def _metric(name: str, words: str, samples: Samples) -> Iterator[str]:
    if samples:
        yield f"# HELP {name} {words}\n# TYPE {name} gauge\n"
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"{name}{{{inside}}} {value:.10g}\n" if inside else f"{name} {value:.10g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
