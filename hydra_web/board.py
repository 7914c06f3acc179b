"""What the wall shows, as values: one card a plot type, which cards need attention, and in which order.

Pure: rows of the database and the hall's plot types go in, cards come out.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from hydra_core.domain import PlotType, Severity, Status, WallRow
from hydra_core.store.wall import Unseen
from hydra_web.surroundings import Surroundings, why_nothing

SHAPES: Mapping[Status, str] = {
    Status.UNKNOWN: "?",
    Status.GOOD: "●",
    Status.SUSPECT: "◐",
    Status.WARN: "▲",
    Status.BAD: "■",
    Status.STALE: "◌",
    Status.ERROR: "✖",
    Status.OFF: "–",  # noqa: RUF001 - a dash, not a minus
}
"""Status is told by word, shape and colour, so that none of them has to be seen."""

MEANINGS: Mapping[Status, str] = {
    Status.GOOD: "looks as it should",
    Status.SUSPECT: "not sure, or not yet confirmed: no alarm",
    Status.WARN: "confirmed class of minor severity",
    Status.BAD: "confirmed class of major severity",
    Status.STALE: "plots should be coming and are not",
    Status.ERROR: "the plot could not be judged",
    Status.UNKNOWN: "never judged since Hydra was set up",
    Status.OFF: "not judged on purpose: disabled, no beam or no model",
}

ATTENTION = (Status.BAD, Status.WARN, Status.STALE, Status.ERROR)
"""The statuses that somebody should look at, the gravest first."""

PICTURED = (Status.BAD, Status.WARN)
"""Of those, the ones with a picture to look at: it moves to the attention strip and leaves a stub behind."""

NEVER_JUDGED = "No plot has been judged yet."

GRACE = 60.0
"""Seconds that an IOC may be late in turning a plot type STALE before it is taken for dead."""


@dataclass(frozen=True, slots=True)
class Card:
    """One plot type on the wall. `pv` is the whole name without suffix; `slot` its fixed place in the grid.

    `cause` is why nothing is shown, where the reason alone does not say it; `episode` the incident that is open,
    `acked_by` who has acknowledged it, `unseen` one that is over and that nobody has acknowledged.
    """

    slot: int
    plot_type: PlotType
    pv: str
    status: Status
    severity: Severity
    since: datetime | None
    reason: str
    class_name: str
    score: float
    model: str
    uid: str | None = None
    run: int | None = None
    chunk: int | None = None
    taken_at: datetime | None = None
    received_at: datetime | None = None
    sha256: str | None = None
    heatmap: int | None = None
    muted_until: datetime | None = None
    muted_by: str = ""
    cause: str = ""
    episode: str | None = None
    acked_by: str = ""
    unseen: Unseen | None = None

    @property
    def name(self) -> str:
        """The plot type's name, which identifies the card."""
        return self.plot_type.name

    @property
    def shape(self) -> str:
        """The status as a shape."""
        return SHAPES[self.status]

    @property
    def needs_attention(self) -> bool:
        """Whether the card stands in the attention strip."""
        return self.status in ATTENTION or self.unseen is not None

    @property
    def is_over(self) -> bool:
        """Whether it stands there only because nobody has acknowledged what is over."""
        return self.status not in ATTENTION

    @property
    def unacknowledged(self) -> str | None:
        """The incident, open or over, that waits for somebody to acknowledge it."""
        if self.pictured and self.episode is not None and not self.acked_by:
            return self.episode
        return self.unseen.uid if self.unseen is not None else None

    @property
    def rings(self) -> bool:
        """Whether the alarm asks to be heard: open, seen by nobody, not muted."""
        return self.pictured and self.unacknowledged is not None and self.muted_until is None

    @property
    def pictured(self) -> bool:
        """Whether it stands there with its picture, and only a stub stays in the grid."""
        return self.status in PICTURED

    @property
    def version(self) -> int:
        """The version of the model that judged, 0 when none did."""
        digits = self.model.rpartition(" v")[2]
        return int(digits) if digits.isdecimal() else 0


def _plain(moment: datetime) -> str:
    return f"{moment:%H:%M} UTC"


def build_cards(
    rows: Iterable[WallRow],
    plot_types: Sequence[PlotType],
    prefix: str,
    around: Surroundings | None = None,
    past: Iterable[Unseen] = (),
    clock: Callable[[datetime], str] = _plain,
) -> tuple[Card, ...]:
    """Return one card per configured plot type, in grid order: groups as first met, then the config's order.

    A plot type without a row has never been judged and is UNKNOWN; a row without a plot type is of a plot
    that is watched no more, and is left out. `around` (None: not known) explains what shows nothing; `past` are
    the incidents that are over and not acknowledged.
    """
    known, unseen = {row.plot_type: row for row in rows}, {one.plot_type: one for one in past}
    groups = list(dict.fromkeys(plot_type.group for plot_type in plot_types))
    ordered = sorted(plot_types, key=lambda plot_type: groups.index(plot_type.group))
    cards = []
    for slot, plot_type in enumerate(ordered):
        card = _card(slot, plot_type, f"{prefix}{plot_type.pv}", known.get(plot_type.name))
        cause = why_nothing(plot_type, card.status, card.reason, around, clock) if around is not None else ""
        over = unseen.get(plot_type.name) if card.episode is None else None
        cards.append(replace(card, cause=cause, unseen=over))
    return tuple(cards)


