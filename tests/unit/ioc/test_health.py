"""How the service tells of itself and of all plots together."""

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.outcomes import at, plot_type
from support.records import Records, word

from hydra_core.archive import FileArchive
from hydra_core.domain import Condition, PlotState, Severity, Status
from hydra_core.kpi import Incident
from hydra_ioc.causes import Causes
from hydra_ioc.health import Health
from hydra_ioc.inbox import Inbox
from hydra_ioc.inputs import Inputs
from hydra_ioc.publisher import PvPublisher
from hydra_ioc.recorder import Database
from hydra_ioc.watch import Surroundings, Watch


class Parts:
    """The pipeline, the recorder and the clock as Health sees them."""

    def __init__(self) -> None:
        self.watches: dict[str, Watch] = {}
        self.seconds = 0.0
        self.troubles: list[str] = []
        self.pipeline = SimpleNamespace(
            watches=self.watches,
            inbox=Inbox(),
            judged_at=[],
            latencies=[],
            inferences=[],
            archive_trouble="",
            newest_run=4711,
            around=lambda watch: Surroundings(),
            incidents={},
        )
        self.recorder = SimpleNamespace(database=Database.OK, depth=0, lost=0, trouble="", refusing="")
        self.sources: list[str | None] = [None]
        self.heads: list[tuple[str, str]] = [("CDC", ""), ("FCAL", "")]

    def show(self, **statuses: Status) -> None:
        """Let plot types have these statuses."""
        for name, status in statuses.items():
            kind = plot_type(name)
            self.watches[name] = Watch(kind, kind.policy, replace(PlotState(), status=status))

    def now(self) -> Any:
        return at(self.seconds)


@pytest.fixture
def parts() -> Parts:
    made = Parts()
    made.show(CDC=Status.GOOD)
    return made


@pytest.fixture
def health(parts: Parts, publisher: PvPublisher, tmp_path: Path) -> Health:
    publisher.age = lambda name, seconds: None  # type: ignore[method-assign]
    archive = FileArchive(tmp_path / "archive")
    fakes: Any = (parts.pipeline, parts.recorder)
    causes = Causes(lambda: parts.sources, lambda: parts.heads)
    return Health(*fakes, publisher, Inputs({}), archive, parts, causes, lambda: parts.troubles)


ORDER = (
    Status.OFF,
    Status.GOOD,
    Status.SUSPECT,
    Status.UNKNOWN,
    Status.STALE,
    Status.ERROR,
    Status.WARN,
    Status.BAD,
)


@pytest.mark.parametrize("number", range(len(ORDER) - 1))
def test_the_worst_status_is_the_one_that_needs_somebody_most(
    health: Health, parts: Parts, service: Records, number: int
) -> None:
    parts.show(CDC=ORDER[number], FCAL=ORDER[number + 1], BCAL=Status.OFF)
    health.beat()
    assert word(service["WORST"]) == ORDER[number + 1].name
    assert service["WORSTPLOT"].value == "FCAL"
    assert service["WORST"].severity is Severity.NO_ALARM, "one fault is announced once"


def test_statuses_are_counted(health: Health, parts: Parts, service: Records) -> None:
    parts.show(A=Status.BAD, B=Status.BAD, C=Status.WARN, D=Status.STALE, E=Status.ERROR, F=Status.OFF)
    health.beat()
    counted = {suffix: service[suffix].value for suffix in ("NBAD", "NWARN", "NSTALE", "NERROR")}
    assert counted == {"NBAD": 2, "NWARN": 1, "NSTALE": 1, "NERROR": 1}


def test_state_goes_from_starting_to_running_to_degraded_and_back(
    health: Health, parts: Parts, service: Records
) -> None:
    health.beat()
    assert (word(service["STATE"]), service["MSG"].value) == ("STARTING", "loading models")
    health.ready = True
    health.beat()
    assert (word(service["STATE"]), service["MSG"].value, service["STATE"].severity) == (
        "RUNNING",
        "ok",
        Severity.NO_ALARM,
    )
    parts.troubles, parts.pipeline.archive_trouble = ["the clock was set back"], "archive is full"
    health.beat()
    assert (word(service["STATE"]), service["STATE"].severity) == ("DEGRADED", Severity.MINOR)
    assert service["MSG"].value == "archive is full; the clock was set back"
    parts.troubles, parts.pipeline.archive_trouble = [], ""
    health.beat()
    assert (word(service["STATE"]), service["STATE"].severity) == ("RUNNING", Severity.NO_ALARM)
    health.stopping()
    assert (word(service["STATE"]), service["STATE"].severity) == ("STOPPING", Severity.INVALID)


def test_a_database_that_is_away_alarms_once(health: Health, parts: Parts, service: Records) -> None:
    health.ready = True
    parts.recorder.database, parts.recorder.depth, parts.recorder.trouble = Database.DOWN, 3, "away"
    health.beat()
    assert (word(service["DB"]), service["DB"].severity) == ("DOWN", Severity.MAJOR)
    assert (word(service["STATE"]), service["STATE"].severity) == ("DEGRADED", Severity.NO_ALARM)
    assert (service["SPOOL"].value, service["SPOOL"].severity) == (3, Severity.NO_ALARM)
    assert alarming(service) == {"DB"}
    parts.recorder.database, parts.recorder.trouble = Database.OK, ""
    health.beat()
    assert alarming(service) == set()


