"""Which value, severity and time of an outcome go to which PV."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from support.outcomes import Life, at, plot, plot_type, prediction
from support.records import Records, alarm, word

from hydra_core.domain import Condition, Failure, Mute, Outcome, Severity, Tick
from hydra_core.ports import Pictures
from hydra_core.pvs import THUMBNAIL_SIZE
from hydra_ioc.publisher import PvPublisher

LAST_WORD = ("CLASS", "CONF", "SCORE")


def publish(publisher: PvPublisher, *outcomes: Outcome) -> None:
    for outcome in outcomes:
        publisher.outcome(outcome, None, None)


@pytest.mark.parametrize(
    ("name", "score", "signed"), [("Good", 1.0, 1.0), ("Bad", 1.0, -1.0), ("Good", 0.6, 0.2), ("NoData", 0.8, -0.8)]
)
def test_score_is_what_speaks_for_good_minus_what_speaks_against(
    publisher: PvPublisher, records: Records, name: str, score: float, signed: float
) -> None:
    publish(publisher, Life().judge(1, name, score))
    assert records["SCORE"].value == pytest.approx(signed)
    assert (word(records["CLASS"]), records["CONF"].value) == (name, pytest.approx(score))
    assert sum(records["SCORES"].value) == pytest.approx(1)


def test_everything_of_a_verdict_has_its_time(publisher: PvPublisher, records: Records) -> None:
    outcome = Life().judge(1)
    publish(publisher, outcome)
    for suffix in ("STATUS", "CLASS", "CONF", "SCORES", "CHUNK", "MSG"):
        assert records[suffix].timestamp == pytest.approx(outcome.at.timestamp(), abs=1e-3), suffix


def test_before_the_first_judgement_the_model_has_said_nothing(publisher: PvPublisher, records: Records) -> None:
    publish(publisher, Life().step(Tick(resumed=True), 1))
    assert word(records["STATUS"]) == "UNKNOWN"
    for suffix in LAST_WORD:
        assert alarm(records[suffix]) == (Severity.INVALID, Condition.UDF)


def test_a_stale_or_unreadable_plot_makes_the_last_word_invalid(publisher: PvPublisher, records: Records) -> None:
    life = Life()
    publish(publisher, life.judge(1, "Bad", 0.99))
    assert {alarm(records[suffix]) for suffix in LAST_WORD} == {(Severity.NO_ALARM, Condition.NO_ALARM)}
    publish(publisher, life.step(Failure(life.kind.name, Condition.READ, "torn", plot(2)), 20))
    assert word(records["CLASS"]) == "Bad"
    assert {alarm(records[suffix]) for suffix in LAST_WORD} == {(Severity.INVALID, Condition.READ)}
    publish(publisher, life.judge(3), life.step(Tick(), 1000))
    assert word(records["STATUS"]) == "STALE"
    assert {alarm(records[suffix]) for suffix in LAST_WORD} == {(Severity.INVALID, Condition.TIMEOUT)}
    publish(publisher, life.judge(101))
    assert {alarm(records[suffix]) for suffix in LAST_WORD} == {(Severity.NO_ALARM, Condition.NO_ALARM)}


def test_an_acknowledgement_lasts_until_the_incident_ends(publisher: PvPublisher, records: Records) -> None:
    life = Life()
    publish(publisher, life.judge(1, "Bad", 0.99), life.judge(2, "Bad", 0.99))
    assert word(records["ACK"]) == "Open"
    records["ACK"].post(1)
    publish(publisher, life.judge(3, "Bad", 0.999), life.step(Mute(at(900), "anna"), 35))
    assert word(records["ACK"]) == "Acknowledged"
    publish(publisher, life.judge(4), life.judge(5))
    assert (word(records["STATUS"]), word(records["ACK"])) == ("GOOD", "Open")


def test_a_restart_puts_back_what_was_shown_with_its_time(publisher: PvPublisher, records: Records) -> None:
    life = Life()
    life.judge(1, "Bad", 0.99)
    last = life.judge(2, "Bad", 0.99)
    publisher.restore(plot_type(), last, acknowledged=True)
    assert (word(records["STATUS"]), word(records["ACK"])) == ("BAD", "Acknowledged")
    assert alarm(records["STATUS"]) == (Severity.MAJOR, Condition.STATE)
    assert records["STATUS"].timestamp == pytest.approx(last.at.timestamp(), abs=1e-3)


def test_a_stop_marks_what_may_be_believed(publisher: PvPublisher, records: Records) -> None:
    publish(publisher, Life().judge(1))
    publisher.stopping()
    assert word(records["STATUS"]) == "GOOD"
    for suffix in ("STATUS", *LAST_WORD):
        assert alarm(records[suffix]) == (Severity.INVALID, Condition.COMM)


def test_a_mute_is_shown_in_minutes_with_its_author(publisher: PvPublisher, records: Records) -> None:
    life = Life()
    publish(publisher, life.judge(1, "Bad", 0.99), life.judge(2, "Bad", 0.99))
    publish(publisher, life.step(Mute(at(30 + 120), "anna@desk"), 30))
    assert records["MUTE"].value == pytest.approx(2.0)
    assert records["MUTEBY"].value == "anna@desk"
    assert (word(records["STATUS"]), alarm(records["STATUS"])[0]) == ("BAD", Severity.NO_ALARM)


def test_pictures_and_latency_go_with_their_plot(publisher: PvPublisher, records: Records) -> None:
    size = (THUMBNAIL_SIZE[1], THUMBNAIL_SIZE[0], 3)
    thumbnail, heat = np.full(size, 7, np.uint8), np.full(size, 9, np.uint8)
    publisher.outcome(Life().judge(1), Pictures(thumbnail, heat), 0.25)
    assert bytes(records["IMAGE"].value) == thumbnail.tobytes()
    assert bytes(records["HEATMAP"].value) == heat.tobytes()
    assert records["LATENCY"].value == pytest.approx(0.25)


def test_where_a_plot_comes_from(publisher: PvPublisher, records: Records) -> None:
    outcome = Life().judge(104)
    publish(publisher, outcome)
    assert outcome.plot is not None
    assert (records["RUN"].value, records["CHUNK"].value) == (12001, 4)
    assert records["TAKEN"].value == f"{outcome.plot.taken_at:%Y-%m-%dT%H:%M:%S.%f}Z"
    assert records["URL"].value == f"http://wall/p/{outcome.plot.uid}"
    assert records["MODEL"].value == str(prediction(outcome.plot).model)


def test_the_policy_shows_the_lowest_threshold_that_alarms(publisher: PvPublisher, records: Records) -> None:
    kind = plot_type()
    policy = replace(kind.policy, thresholds={"Good": 0.1, "Bad": 0.8, "NoData": 0.95})
    publisher.policy(kind, policy)
    assert records["THRESH"].value == pytest.approx(0.8)
    assert records["CONFIRM"].value == "2 of 3"
    assert list(records["CLASSES"].value) == ["Good", "Bad", "NoData"]


def test_what_a_stop_marked_is_newer_after_a_restart(publisher: PvPublisher, records: Records) -> None:
    """The archive has it as INVALID since the stop: an older sample would be dropped, and the archive stay wrong."""
    life = Life()
    life.judge(1, "Bad", 0.99)
    last = life.judge(2, "Bad", 0.99)
    restarted = last.at + timedelta(hours=1)
    publisher.restore(plot_type(), last, now=restarted)
    for suffix in ("STATUS", *LAST_WORD):
        assert records[suffix].timestamp == pytest.approx(restarted.timestamp(), abs=1e-3), suffix
    assert records["RUN"].timestamp == pytest.approx(last.at.timestamp(), abs=1e-3)
    assert alarm(records["STATUS"]) == (Severity.MAJOR, Condition.STATE)


def test_what_was_never_judged_is_undefined_after_a_restart(publisher: PvPublisher, records: Records) -> None:
    last = Life().step(Tick(gate_open=False), 1)
    publisher.restore(plot_type(), last, now=last.at + timedelta(hours=1))
    assert word(records["STATUS"]) == "OFF"
    assert alarm(records["SCORE"]) == (Severity.INVALID, Condition.UDF)
