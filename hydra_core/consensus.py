"""What several people's votes on one plot add up to: the label that training reads, and how far they disagree."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vote:
    """What one person said of a plot in one batch; `by_hand` is False for labels that were imported."""

    person: str
    class_id: int
    batch_id: int
    by_hand: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """What votes add up to.

    `class_id` is the class that won, None while nobody has voted or the votes are tied; `batch_id` the batch of the
    last vote for it; `dissent` 0…1 the share of people who said something else than the most did.
    """

    class_id: int | None
    batch_id: int | None
    dissent: float


NOTHING = Agreement(None, None, 0.0)


def counted(votes: Sequence[Vote], after_batch: int = 0) -> list[Vote]:
    """Return the votes that count, one a person: the last of each, and imports only while nobody looked by hand.

    Votes up to `after_batch` are set aside: an expert asked for new ones.
    """
    last: dict[tuple[str, bool], Vote] = {}
    for vote in sorted(votes, key=lambda one: one.batch_id):
        if vote.batch_id > after_batch:
            last[vote.person, vote.by_hand] = vote
    by_hand = [vote for vote in last.values() if vote.by_hand]
    if by_hand:
        return by_hand
    imported = sorted(last.values(), key=lambda one: one.batch_id)
    return imported[-1:]


def agree(votes: Sequence[Vote], after_batch: int = 0) -> Agreement:
    """Return what the votes add up to: the class that more people chose than any other; a tie has no winner."""
    valid = counted(votes, after_batch)
    if not valid:
        return NOTHING
    ranking = Counter(vote.class_id for vote in valid).most_common()
    (first, most), others = ranking[0], ranking[1:]
    dissent = 1.0 - most / len(valid)
    if others and others[0][1] == most:
        return Agreement(None, None, dissent)
    return Agreement(first, max(vote.batch_id for vote in valid if vote.class_id == first), dissent)
