"""The wall's cards: order, what needs attention, what is said aloud."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.plots import plot
from support.wall import hall

from hydra_core.domain import Severity, Status, WallRow
from hydra_core.store.wall import Unseen
from hydra_web.board import (
    ATTENTION,
    MEANINGS,
    SHAPES,
    Card,
    announcement,
    attention,
    build_cards,
    by_group,
    newest,
    quiet_since,
    tally,
    unacknowledged,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def types(tmp_path):
    return hall(tmp_path).plot_types()


def row(name: str, status: Status = Status.GOOD, **more) -> WallRow:
    base = WallRow(
        name, name, "", "", status, Severity.NO_ALARM, NOW, "because", "Good", 0.99, plot(7, name), f"{name} v12",
        5, (9, 12), None, "", NOW,
    )  # fmt: skip
    return replace(base, **more)


def cards_with(types, **statuses: Status) -> tuple[Card, ...]:
    return build_cards([row(name, status) for name, status in statuses.items()], types, "P:")


def test_every_status_has_its_own_shape_and_a_meaning():
    assert set(SHAPES) == set(MEANINGS) == set(Status)
    assert len(set(SHAPES.values())) == len(Status)


def test_slots_follow_groups_as_first_met_and_never_the_rows(types):
    one = build_cards([], types, "P:")
    other = build_cards([row("TOF_occupancy"), row("CDC_occupancy", Status.BAD)], types, "P:")
    assert [card.name for card in one] == [card.name for card in other]
    assert [card.slot for card in other] == list(range(len(types)))
    groups = [(name, [card.name for card in members]) for name, members in by_group(one)]
    assert groups[0] == ("CDC", ["CDC_occupancy", "fa125_itrig"])
    assert [name for name, _ in groups] == ["CDC", "FCAL", "BCAL", "ST", "TOF", "RF"]


def test_a_plot_type_without_row_is_unknown_and_an_unconfigured_row_is_left_out(types):
    cards = build_cards([row("Gone_plot")], types, "P:")
    assert {card.status for card in cards} == {Status.UNKNOWN}
    assert {card.severity for card in cards} == {Severity.INVALID}
    assert "Gone_plot" not in {card.name for card in cards}
    assert all(card.reason for card in cards)


def test_a_card_tells_what_the_row_says(types):
    card = cards_with(types, CDC_occupancy=Status.GOOD)[0]
    assert (card.pv, card.class_name, card.score, card.version, card.heatmap) == ("P:CDC_OCC", "Good", 0.99, 12, 5)
    assert (card.run, card.chunk, card.uid) == (1, 7, f"{7:032x}")


def test_an_unreadable_plot_does_not_wear_the_class_of_an_earlier_one(types):
    card = cards_with(types, CDC_occupancy=Status.ERROR)[0]
    assert (card.class_name, card.score, card.heatmap) == ("", 0.0, None)
    assert card.sha256 is not None


def test_no_heat_map_without_a_stored_one(types):
    card = build_cards([row("CDC_occupancy", cam_shape=None)], types, "P:")[0]
    assert card.heatmap is None


def test_attention_has_the_gravest_first_then_the_newest_and_the_muted_last(types):
    rows = [
        row("CDC_occupancy", Status.BAD, since=NOW - timedelta(minutes=9)),
        row("fa125_itrig", Status.BAD, since=NOW, muted_until=NOW + timedelta(minutes=5)),
        row("FCAL_occupancy", Status.STALE, since=NOW),
        row("BCAL_occupancy", Status.BAD, since=NOW - timedelta(minutes=1)),
        row("ST_occupancy", Status.ERROR),
        row("TOF_occupancy", Status.WARN, since=NOW - timedelta(days=1)),
        row("RF_selftiming", Status.SUSPECT),
    ]
    names = [card.name for card in attention(build_cards(rows, types, ""))]
    assert names == [
        "BCAL_occupancy", "CDC_occupancy", "TOF_occupancy", "FCAL_occupancy", "ST_occupancy", "fa125_itrig",
    ]  # fmt: skip


def test_tally_counts_every_card_once(types):
    counted = dict(tally(cards_with(types, CDC_occupancy=Status.BAD, ST_occupancy=Status.BAD)))
    assert counted == {Status.BAD: 2, Status.UNKNOWN: len(types) - 2}


def test_newest_is_the_plot_that_arrived_last(types):
    rows = [row("CDC_occupancy"), row("ST_occupancy", plot=plot(9, "ST_occupancy"))]
    found = newest(build_cards(rows, types, ""))
    assert found is not None
    assert found.name == "ST_occupancy"
    assert newest(build_cards([], types, "")) is None


@pytest.mark.parametrize(
    ("status", "last", "words"),
    [
        (Status.BAD, Status.GOOD, "CDC occupancy: Bad, confirmed"),
        (Status.WARN, Status.UNKNOWN, "CDC occupancy: Warn, confirmed"),
        (Status.STALE, Status.GOOD, "CDC occupancy: Stale"),
        (Status.ERROR, Status.GOOD, "CDC occupancy: Error"),
        (Status.GOOD, Status.BAD, "CDC occupancy: Good, confirmed"),
        (Status.BAD, Status.BAD, None),
        (Status.SUSPECT, Status.GOOD, None),
        (Status.SUSPECT, Status.BAD, None),
        (Status.OFF, Status.BAD, None),
        (Status.GOOD, Status.UNKNOWN, None),
        (Status.GOOD, None, None),
    ],
)
def test_only_what_matters_is_said_aloud(types, status, last, words):
    assert announcement(cards_with(types, CDC_occupancy=status)[0], last) == words


def test_what_needs_attention_is_what_alarms():
    assert set(ATTENTION) == {Status.BAD, Status.WARN, Status.STALE, Status.ERROR}


@pytest.mark.parametrize(
    ("status", "silence", "dead"),
    [
        (Status.GOOD, 299, False),
        (Status.GOOD, 359, False),
        (Status.GOOD, 361, True),
        (Status.BAD, 361, True),
        (Status.SUSPECT, 361, True),
        (Status.STALE, 9999, False),
        (Status.OFF, 9999, False),
        (Status.ERROR, 9999, False),
        (Status.UNKNOWN, 9999, False),
    ],
)
def test_a_judged_look_long_after_the_last_plot_betrays_a_dead_ioc(types, status, silence, dead):
    old = plot(7, "CDC_occupancy")
    cards = build_cards([row("CDC_occupancy", status, plot=old, since=old.received_at)], types, "")
    quiet = quiet_since(cards, old.received_at + timedelta(seconds=silence))
    assert quiet == (old.received_at if dead else None)


def test_an_alarm_that_is_shown_again_after_a_pause_is_no_dead_ioc(types):
    old = plot(7, "CDC_occupancy")
    reopened = old.received_at + timedelta(hours=3)
    cards = build_cards([row("CDC_occupancy", Status.BAD, plot=old, since=reopened)], types, "")
    assert quiet_since(cards, reopened + timedelta(seconds=100)) is None


def test_no_stale_after_no_suspicion(types):
    patient = [replace(one, policy=replace(one.policy, stale_after=None)) for one in types]
    cards = build_cards([row("CDC_occupancy", Status.GOOD)], patient, "")
    assert quiet_since(cards, NOW + timedelta(days=9)) is None


def test_an_open_incident_rings_until_it_is_acknowledged_or_muted(types):
    def card(**more):
        return next(c for c in build_cards([row("CDC_occupancy", Status.BAD, **more)], types, "P:") if c.uid)

    assert card(episode="e1").unacknowledged == "e1" and card(episode="e1").rings
    assert card(episode="e1", acked_by="ann").unacknowledged is None
    assert not card(episode="e1", acked_by="ann").rings
    assert not card(episode="e1", muted_until=NOW).rings


def test_what_is_over_and_not_acknowledged_stays_at_the_end_of_the_strip(types):
    past = Unseen("e1", "FCAL_occupancy", "Bad", NOW - timedelta(hours=1), NOW)
    rows = [
        row("FCAL_occupancy"),
        row("TOF_occupancy", Status.STALE),
        row("CDC_occupancy", Status.BAD, muted_until=NOW),
    ]
    cards = build_cards(rows, types, "P:", past=[past])
    assert [card.name for card in attention(cards)] == ["TOF_occupancy", "CDC_occupancy", "FCAL_occupancy"]
    over = attention(cards)[-1]
    assert over.is_over and not over.rings and over.unacknowledged == "e1"
    assert unacknowledged(cards) == 1


def test_an_incident_that_is_open_again_is_not_also_over(types):
    past = Unseen("e1", "CDC_occupancy", "Bad", NOW - timedelta(hours=1), NOW)
    (card,) = attention(build_cards([row("CDC_occupancy", Status.BAD, episode="e2")], types, "P:", past=[past]))
    assert card.unseen is None and card.unacknowledged == "e2"


def test_over_is_no_alarm_to_be_announced(types):
    past = Unseen("e1", "CDC_occupancy", "Bad", NOW - timedelta(hours=1), NOW)
    (card,) = attention(build_cards([row("CDC_occupancy")], types, "P:", past=[past]))
    assert announcement(card, Status.GOOD) is None
