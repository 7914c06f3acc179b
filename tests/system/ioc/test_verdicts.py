"""From a file in the watched directory to every PV of its plot type: values, severities, and what heals."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text
from support.ca import eventually
from support.hall import RUN, Hall, Trained
from support.screen import BAD, GOOD, OFF, STALE, SUSPECT, UNKNOWN, UNREADABLE, WARN, Screen

from hydra_core import images
from hydra_core.domain import Condition, Severity
from hydra_core.pvs import THUMBNAIL_SIZE

TRIGGER, START_COUNTER = "Trigger-Bits", "ST_occupancy"


def test_a_plot_made_bad_alarms_within_three_plots_and_clears_after_two(screen: Screen, trained: Trained) -> None:
    bank = trained.bank[TRIGGER]
    assert screen.judged(TRIGGER, bank["Good"][0]) == GOOD
    shown = [screen.judged(TRIGGER, bank["Bad"][number]) for number in range(3)]
    assert shown == [SUSPECT, BAD, BAD]
    assert [screen.judged(TRIGGER, bank["Good"][number]) for number in (1, 2)] == [BAD, GOOD]


def test_an_empty_plot_is_a_warning(screen: Screen, trained: Trained) -> None:
    bank = trained.bank[TRIGGER]
    assert screen.judged(TRIGGER, bank["Good"][0]) == GOOD
    assert [screen.judged(TRIGGER, bank["NoData"][number]) for number in range(2)] == [SUSPECT, WARN]
    assert [screen.judged(TRIGGER, bank["Good"][number]) for number in range(2)] == [WARN, GOOD]


def test_what_the_model_says_is_shown_whole(screen: Screen, trained: Trained) -> None:
    assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][0]) == GOOD
    screen.judged(TRIGGER, trained.bank[TRIGGER]["Bad"][0])
    scores = screen.value(TRIGGER, "SCORES")
    assert screen.label(TRIGGER, "CLASS") == "Bad"
    assert screen.value(TRIGGER, "CLASSES") == ["Good", "Bad", "NoData"]
    assert sum(scores) == pytest.approx(1, abs=1e-5)
    assert screen.value(TRIGGER, "CONF") == pytest.approx(scores[1]) and scores[1] >= 0.97
    assert screen.value(TRIGGER, "SCORE") == pytest.approx(scores[0] - scores[1] - scores[2])
    assert 0 < screen.value(TRIGGER, "NOVELTY") < 0.97
    assert screen.text(TRIGGER, "MODEL") == f"{TRIGGER} v1"
    assert screen.value(TRIGGER, "THRESH") == pytest.approx(0.7)
    assert (screen.value(TRIGGER, "CONFIRM"), screen.value(TRIGGER, "STREAK")) == ("2 of 3", 1)
    assert screen.text(TRIGGER, "MSG") == f"Bad {scores[1]:.3f} >= 0.70, 1 of 2"
    for suffix in ("CLASS", "CONF", "SCORE"):
        assert screen.alarm(TRIGGER, suffix) == (Severity.NO_ALARM, Condition.NO_ALARM)
    assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][0]) == GOOD


def test_a_plot_of_another_type_is_suspect_though_the_softmax_is_sure(screen: Screen, trained: Trained) -> None:
    assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][0]) == GOOD
    sure = 0
    for data in (trained.bank[START_COUNTER][label][number] for number in range(4) for label in ("Good", "Bad")):
        assert screen.judged(TRIGGER, data) == SUSPECT
        assert screen.value(TRIGGER, "NOVELTY") >= 0.99
        said = screen.label(TRIGGER, "CLASS")
        assert f"unlike the {said} plots it was trained on (novelty 1.00)" in screen.text(TRIGGER, "MSG")
        sure += screen.value(TRIGGER, "CONF") >= screen.value(TRIGGER, "THRESH")
    assert sure >= 4, "the softmax is not sure of any class"
    assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][1]) == GOOD


def test_where_the_plot_comes_from_is_shown(screen: Screen, trained: Trained) -> None:
    chunk = screen.hall.next_chunk(TRIGGER)
    assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][3]) == GOOD
    path = screen.hall.incoming / f"Run{RUN:06d}" / f"{TRIGGER}_{chunk:04d}.png"
    taken = datetime.fromtimestamp(path.stat().st_mtime_ns // 1000 / 1e6, UTC)
    assert (screen.value(TRIGGER, "RUN"), screen.value(TRIGGER, "CHUNK")) == (RUN, chunk)
    assert screen.value(TRIGGER, "TAKEN") == f"{taken:%Y-%m-%dT%H:%M:%S.%f}Z"
    with screen.hall.store() as store:
        uid = screen.text(TRIGGER, "URL").removeprefix(f"http://127.0.0.1:{screen.hall.web_port}/p/")
        plot = eventually(lambda: store.plot(uid))
    assert plot.source == f"Run{RUN:06d}/{path.name}"
    assert 0 < screen.value(TRIGGER, "LATENCY") < 60
    assert eventually(lambda: screen.value(TRIGGER, "AGE") >= 2), "AGE stands still"
    screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][4])
    assert eventually(lambda: screen.value(TRIGGER, "AGE") <= 1), "AGE does not begin anew"


def test_the_pictures_are_those_of_the_plot(screen: Screen, trained: Trained) -> None:
    data = trained.bank[TRIGGER]["Good"][5]
    assert screen.judged(TRIGGER, data) == GOOD
    small = images.thumbnail(images.decode(data), THUMBNAIL_SIZE)
    assert eventually(lambda: screen.pixels(TRIGGER, "IMAGE") == small.tobytes()), "IMAGE is not the plot's thumbnail"
    heat = screen.pixels(TRIGGER, "HEATMAP")
    assert len(heat) == THUMBNAIL_SIZE[0] * THUMBNAIL_SIZE[1] * 3
    assert heat != small.tobytes()


def test_what_was_never_judged_says_so(hall: Hall, start, client) -> None:
    screen = Screen(hall, client(hall))
    start(hall).wait_ready()
    assert screen.becomes(START_COUNTER, UNKNOWN)
    assert screen.becomes("CDC_occupancy", OFF)
    for plot in (START_COUNTER, "CDC_occupancy"):
        for suffix in ("CLASS", "CONF", "SCORE"):
            assert screen.alarm(plot, suffix) == (Severity.INVALID, Condition.UDF)


def test_healthy_plots_never_leave_no_alarm(screen: Screen, trained: Trained) -> None:
    good = trained.bank[START_COUNTER]["Good"]
    assert screen.judged(START_COUNTER, good[0]) == GOOD
    key = screen.follow(START_COUNTER)
    for number in range(60):
        assert screen.judged(START_COUNTER, good[number % len(good)]) == GOOD
    assert {shown.alarm for shown in screen.history(key)} == {GOOD.alarm}


def test_silence_is_stale_and_ends_with_the_next_plot(hall: Hall, start, client, trained: Trained) -> None:
    hall.write_yaml(defaults={"threshold": 0.7, "stale_after": "3s"})
    screen = Screen(hall, client(hall))
    start(hall).wait_ready()
    screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][0])
    screen.becomes(TRIGGER, STALE)
    assert screen.alarm(TRIGGER, "CLASS") == (Severity.INVALID, Condition.TIMEOUT)
    assert re.fullmatch(r"no plot for [3-9] s", screen.text(TRIGGER, "MSG"))
    key = screen.follow(TRIGGER)
    screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][1])
    assert GOOD in screen.history(key)


def test_a_picture_that_cannot_be_read_is_an_error_until_the_next(screen: Screen, trained: Trained) -> None:
    good = trained.bank[TRIGGER]["Good"]
    assert screen.judged(TRIGGER, good[0]) == GOOD
    damaged = bytearray(good[1])
    damaged[damaged.index(b"IDAT") + 40] ^= 0xFF
    shown = screen.judged(TRIGGER, bytes(damaged))
    assert shown == UNREADABLE
    assert "DECODE" in screen.text(TRIGGER, "MSG")
    for suffix in ("CLASS", "CONF", "SCORE"):
        assert screen.alarm(TRIGGER, suffix) == (Severity.INVALID, Condition.READ)
    assert screen.judged(TRIGGER, good[2]) == GOOD
    assert screen.alarm(TRIGGER, "CLASS") == (Severity.NO_ALARM, Condition.NO_ALARM)


def test_an_unreadable_picture_neither_hides_nor_clears_an_alarm(screen: Screen, trained: Trained) -> None:
    bank = trained.bank[TRIGGER]
    for number in range(2):
        screen.judged(TRIGGER, bank["Bad"][number])
    assert screen.status(TRIGGER) == BAD
    broken = bank["Good"][0][:-4] + b"\0\0\0\0"
    assert screen.judged(TRIGGER, broken) == UNREADABLE
    assert screen.judged(TRIGGER, bank["Bad"][2]) == BAD
    assert [screen.judged(TRIGGER, bank["Good"][number]) for number in range(2)] == [BAD, GOOD]


def test_status_event_times_increase(screen: Screen, trained: Trained) -> None:
    key = screen.follow(START_COUNTER)
    for label in ("Good", "Bad", "Bad", "Good", "Good"):
        screen.judged(START_COUNTER, trained.bank[START_COUNTER][label][0])
    history = screen.history(key)
    times = [shown.time for shown in history]
    assert times == sorted(set(times)), times
    assert history[-1] == GOOD and BAD in history


def test_every_plot_is_in_the_database_once(screen: Screen) -> None:
    """Runs after the others of this module and looks at what they left."""
    dropped = sum(1 for path in screen.hall.incoming.rglob("*.png"))
    engine = create_engine(screen.hall.config.database_url())
    with engine.connect() as connection:
        plots = eventually(lambda: _count(connection, "plot where source like 'Run%'") == dropped)
        twice = connection.execute(text("select plot_id from inference group by plot_id having count(*) > 1")).all()
    engine.dispose()
    assert plots, f"{dropped} files were dropped"
    assert twice == []
    assert screen.hall.hydra("replay", TRIGGER, START_COUNTER).stdout.count("no differences") == 2
    assert eventually(lambda: screen.value("SYS", "SPOOL") == 0)


def _count(connection, table: str) -> int:
    connection.rollback()
    return int(connection.scalar(text(f"select count(*) from {table}")))