def _card(slot: int, plot_type: PlotType, pv: str, row: WallRow | None) -> Card:
    if row is None:
        return Card(slot, plot_type, pv, Status.UNKNOWN, Severity.INVALID, None, NEVER_JUDGED, "", 0.0, "")
    plot = row.plot
    judged = row.status is not Status.ERROR  # what was said of an earlier plot is not said of this one
    return Card(
        slot=slot,
        plot_type=plot_type,
        pv=pv,
        status=row.status,
        severity=row.severity,
        since=row.since,
        reason=row.reason or NEVER_JUDGED,
        class_name=row.class_name if judged else "",
        score=row.score if judged else 0.0,
        model=row.model,
        uid=plot.uid if plot else None,
        run=plot.run if plot else None,
        chunk=plot.chunk if plot else None,
        taken_at=plot.taken_at if plot else None,
        received_at=plot.received_at if plot else None,
        sha256=plot.sha256 if plot else None,
        heatmap=row.inference_id if row.cam_shape and judged else None,
        muted_until=row.muted_until,
        muted_by=row.muted_by,
        episode=row.episode,
        acked_by=row.acked_by,
    )


def attention_key(card: Card) -> tuple[int, int, float, int]:
    """Sort key of the attention strip: the gravest first, then the newest; what is muted or over comes last."""
    since = card.since.timestamp() if card.since else 0.0
    if card.is_over:
        return (2, 0, -since, card.slot)
    return (1 if card.muted_until else 0, ATTENTION.index(card.status), -since, card.slot)


def attention(cards: Iterable[Card]) -> tuple[Card, ...]:
    """Return the cards of the attention strip in order."""
    return tuple(sorted((card for card in cards if card.needs_attention), key=attention_key))


def by_group(cards: Sequence[Card]) -> tuple[tuple[str, tuple[Card, ...]], ...]:
    """Return the grid: each group's name with its cards, both in their fixed order."""
    return tuple((name, tuple(members)) for name, members in groupby(cards, key=lambda card: card.plot_type.group))


def tally(cards: Iterable[Card]) -> tuple[tuple[Status, int], ...]:
    """Return how many cards have each status, the gravest first, none left out but those that are nowhere."""
    counts = Counter(card.status for card in cards)
    order = (*ATTENTION, Status.UNKNOWN, Status.SUSPECT, Status.GOOD, Status.OFF)
    return tuple((status, counts[status]) for status in order if counts[status])


def unacknowledged(cards: Iterable[Card]) -> int:
    """Return how many incidents wait for somebody to acknowledge them."""
    return sum(card.unacknowledged is not None for card in cards)


def newest(cards: Iterable[Card]) -> Card | None:
    """Return the card whose plot arrived last, None before the first plot."""
    seen = [card for card in cards if card.received_at is not None]
    return max(seen, key=lambda card: card.received_at.timestamp() if card.received_at else 0.0, default=None)


def quiet_since(cards: Iterable[Card], now: datetime) -> datetime | None:
    """Return when the IOC was last seen to judge, None while it seems to run.

    A running IOC turns a plot type STALE soon after `stale_after`; one that still looks judged long after that
    is the picture of a service that stands still, and nobody may read it as good.
    """
    last = [_last_sign(card) for card in cards if _overdue(card, now)]
    return max(last, default=None)


def _overdue(card: Card, now: datetime) -> bool:
    limit = card.plot_type.policy.stale_after
    judged = card.status in (Status.GOOD, Status.SUSPECT, Status.WARN, Status.BAD) and card.received_at is not None
    return judged and limit is not None and (now - _last_sign(card)).total_seconds() > limit + GRACE


def _last_sign(card: Card) -> datetime:
    signs = [moment for moment in (card.received_at, card.since) if moment is not None]
    return max(signs)


def announcement(card: Card, last: Status | None) -> str | None:
    """Return what a screen reader should say about a change of status, None when it is not worth a word.

    `last` is the status announced last for the plot type. SUSPECT, OFF and UNKNOWN are never announced, so a
    plot that wavers between BAD and SUSPECT is told once; GOOD only as the end of something.
    """
    over = card.status is Status.GOOD and last in ATTENTION
    if card.status is last or not (over or card.status in ATTENTION):
        return None
    confirmed = ", confirmed" if over or card.pictured else ""
    return f"{card.plot_type.title}: {card.status.name.capitalize()}{confirmed}"
