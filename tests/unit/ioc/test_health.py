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
from hydra_core.domain import PlotState, Severity, Status
from hydra_ioc.health import Health
from hydra_ioc.inbox import Inbox
from hydra_ioc.inputs import Inputs
from hydra_ioc.publisher import PvPublisher
from hydra_ioc.recorder import Database
from hydra_ioc.watch import Watch


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
            gate_open=lambda watch: True,
        )
        self.recorder = SimpleNamespace(database=Database.OK, depth=0, lost=0, trouble="")

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
    return Health(*fakes, publisher, Inputs({}), archive, parts, lambda: parts.troubles)


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
    parts.troubles, parts.pipeline.archive_trouble = ["CDC: no model"], "archive is full"
    health.beat()
    assert (word(service["STATE"]), service["STATE"].severity) == ("DEGRADED", Severity.MINOR)
    assert service["MSG"].value == "archive is full; CDC: no model"
    parts.troubles, parts.pipeline.archive_trouble = [], ""
    health.beat()
    assert (word(service["STATE"]), service["STATE"].severity) == ("RUNNING", Severity.NO_ALARM)
    health.stopping()
    assert (word(service["STATE"]), service["STATE"].severity) == ("STOPPING", Severity.INVALID)


def test_a_database_that_is_away_is_major_and_the_spool_minor(health: Health, parts: Parts, service: Records) -> None:
    parts.recorder.database, parts.recorder.depth = Database.DOWN, 3
    health.beat()
    assert (word(service["DB"]), service["DB"].severity) == ("DOWN", Severity.MAJOR)
    assert (service["SPOOL"].value, service["SPOOL"].severity) == (3, Severity.MINOR)
    parts.recorder.lost = 1
    health.beat()
    assert service["SPOOL"].severity is Severity.MAJOR
    assert "1 results lost" in service["MSG"].value
    parts.recorder.database, parts.recorder.depth, parts.recorder.lost = Database.OK, 2, 0
    health.beat()
    assert (service["DB"].severity, service["SPOOL"].severity) == (Severity.NO_ALARM, Severity.NO_ALARM)


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
