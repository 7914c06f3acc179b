"""What the library's routes share: which plot type and model a path means, who asks from where, and paging."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import HTTPException, Query, Request
from fastapi import Path as PathArgument
from pydantic import BaseModel, ConfigDict

from hydra_core.config import HallConfig
from hydra_core.domain import ModelRecord, PlotType, Policy
from hydra_core.settings import in_force
from hydra_web.parts import Parts

PlotTypeName = Annotated[str, PathArgument(max_length=190, description="A plot type of the configuration.")]
Version = Annotated[int, PathArgument(ge=1, le=2**31 - 1, description="The model's version.")]
After = Annotated[str, Query(max_length=200, description="`next` of the page before.")]


class Body(BaseModel):
    """What is sent: strict, with no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a plot type: those in force, those of the configuration, and what people set over these."""

    plot_type: PlotType
    policy: Policy
    own: Mapping[str, object]
    active: ModelRecord | None


def found_type(name: str, parts: Parts) -> PlotType:
    """Return a plot type of the configuration. Raises HTTPException (404)."""
    card = parts.feed.card(name)
    if card is None:
        raise HTTPException(404, f"There is no plot type {name}.")
    return card.plot_type


def found_model(name: str, version: int, parts: Parts) -> ModelRecord:
    """Return a model of the library. Raises HTTPException (404)."""
    record = parts.store.model(name, version)
    if record is None:
        raise HTTPException(404, f"There is no model {name} v{version} in the library.")
    return record


def rules_of(name: str, parts: Parts) -> Rules:
    """Return the rules of a plot type. Raises HTTPException (404)."""
    plot_type, settings = found_type(name, parts), parts.store.settings()
    active = parts.store.active_model(name)
    own = settings.get(name, {})
    policy = in_force(plot_type, active.manual if active else {}, own, settings.get(None, {}))
    return Rules(plot_type, policy, own, active)


def bundle_of(record: ModelRecord, config: HallConfig) -> Path:
    """Return the directory of a model's bundle; paths in the library are relative to the models directory."""
    return config.models.path / record.path


def address(request: Request) -> str:
    """Return where a request came from, for the audit log."""
    return request.client.host if request.client is not None else ""


def cursor(place: object) -> str:
    """Return an opaque cursor for a place in a list."""
    return base64.urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def place(after: str) -> str | None:
    """Return the place that a cursor means; None for the start. Raises HTTPException (422)."""
    if not after:
        return None
    try:
        return base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise HTTPException(422, "This is no `next` of this list.") from error


def number_after(after: str) -> int | None:
    """Return the number that a cursor means; None for the start. Raises HTTPException (422)."""
    text = place(after)
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise HTTPException(422, "This is no `next` of this list.")
    return int(text)