@pytest.mark.parametrize("broken", ["archive", "spool"])
async def test_a_disk_that_refuses_alarms_once_whatever_is_free(
    health: Health, parts: Parts, service: Records, broken: str
) -> None:
    health.ready, health._disk_free = True, 55.0
    health.beat()
    assert alarming(service) == set()
    if broken == "archive":
        parts.pipeline.archive_trouble = "no space left"
    else:
        parts.recorder.refusing, parts.recorder.lost = "no space left", 2
    health.beat()
    assert (service["DISK"].severity, service["DISK"].condition) == (Severity.MAJOR, Condition.WRITE)
    assert alarming(service) == {"DISK"}
    assert "no space left" in service["MSG"].value
    parts.pipeline.archive_trouble = parts.recorder.refusing = ""
    health.beat()
    assert alarming(service) == set()


@pytest.mark.parametrize(
    ("sources", "heads", "state", "alarm"),
    [
        ([None], [("A", ""), ("B", "")], ("OK", "OK"), set()),
        (["hung"], [("A", ""), ("B", "")], ("LOST", "OK"), {"FEED"}),
        (["hung", None], [("A", ""), ("B", "")], ("PARTLY", "OK"), set()),
        ([None], [("A", "gone"), ("B", "")], ("OK", "PARTLY"), set()),
        ([None], [("A", "gone"), ("B", "gone")], ("OK", "LOST"), {"MODELS"}),
        ([None], [("A", "gone")], ("OK", "PARTLY"), set()),
        ([], [], ("OK", "OK"), set()),
    ],
)
def test_only_what_concerns_all_plot_types_alarms_here(
    health: Health,
    parts: Parts,
    service: Records,
    sources: list[str | None],
    heads: list[tuple[str, str]],
    state: tuple[str, str],
    alarm: set[str],
) -> None:
    parts.sources, parts.heads, health.ready = sources, heads, True
    health.beat()
    assert (word(service["FEED"]), word(service["MODELS"])) == state
    assert alarming(service) == alarm
    assert (word(service["STATE"]) == "RUNNING") == (state == ("OK", "OK"))


def test_alarm_figures_follow_the_incidents(health: Health, parts: Parts, service: Records) -> None:
    parts.seconds = 90000.0
    known = {"old": 89000.0, "a": 89950.0, "b": 89960.0, "c": 89970.0}
    parts.pipeline.incidents = {
        uid: Incident("CDC", "Bad", at(raised), at(raised + 5)) for uid, raised in known.items()
    } | {"stands": Incident("FCAL", "Bad", at(10)), "forgotten": Incident("FCAL", "Bad", at(10), at(20))}
    health.beat()
    shown = [service[suffix].value for suffix in ("ALMPERHR", "ALM10MIN", "CHATTER", "STANDING")]
    assert shown == [4, 3, 1, 1]
    assert set(parts.pipeline.incidents) == {*known, "stands"}


def alarming(service: Records) -> set[str]:
    """The PVs of the alarm tree that alarm."""
    return {s for s, record in service.items() if record.spec.alarms and record.severity and record.timestamp > 1e9}


def test_latency_is_the_95th_percentile_and_rate_that_of_ten_seconds(
    health: Health, parts: Parts, service: Records
) -> None:
    parts.pipeline.latencies = [number / 100 for number in range(1, 101)]
    parts.pipeline.inferences = [0.01, 0.03]
    parts.seconds = 100.0
    parts.pipeline.judged_at = [at(85), at(91), at(95), at(100)]
    health.beat()
    assert service["LATENCY"].value == pytest.approx(0.95)
    assert service["INFER"].value == pytest.approx(20)
    assert service["RATE"].value == pytest.approx(0.3)


def test_the_heart_beats(health: Health, parts: Parts, service: Records) -> None:
    for parts.seconds in (1.0, 2.0, 3.0):
        health.beat()
    assert service["HEARTBEAT"].value == 3
    assert service["UPTIME"].value == "0:00:03"
    assert service["RUN"].value == 4711
    assert word(service["GATE"]) == "Open"


async def test_the_disk_is_watched_and_its_loss_said(
    health: Health, service: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hydra_ioc.health.DISK_EVERY", 0.01)
    with ThreadPoolExecutor(1) as thread:
        watching = asyncio.create_task(health.watch_disk(thread))
        async with asyncio.timeout(10):
            while not service["DISK"].value:
                await asyncio.sleep(0.01)
        assert 0 < service["DISK"].value <= 100 and service["DISK"].severity < Severity.INVALID
        shutil.rmtree(tmp_path / "archive")
        async with asyncio.timeout(10):
            while service["DISK"].severity is not Severity.INVALID:
                await asyncio.sleep(0.01)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
