"""The sections about plots: what every plot type inherits (`defaults`) and what each says of its own (`plots`)."""

from typing import Literal, TypeAlias

from pydantic import Field

from hydra_core.config.section import Section
from hydra_core.config.values import ClassName, Colour, Duration, Fraction, Hotkey, PvDevice, Thresholds, Votes, WebUrl
from hydra_core.domain import KofN

SeverityName: TypeAlias = Literal["none", "minor", "major"]


class ClassEntry(Section):
    """One class; what is not given here is inherited from the class of that name in `defaults`."""

    severity: SeverityName | None = Field(None, description="none: a good class; minor: WARN; major: BAD")
    key: Hotkey | None = Field(None, description="key that labels with it: one lower-case letter or digit")
    colour: Colour | None = Field(None, description='"#rrggbb" or CSS name; default: colour-blind-safe by severity')
    description: str | None = Field(None, description="what people should see in such a plot")
    response: str | None = Field(None, description="what the operator does about it; default: the plot's response")


class Confirm(Section):
    """How many of the last plots must agree."""

    bad: Votes = Field(KofN(2, 3), description="to raise: k of the last n")
    clear: Votes = Field(KofN(2, 2), description="to clear: k of the last n")


class ActiveWhen(Section):
    """When plots are judged at all."""

    beam_above: float | None = Field(None, description="only while the PV epics.inputs.beam is above this")
    rate_above: float | None = Field(None, description="only while the PV epics.inputs.rate is above this")
    when: str = Field("", description='only while this holds of epics.inputs, e.g. "run_state in [RUNNING]"')
    settle: Duration | None = Field(None, description="not until this long after a run has started; null: at once")
    when_lost: Literal["open", "closed", "hold"] = Field(
        "open", description="while an input is not known: judge (open), do not, or do as before (hold)"
    )


class Judging(Section):
    """How plots are judged; in `defaults` for all, in a plot type for that one."""

    threshold: Thresholds = Field({"*": 0.9}, description="score a class must reach: one number, or class: number")
    leave: Thresholds = Field(
        {},
        description="score below which a class no longer alarms: one number, or class: number",
    )
    confirm: Confirm = Field(Confirm(), description="how many of the last plots must agree")
    on_delay: Duration | None = Field(None, description="alarm only if the plots say so for this long; null: at once")
    off_delay: Duration | None = Field(None, description="clear only if the plots say so for this long; null: at once")
    stale_after: Duration | None = Field(300.0, description="STALE after this much silence; null: never")
    active_when: ActiveWhen | None = Field(None, description="when plots are judged at all; null: always")
    novelty: Fraction | None = Field(
        0.99, description="SUSPECT from this novelty on (0.99: one good plot in a hundred is as odd); null: ignore it"
    )
    suspect_severity: Literal["none", "minor"] = Field("none", description="alarm severity of SUSPECT")
    mode: Literal["run", "maintenance", "test"] = Field(
        "run", description="maintenance: no INVALID alarm goes out; test: no alarm at all"
    )
    classes: dict[ClassName, ClassEntry | None] = Field(
        {}, description="name: class, in enum order (append only); null removes an inherited one"
    )


class PlotEntry(Judging):
    """One plot type."""

    title: str | None = Field(None, description="what people call it; default: the name with spaces")
    group: str = Field("Other", description="heading under which it stands on the wall")
    pv: PvDevice = Field(description='short name in PV names, e.g. "CDC_OCC"')
    model: Literal["active"] | None = Field("active", description="null: collected and labelled, not judged (OFF)")
    contact: str = Field("", description="whom to ask")
    guidance: WebUrl = Field("", description="web page that explains the plot")
    response: str = Field("", description="what the operator does when it is BAD; needed where a class is major")
