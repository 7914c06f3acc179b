"""The rules of a plot type to read and to change: severities of classes, thresholds, counts, delays; with history."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from hydra_core.domain import Mode, Policy, Severity
from hydra_core.errors import UsageError
from hydra_core.settings import SEVERITIES, checked, in_force
from hydra_core.store.rule_history import RuleChange
from hydra_web.library.common import (
    After,
    Body,
    PlotTypeName,
    Rules,
    address,
    cursor,
    place,
    rules_of,
)
from hydra_web.library.simulation import with_thresholds
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Expert, Reader, Role

PAGE = 30
WORDS = {severity: word for word, severity in SEVERITIES.items()}

router = APIRouter(tags=["models"])


class ClassRule(BaseModel):
    """What one class means; `configured` severity and threshold are those of the YAML."""

    class_name: str
    severity: str = Field(json_schema_extra={"enum": list(SEVERITIES)})
    threshold: float = Field(description="A score must reach it to count.")
    leave: float | None = Field(description="An incident is over below it; null: until another class is sure.")
    configured_severity: str
    configured_threshold: float


class RulesInForce(BaseModel):
    """The rules of one plot type that hold now."""

    plot: str
    classes: list[ClassRule]
    confirm: str
    clear: str
    on_delay: float
    off_delay: float
    stale_after: float | None
    mode: str
    settings: dict[str, object] = Field(description="What people set over the configuration, by name.")
    model: str | None = Field(description="The active model, to which thresholds belong.")


class RuleSet(BaseModel):
    """One rule that was set. `value` null: back to the configuration."""

    name: str
    value: object
    at: datetime
    by: str
    where: str


class RuleHistoryPage(BaseModel):
    """Changes of rules, the newest first."""

    changes: list[RuleSet]
    next: str | None = Field(description="`after` of the next page; null: this is the last.")


class RuleWish(Body):
    """Rules to change; those that are not named stay. A setting of null goes back to the configuration."""

    thresholds: dict[str, float] = Field({}, max_length=16, examples=[{"Bad": 0.93}])
    settings: dict[str, str | float | int | None] = Field(
        {}, max_length=40, examples=[{"severity.NoData": "none", "confirm": "2 of 3"}]
    )


@router.get("/plots/{plot_type}/rules", response_class=HTMLResponse, include_in_schema=False)
def page(plot_type: PlotTypeName, parts: PartsOf, person: Reader, after: After = "") -> HTMLResponse:
    """Show the rules of a plot type and how they came to be."""
    rules = rules_of(plot_type, parts)
    history = history_page(plot_type, after, parts)
    context = {
        "described": described(rules),
        "here": "models",
        "history": history,
        "may": person.may(Role.EXPERT, plot_type),
        "modes": [mode.name for mode in Mode],
        "rules": rules,
        "severities": list(SEVERITIES),
    }
    return HTMLResponse(parts.views.page("rules.html", person, context))


@router.get("/api/v1/plot-types/{plot_type}/rules")
def read(plot_type: PlotTypeName, parts: PartsOf, person: Reader) -> RulesInForce:
    """Return the rules of a plot type that hold now."""
    return described(rules_of(plot_type, parts))


@router.get("/api/v1/plot-types/{plot_type}/rules/history")
def history(plot_type: PlotTypeName, parts: PartsOf, person: Reader, after: After = "") -> RuleHistoryPage:
    """Return every change of a plot type's rules, by page or by PV."""
    rules_of(plot_type, parts)
    return history_page(plot_type, after, parts)


@router.put("/api/v1/plot-types/{plot_type}/rules")
def change(plot_type: PlotTypeName, body: RuleWish, parts: PartsOf, person: Expert, request: Request) -> RulesInForce:
    """Put rules in force, audited; the IOC takes them up within a second. What is refused changes nothing."""
    rules = rules_of(plot_type, parts)
    check_wish(rules, body)
    if body.thresholds and rules.active is None:
        raise HTTPException(409, f"{plot_type} has no active model whose thresholds could be set.")
    if body.thresholds and rules.active is not None:
        parts.store.set_thresholds(plot_type, rules.active.ref.version, body.thresholds, person.name)
    if body.settings:
        parts.store.set_settings(plot_type, _floats(body.settings), person.name, address(request))
    return described(rules_of(plot_type, parts))


def check_wish(rules: Rules, body: RuleWish) -> Policy:
    """Return the rules as they would be. Raises HTTPException (422), saying the limits, when they may not be."""
    kept = {name: value for name, value in rules.own.items() if name not in body.settings}
    thresholds = rules.active.manual if rules.active is not None else {}
    base = in_force(rules.plot_type, {**thresholds, **body.thresholds}, kept, {})
    policy = with_thresholds(Rules(rules.plot_type, base, kept, rules.active), body.thresholds)
    for name, value in _floats(body.settings).items():
        try:
            if value is not None:
                policy = checked(rules.plot_type, policy, name, value)
        except UsageError as error:
            raise HTTPException(422, f"{error}.") from error
    return policy


def described(rules: Rules) -> RulesInForce:
    """Return rules as the API tells them."""
    policy, configured = rules.policy, rules.plot_type.policy
    return RulesInForce(
        plot=rules.plot_type.name,
        classes=[
            ClassRule(
                class_name=name,
                severity=WORDS[policy.severities.get(name, Severity.NO_ALARM)],
                threshold=policy.thresholds.get(name, 1.0),
                leave=policy.leave.get(name),
                configured_severity=WORDS[configured.severities.get(name, Severity.NO_ALARM)],
                configured_threshold=configured.thresholds.get(name, 1.0),
            )
            for name in rules.plot_type.class_names()
        ],
        confirm=str(policy.confirm),
        clear=str(policy.clear),
        on_delay=policy.on_delay,
        off_delay=policy.off_delay,
        stale_after=policy.stale_after,
        mode=policy.mode.name,
        settings=dict(rules.own),
        model=str(rules.active.ref) if rules.active is not None else None,
    )


def history_page(plot_type: str, after: str, parts: Parts) -> RuleHistoryPage:
    """Return a page of the history. Raises HTTPException (422) for a wrong cursor."""
    before = _time(place(after))
    rows = parts.store.rule_changes(plot_type, before, PAGE)
    more = cursor(rows[-1].at.isoformat()) if len(rows) >= PAGE else None
    return RuleHistoryPage(changes=[_told(row) for row in rows], next=more)


def _told(row: RuleChange) -> RuleSet:
    return RuleSet(name=row.name, value=row.value, at=row.at, by=row.by, where=row.where)


def _floats(settings: Mapping[str, str | float | int | None]) -> dict[str, Any]:
    """Return settings with whole numbers as floats, as PVs write them."""
    return {name: float(value) if isinstance(value, int) else value for name, value in settings.items()}


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise HTTPException(422, "This is no `next` of this list.") from error
    if found.tzinfo is None:
        raise HTTPException(422, "This is no `next` of this list.")
    return found
