"""Turns cards into HTML: the Jinja templates with the few words and numbers they need."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hydra_core.domain import Status
from hydra_web.board import MEANINGS, SHAPES, Card, attention, by_group, newest, tally, unacknowledged
from hydra_web.events import WallFeed
from hydra_web.needs import Away
from hydra_web.people.rights import ANYBODY, Person, Role

TEMPLATES = Path(__file__).with_name("templates")

ROOMY = 12
"""Up to so many plots the cards of the wall are drawn large."""


class Views:
    """All HTML of the web service. Everything that goes into a template is escaped there."""

    def __init__(self, deployment: str, timezone: tzinfo, version: str) -> None:
        self._timezone = timezone
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.filters.update(
            iso=iso, ago=ago, percent=percent, is_web=is_web, when=self.when, clock=self.clock, lasted=lasted
        )
        self._templates.globals.update(
            deployment=deployment,
            version=version,
            timezone=str(timezone),
            shapes=SHAPES,
            meanings=MEANINGS,
            banner="",
            person=ANYBODY,
            here="",
        )

    def when(self, moment: datetime) -> str:
        """Return date and time in the hall's time zone, which is named."""
        return moment.astimezone(self._timezone).strftime("%Y-%m-%d %H:%M:%S %Z")

    def clock(self, moment: datetime) -> str:
        """Return the time of day in the hall's time zone, with the date when that is another day."""
        local = moment.astimezone(self._timezone)
        today = datetime.now(self._timezone).date()
        return local.strftime("%H:%M:%S %Z" if local.date() == today else "%Y-%m-%d %H:%M %Z")

    def slot(self, card: Card) -> str:
        """Return what stands in the card's place in the grid."""
        return self._draw("slot.html", {"card": card})

    def strip(self, card: Card) -> str | None:
        """Return what stands in the attention strip, None for a card that is not there."""
        return self._draw("strip.html", {"card": card}) if card.needs_attention else None

    def summary(self, cards: Sequence[Card]) -> str:
        """Return how many plots are how, in words and signs."""
        fine = all(card.status in (Status.GOOD, Status.OFF) for card in cards)
        alarmed = [card for card in attention(cards) if not card.is_over]
        return self._draw(
            "summary.html", {"cards": cards, "attention": alarmed, "all_good": fine, "tally": tally(cards)}
        )

    def banner(self, away: Away | None, quiet: datetime | None) -> str:
        """Return the plain words of the banner, empty when all is well."""
        if away is not None:
            return f"Database away since {self.clock(away.since)}. What you see may be out of date. {away.advice}"
        if quiet is not None:
            return f"No verdict since {self.clock(quiet)}: the IOC seems to stand still. What you see is out of date."
        return ""

    def wall(self, feed: WallFeed, person: Person) -> str:
        """Return the wall's page for somebody, as the feed knows it now."""
        cards = feed.cards
        context = {
            "attention": attention(cards),
            "banner": feed.banner(),
            "beam": feed.around.beam,
            "cursor": feed.cursor,
            "groups": by_group(cards),
            "here": "wall",
            "may": [card.name for card in cards if person.may(Role.LABELER, card.name)],
            "newest": newest(cards),
            "now": datetime.now(UTC),
            "person": person,
            "roomy": len(cards) <= ROOMY,
            "run": feed.run_number,
            "slot": self.slot,
            "strip": self.strip,
            "summary": self.summary(cards),
            "unacknowledged": unacknowledged(cards),
        }
        return self._draw("wall.html", context)

    def message(self, heading: str, words: str) -> str:
        """Return a page that only says something, such as an error."""
        return self._draw("error.html", {"heading": heading, "words": words})

    def page(self, template: str, person: Person, context: Mapping[str, object]) -> str:
        """Return a whole page, drawn for somebody from a template that extends `base.html`."""
        return self._draw(template, {**context, "person": person})

    def _draw(self, template: str, context: Mapping[str, object]) -> str:
        return Markup(self._templates.get_template(template).render(context))


def iso(moment: datetime) -> str:
    """Return a time for machines, in UTC."""
    return moment.astimezone(UTC).isoformat()


def ago(moment: datetime) -> str:
    """Return how long ago a time is, in the two largest units that matter."""
    return duration((datetime.now(UTC) - moment).total_seconds())


def duration(seconds: float) -> str:
    """Return seconds in words; the page's script `ages.js` counts on with the same ones."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d"


def lasted(span: timedelta) -> str:
    """Return how long something lasted, in words."""
    return duration(span.total_seconds())


def percent(fraction: float) -> str:
    """Return a score in percent; what is not certain never reads as 100 %, nor what is not excluded as 0 %."""
    shown = round(fraction * 100, 1)
    if 0.0 < fraction < 1.0:
        shown = min(max(shown, 0.1), 99.9)
    return f"{shown:.1f} %"


def is_web(link: str) -> bool:
    """Return whether a link may be offered for clicking: web addresses, never javascript or data."""
    return link.startswith(("https://", "http://"))
