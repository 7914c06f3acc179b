"""The corpus of bad pictures dropped into a running IOC's directory: nothing crashes, hangs or yields a class."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, text
from support.bad_images import bad_images
from support.ca import eventually
from support.hall import PATIENCE, PLOTS, RUN, Hall, IocProcess, Trained
from support.screen import GOOD, UNREADABLE, Screen

from hydra_core.errors import ImageError
from hydra_core.images import inspect

WAITED_FOR = ("EMPTY", "TRUNCATED")
"""With these the source waits whether the rest of the file still comes."""
SETTLE = "500ms"


@pytest.fixture
def database(hall: Hall) -> Iterator[Connection]:
    engine = create_engine(hall.config.database_url())
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def fates(database: Connection) -> dict[str, tuple[str, str]]:
    """Return (kind, reason) of every file by its path, as the `change` table tells it."""
    database.rollback()
    rows = database.execute(text("select kind, payload ->> '$.reason' from change where kind = 'reject'")).all()
    found = {reason.partition(": ")[0]: (kind, reason.partition(": ")[2]) for kind, reason in rows}
    query = """select p.source, c.kind, c.payload ->> '$.verdict.reason' from change c
               join plot p on p.id = c.ref_id where c.kind in ('failure', 'passed')"""
    return found | {source: (kind, reason or "") for source, kind, reason in database.execute(text(query))}


def waits(data: bytes) -> bool:
    try:
        inspect(data)
    except ImageError as error:
        return error.code in WAITED_FOR
    return False


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_no_bad_picture_yields_a_class(hall: Hall, start, client, trained: Trained, database: Connection) -> None:
    corpus = [data for _, data in bad_images()]
    assert len(corpus) >= 220
    hall.write_yaml(sources=[{**source(hall), "settle": SETTLE}])
    ioc: IocProcess = start(hall).wait_ready()
    screen = Screen(hall, client(hall))
    for plot in PLOTS:
        assert screen.judged(plot, trained.bank[plot]["Good"][0]) == GOOD
    before = {(plot, suffix): screen.value(plot, suffix) for plot in PLOTS for suffix in ("CLASS", "CONF", "SCORES")}
    dropped = {}
    for data in sorted(corpus, key=waits, reverse=True):
        plot = list(PLOTS)[len(dropped) % 2]
        chunk = hall.drop(plot, data)
        dropped[f"Run{RUN:06d}/{plot}_{chunk:04d}.png"] = data
        if not waits(data) and len(dropped) % 2 == 0:
            # One at a time of each type, so that none is passed over by a newer one.
            assert eventually(lambda: _unaccounted(database, dropped) == set(), PATIENCE), ioc.text()
    assert eventually(lambda: _unaccounted(database, dropped) == set(), PATIENCE), _unaccounted(database, dropped)
    told = {path: fate for path, fate in fates(database).items() if path in dropped}
    assert {kind for kind, _ in told.values()} == {"failure", "reject"}
    assert all(reason for _, reason in told.values()), "a file was refused without a reason"
    assert ioc.process.poll() is None and "Traceback" not in ioc.text(), ioc.text()
    assert database.scalar(text("select count(*) from inference")) == len(PLOTS)
    rejects = sum(kind == "reject" for kind, _ in told.values())
    assert eventually(lambda: screen.value("SYS", "REJECTS") == rejects, 10), screen.value("SYS", "REJECTS")
    assert screen.text("SYS", "LASTREJ")
    for plot in PLOTS:
        assert screen.status(plot) == UNREADABLE
    assert before == {key: screen.value(*key) for key in before}, "a bad picture changed what the model said"
    for plot in PLOTS:
        assert screen.judged(plot, trained.bank[plot]["Good"][1]) == GOOD


def source(hall: Hall) -> dict[str, object]:
    config = hall.config.sources[0]
    return {"kind": "directory", "path": str(config.path), "pattern": config.pattern}


def _unaccounted(database: Connection, dropped: dict[str, bytes]) -> set[str]:
    return set(dropped) - set(fates(database))
