"""Log-book entries about incidents: what they say, and the pictures that go with them."""

import io
import logging
from datetime import UTC, datetime

from fastapi import APIRouter, HTTPException, Request
from PIL import Image
from pydantic import BaseModel, Field

from hydra_core.errors import HydraError, LogbookError
from hydra_core.logbook import Entry, Picture, open_logbook
from hydra_core.store.actions import Actor
from hydra_core.store.episodes import LoggedEpisode, Shown
from hydra_web.heatmap import heatmap_png
from hydra_web.log.actions import Body, EpisodeUid, address, found_episode
from hydra_web.log.incidents import page_of
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Labeler, Person
from hydra_web.views import percent

logger = logging.getLogger(__name__)
router = APIRouter(prefix="/api/v1", tags=["alarms"])


class EntryWish(Body):
    """What somebody adds to what Hydra knows of an incident."""

    text: str = Field("", max_length=5000)
    again: bool = Field(False, description="Enter it although there is an entry already.")


class EntryMade(BaseModel):
    """Where the entry is: a web address, or the path of a file."""

    url: str


@router.post("/episodes/{uid}/logbook", status_code=201)
def enter(uid: EpisodeUid, body: EntryWish, parts: PartsOf, person: Labeler, request: Request) -> EntryMade:
    """Enter an incident in the electronic log book, with its worst plot, the heat map and a link back."""
    episode = found_episode(uid, parts, person)
    if parts.config.logbook is None:
        raise HTTPException(409, "This hall has no log book: see `logbook:` in its configuration.")
    if episode.logbook_url and not body.again:
        raise HTTPException(409, f"It is in the log book already: {episode.logbook_url}")
    entry = entry_of(episode, body.text.strip(), person, parts, base_of(parts, request))
    try:
        url = open_logbook(parts.config.logbook).write(entry)
    except LogbookError as error:
        logger.warning("log-book entry refused episode=%s error=%s", uid, error)
        raise HTTPException(502, f"The log book did not take the entry: {error}") from error
    parts.store.set_logbook_url(uid, url, Actor(person.name, address(request)))
    return EntryMade(url=url)


def base_of(parts: Parts, request: Request) -> str:
    """Return how browsers reach this server, without a slash at the end."""
    return (parts.config.web.base_url or str(request.base_url)).rstrip("/")


def entry_of(episode: LoggedEpisode, text: str, person: Person, parts: Parts, base: str) -> Entry:
    """Return the entry about an incident, its pictures included as far as the archive still has them."""
    shown = episode.worst
    run = f", run {shown.plot.run}" if shown is not None else ""
    return Entry(
        title=f"{episode.title}: {episode.class_name}{run}",
        body="\n\n".join(part for part in (text, _facts(episode, parts)) if part),
        author=person.name,
        link=f"{base}{page_of(episode.uid)}",
        at=datetime.now(UTC),
        pictures=_pictures(shown, parts) if shown is not None else (),
    )


def _facts(episode: LoggedEpisode, parts: Parts) -> str:
    when, worst = parts.views.when, episode.worst
    lines = [
        f"Plot: {episode.title} ({episode.plot_type}, {episode.group})",
        f"Looked wrong since {when(episode.started_at)}, confirmed {when(episode.confirmed_at)}, "
        + (f"right again {when(episode.ended_at)}" if episode.ended_at else "not over yet"),
        f"Class {episode.class_name}, {percent(episode.worst_score)} at its worst",
    ]
    if worst is not None:
        lines.append(f"Worst plot: run {worst.plot.run}, chunk {worst.plot.chunk}")
    if episode.acked_by and episode.acked_at:
        lines.append(f"Acknowledged by {episode.acked_by} {when(episode.acked_at)}")
    if episode.true_alarm is not None:
        lines.append(f"{'True' if episode.true_alarm else 'False'} alarm, says {episode.feedback_by}: {episode.note}")
    return "\n".join(lines)


def _pictures(shown: Shown, parts: Parts) -> tuple[Picture, ...]:
    """Return the plot, and the plot under its heat map; none that the archive has purged."""
    try:
        data = parts.archive.get(shown.plot.sha256)
        cam = parts.store.cam(shown.inference_id) if shown.has_cam else None
        with Image.open(io.BytesIO(data)) as opened:
            kind = opened.format or "PNG"
            plot = opened.convert("RGBA")
    except (HydraError, OSError) as error:
        logger.warning("log-book entry without its picture plot=%s error=%s", shown.plot.uid, error)
        return ()
    stem = f"{shown.plot.plot_type}_run{shown.plot.run}_{shown.plot.chunk}"
    found = [Picture(f"{stem}.{kind.lower()}", f"image/{kind.lower()}", data, "The plot")]
    if cam is not None:
        with Image.open(io.BytesIO(heatmap_png(cam))) as heat:
            plot.alpha_composite(heat.convert("RGBA").resize(plot.size, Image.Resampling.BILINEAR))
        buffer = io.BytesIO()
        plot.convert("RGB").save(buffer, "PNG")
        found.append(Picture(f"{stem}_heatmap.png", "image/png", buffer.getvalue(), "Where the model looked"))
    return tuple(found)
