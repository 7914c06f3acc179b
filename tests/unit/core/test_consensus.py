"""What votes add up to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydra_core.consensus import NOTHING, Vote, agree, counted

GOOD, BAD, NODATA = 1, 2, 3


def votes(*said: tuple[str, int], by_hand: bool = True) -> list[Vote]:
    return [Vote(person, class_id, batch, by_hand) for batch, (person, class_id) in enumerate(said, 1)]


@pytest.mark.parametrize(
    ("said", "winner", "dissent"),
    [
        ([], None, 0.0),
        ([("ann", GOOD)], GOOD, 0.0),
        ([("ann", GOOD), ("ben", GOOD)], GOOD, 0.0),
        ([("ann", GOOD), ("ben", BAD)], None, 0.5),
        ([("ann", GOOD), ("ben", BAD), ("cid", GOOD)], GOOD, 1 / 3),
        ([("ann", GOOD), ("ben", BAD), ("cid", NODATA)], None, 2 / 3),
        ([("ann", GOOD), ("ann", BAD)], BAD, 0.0),
    ],
)
def test_more_people_than_for_any_other_class_decide(said, winner, dissent):
    found = agree(votes(*said))
    assert found.class_id == winner and found.dissent == pytest.approx(dissent)


def test_the_batch_is_that_of_the_last_vote_for_the_winner():
    assert agree(votes(("ann", GOOD), ("ben", GOOD), ("cid", BAD))).batch_id == 2


def test_imports_count_only_until_somebody_looks():
    imported = [Vote("cron", GOOD, 1, False), Vote("root", BAD, 2, False)]
    assert agree(imported).class_id == BAD and agree(imported).dissent == 0
    assert agree([*imported, Vote("ann", NODATA, 3, True)]).class_id == NODATA


def test_an_import_by_somebody_does_not_hide_what_they_said_by_hand():
    said = [Vote("ann", GOOD, 1, True), Vote("ann", BAD, 2, False)]
    assert agree(said).class_id == GOOD


def test_votes_that_were_set_aside_do_not_count():
    said = votes(("ann", GOOD), ("ben", BAD), ("cid", BAD))
    assert agree(said, 3) == NOTHING
    assert agree(said, 2).class_id == BAD and counted(said, 1) == said[1:]


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(1, 3)), max_size=12))
def test_order_of_people_does_not_matter_and_dissent_is_a_share(said):
    made = votes(*said)
    found = agree(made)
    assert found == agree(made[::-1]) and 0 <= found.dissent < 1
    assert (found.class_id is None) or found.dissent < 1
