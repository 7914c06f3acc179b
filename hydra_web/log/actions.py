"""What people decide about alarms: acknowledge, mute, unmute, say whether one was true."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from fastapi import Path as PathArgument
from pydantic import BaseModel, ConfigDict, Field

from hydra_core.settings import MAX_MUTE
from hydra_core.store.actions import Actor
from hydra_core.store.episodes import LoggedEpisode
from hydra_web.log.incidents import Incident, incident
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Labeler, Person, Role

router = APIRouter(prefix="/api/v1", tags=["alarms"])

EpisodeUid = Annotated[
    str, PathArgument(max_length=190, description="The incident: plot type and start.", examples=["CDC@2026-11-24"])
]
PlotTypeName = Annotated[str, PathArgument(max_length=190)]


class Body(BaseModel):
    """What is sent: strict, with no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True)


class MuteWish(Body):
    """For how long a plot type's alarm is to be silent, and why."""

    minutes: float = Field(gt=0, le=MAX_MUTE)
    reason: str = Field(min_length=1, max_length=200, description="Shown on the wall and in the MUTEWHY PV.")


class MuteAnswer(BaseModel):
    """What the IOC was asked for. The wall and the PVs say so within a second, or once the IOC runs again."""

    plot: str
    until: datetime | None = Field(description="Null: the alarm is given back.")
    by: str


class FeedbackGiven(Body):
    """Whether an alarm was true. A false one goes to the experts' review queue."""

    true_alarm: bool
    note: str | None = Field(None, max_length=2000, description="Null: leave the note that is there.")


@router.post("/episodes/{uid}/acknowledge")
def acknowledge(uid: EpisodeUid, parts: PartsOf, person: Labeler, request: Request) -> Incident:
    """Say that somebody has seen an incident; a second time changes nothing. ACK goes to 1 within a second."""
    found_episode(uid, parts, person)
    parts.store.acknowledge(uid, person.name, address(request))
    return incident(found_episode(uid, parts))


@router.post("/episodes/{uid}/feedback")
def feedback(uid: EpisodeUid, body: FeedbackGiven, parts: PartsOf, person: Labeler, request: Request) -> Incident:
    """Say whether an incident was true or a false alarm; may be said anew."""
    found_episode(uid, parts, person)
    note = None if body.note is None else body.note.strip()
    parts.store.give_feedback(uid, body.true_alarm, note, Actor(person.name, address(request)))
    return incident(found_episode(uid, parts))


@router.post("/plot-types/{plot_type}/mute", status_code=202)
def mute(plot_type: PlotTypeName, body: MuteWish, parts: PartsOf, person: Labeler, request: Request) -> MuteAnswer:
    """Silence a plot type's alarm for some minutes; its status stays what it is."""
    until = datetime.now(UTC) + timedelta(minutes=body.minutes)
    return _ask(plot_type, until, body.reason.strip(), parts, person, request)


@router.delete("/plot-types/{plot_type}/mute", status_code=202)
def unmute(plot_type: PlotTypeName, parts: PartsOf, person: Labeler, request: Request) -> MuteAnswer:
    """Give a plot type's alarm back."""
    return _ask(plot_type, None, "", parts, person, request)


def found_episode(uid: str, parts: Parts, person: Person | None = None) -> LoggedEpisode:
    """Return an incident. Raises HTTPException: 404 for an unknown one, 401 or 403 for a person without the role."""
    found = parts.store.logged_episode(uid)
    if found is None:
        raise HTTPException(404, f"There is no incident {uid}.")
    if person is not None:
        person.must(Role.LABELER, found.plot_type)
    return found


def address(request: Request) -> str:
    """Return where a request came from."""
    return request.client.host if request.client is not None else ""


def _ask(
    plot_type: str, until: datetime | None, reason: str, parts: Parts, person: Person, request: Request
) -> MuteAnswer:
    if parts.feed.card(plot_type) is None:
        raise HTTPException(404, f"There is no plot type {plot_type}.")
    parts.store.ask_mute(plot_type, until, Actor(person.name, address(request)), reason)
    return MuteAnswer(plot=plot_type, until=until, by=person.name)
