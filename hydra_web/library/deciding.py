"""What experts decide about models: thresholds, which one judges, which one judges beside it."""

import logging

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, Field

from hydra_core.bundles import check_bundle
from hydra_core.domain import ModelRecord
from hydra_core.errors import ModelError, SchemaError, StoreDownError, StoreError
from hydra_web.library.common import (
    Body,
    PlotTypeName,
    Version,
    address,
    bundle_of,
    found_model,
    found_type,
    rules_of,
)
from hydra_web.library.facts import ModelFacts, facts
from hydra_web.library.simulation import with_thresholds
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Expert

logger = logging.getLogger(__name__)
router = APIRouter(prefix="/api/v1", tags=["models"])


class Thresholds(Body):
    """Thresholds to enter, by class; classes that are not named keep theirs."""

    thresholds: dict[str, float] = Field(min_length=1, max_length=16, examples=[{"Bad": 0.93}])


class Promotion(Body):
    """Whether thresholds that people set for the model before go over to the new one."""

    carry: bool = Field(False, description="False: the configuration's thresholds hold, until somebody sets others.")


class ShadowWish(BaseModel):
    """Which model judges beside the active one now."""

    shadow: int | None


@router.put("/models/{plot_type}:{version}/thresholds")
def set_thresholds(
    plot_type: PlotTypeName, version: Version, body: Thresholds, parts: PartsOf, person: Expert, request: Request
) -> ModelFacts:
    """Put thresholds of a model in force; those before stay as history. The PVs follow within a second."""
    record = found_model(plot_type, version, parts)
    with_thresholds(rules_of(plot_type, parts), body.thresholds)
    unknown = sorted(set(body.thresholds) - set(record.classes))
    if unknown:
        raise HTTPException(422, f"{record.ref} has no class {unknown[0]}.")
    return facts(parts.store.set_thresholds(plot_type, version, body.thresholds, person.name))


@router.post("/models/{plot_type}:{version}/promote")
def promote(plot_type: PlotTypeName, version: Version, body: Promotion, parts: PartsOf, person: Expert) -> ModelFacts:
    """Make a model the active one; the IOC loads it while the one before judges on."""
    _whole(plot_type, version, parts)
    return facts(parts.store.promote_with(plot_type, version, person.name, body.carry))


@router.post("/plot-types/{plot_type}/rollback")
def rollback(plot_type: PlotTypeName, parts: PartsOf, person: Expert) -> ModelFacts:
    """Make the model active again that was active before."""
    found_type(plot_type, parts)
    try:
        return facts(parts.store.rollback(plot_type, person.name))
    except StoreError as error:
        if isinstance(error, StoreDownError | SchemaError):
            raise
        raise HTTPException(409, f"No model of {plot_type} was active before: there is no way back.") from error


@router.put("/models/{plot_type}:{version}/shadow")
def shadow(plot_type: PlotTypeName, version: Version, parts: PartsOf, person: Expert, request: Request) -> ShadowWish:
    """Let a model judge live plots beside the active one: stored and shown, never alarmed on."""
    if _whole(plot_type, version, parts).state == "active":
        raise HTTPException(409, f"{plot_type} v{version} is active: it cannot be its own shadow.")
    parts.store.set_shadow(plot_type, version, person.name, address(request))
    return ShadowWish(shadow=version)


@router.delete("/models/{plot_type}:{version}/shadow")
def end_shadow(
    plot_type: PlotTypeName, version: Version, parts: PartsOf, person: Expert, request: Request
) -> ShadowWish:
    """Take a model out of the shadow; nothing changes when it is not there."""
    if found_model(plot_type, version, parts).state == "shadow":
        parts.store.set_shadow(plot_type, None, person.name, address(request))
    current = parts.store.shadow_models().get(plot_type)
    return ShadowWish(shadow=current.ref.version if current is not None else None)


def _whole(plot_type: str, version: int, parts: Parts) -> ModelRecord:
    """Return a model whose bundle is whole and fits its plot type. Raises HTTPException (404, 409) otherwise."""
    record = found_model(plot_type, version, parts)
    try:
        check_bundle(bundle_of(record, parts.config), found_type(plot_type, parts))
    except ModelError as error:
        logger.warning("model not fit to judge model=%s why=%s", record.ref, error)
        words = "its bundle is damaged, missing here, or made for other classes. The web service's log says what it is."
        raise HTTPException(409, f"{record.ref} is not fit to judge: {words}") from error
    return record
