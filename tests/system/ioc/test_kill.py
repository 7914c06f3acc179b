"""kill -9 at any moment while plots flow: last states are back at once, no alarm is raised anew, nothing is lost."""

import random
import time
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, text
from support.ca import CaClient, eventually
from support.hall import PATIENCE, RUN, Hall, IocProcess, Trained
from support.screen import BAD, GOOD, Screen, Shown
from support.writer import Writer, always, phases

from hydra_core.domain import Severity

TRIGGER, START_COUNTER = "Trigger-Bits", "ST_occupancy"
KILLS = 12
CONNECTED_WITHIN = 5.0
"""Seconds; the promise of the issue."""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kill_at_any_moment(hall: Hall, trained: Trained, client: Callable[[Hall], CaClient]) -> None:
    dice = random.Random(20)
    bad, other = trained.bank[TRIGGER], trained.bank[START_COUNTER]
    screen, fresh = Screen(hall, client(hall)), client(hall)
    series = {TRIGGER: always(bad["Bad"]), START_COUNTER: phases(other["Good"], other["Bad"], 15)}
    ioc = IocProcess(hall)
    try:
        ioc.wait_ready()
        assert [screen.judged(TRIGGER, data) for data in bad["Bad"][:2]][-1] == BAD
        assert screen.judged(START_COUNTER, other["Good"][0]) == GOOD
        alarm, changing = screen.follow(TRIGGER), screen.follow(START_COUNTER)
        with Writer(hall, series, 0.2) as writer:
            for _ in range(KILLS):
                time.sleep(dice.uniform(0.0, 1.5))
                ioc.kill()
                ioc, fresh = back_again(hall, screen, fresh, client, changing)
                if dice.random() < 0.7:
                    ioc.wait_ready()
        everything_is_written(hall, screen, ioc)
        assert [screen.judged(START_COUNTER, data) for data in other["Good"][:2]][-1] == GOOD
        everything_is_written(hall, screen, ioc)
        assert {shown.alarm for shown in screen.history(alarm)} == {BAD.alarm}, "the alarm was raised anew"
        assert len(writer.dropped) > 40
        assert ioc.stop() == 0
    finally:
        ioc.kill()
    every_file_once(hall)
    again = hall.hydra("replay")
    assert again.stdout.count("no differences") == 3, again.stdout


def back_again(
    hall: Hall, screen: Screen, fresh: CaClient, client: Callable[[Hall], CaClient], changing: str
) -> tuple[IocProcess, CaClient]:
    """Start the IOC after a kill and check what it shows first; return it and a client for the next time."""
    before = screen.history(changing)[-1:]
    started = time.monotonic()
    ioc = IocProcess(hall)
    names = [hall.pv(TRIGGER, "STATUS"), hall.pv(START_COUNTER, "STATUS")]
    while not all(fresh.connect(*names, timeout=0.2)):
        # libca searches less and less often; a new channel is searched for at once.
        fresh.clear(*names)
        assert time.monotonic() - started < 60, ioc.text()
    took = time.monotonic() - started
    restored = Screen(hall, fresh)
    assert restored.status(TRIGGER) == BAD
    other = restored.status(START_COUNTER)
    assert took <= CONNECTED_WITHIN, f"connected after {took:.1f} s"
    assert other == last_recorded(hall) or other in before, (other, before)
    fresh.close()
    return ioc, client(hall)


def last_recorded(hall: Hall) -> Shown | None:
    """Return what the database says of the changing plot type."""
    with hall.store() as store:
        row = next(row for row in store.wall() if row.plot_type == START_COUNTER)
        state, _ = store.restore(next(p for p in hall.config.plot_types() if p.name == START_COUNTER), 3)
    assert state is None or state.status is row.status
    return Shown(state.status, state.severity, state.condition) if state is not None else None


def everything_is_written(hall: Hall, screen: Screen, ioc: IocProcess) -> None:
    files = sum(1 for _ in hall.incoming.rglob("Run*/*.png"))
    engine = create_engine(hall.config.database_url())
    with engine.connect() as connection:

        def written() -> bool:
            connection.rollback()
            return connection.scalar(text("select count(*) from plot")) >= files

        assert eventually(written, PATIENCE), ioc.text()
    engine.dispose()
    assert eventually(lambda: screen.value("SYS", "SPOOL") == 0, PATIENCE)
    assert screen.alarm("SYS", "SPOOL")[0] is Severity.NO_ALARM


def every_file_once(hall: Hall) -> None:
    files = Counter(str(path.relative_to(hall.incoming)) for path in hall.incoming.rglob("Run*/*.png"))
    assert all(name.startswith(f"Run{RUN:06d}/") for name in files)
    engine = create_engine(hall.config.database_url())
    with engine.connect() as connection:
        assert Counter(connection.scalars(text("select source from plot"))) == files
        twice = "select plot_id, model_id from inference group by plot_id, model_id having count(*) > 1"
        assert connection.execute(text(twice)).all() == []
        assert connection.scalar(text("select count(*) from inference")) > 0
        incidents = connection.execute(text("select uid from episode where ended_at is null")).all()
        assert len(incidents) == 1, "one alarm stood all the time"
    engine.dispose()
    archived = {path.stem for path in hall.config.archive.path.rglob("??/??/*.png")}
    with hall.store() as store:
        assert {store.plot(uid).sha256 for uid in _uids(hall)} <= archived, "a picture is missing in the archive"


def _uids(hall: Hall) -> list[str]:
    engine = create_engine(hall.config.database_url())
    with engine.connect() as connection:
        found = list(connection.scalars(text("select uid from plot")))
    engine.dispose()
    return found
