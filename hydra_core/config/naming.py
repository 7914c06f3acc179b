"""What PV names may look like: the rules of sites, names that a hall has from before, and that each is served once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from hydra_core.config.problems import Keys, Problem
from hydra_core.config.section import Section
from hydra_core.config.values import PvPrefix
from hydra_core.domain import PlotType, Policy
from hydra_core.existing_names import ExistingNames
from hydra_core.pvs import MAX_NAME, plot_pvs, service_pvs

if TYPE_CHECKING:
    from hydra_core.config.hall import HallConfig

SERVICE = "SYS"
CLAS12_ROOT = "HB:monitoring:ai:"
SiteName = Literal["generic", "jlab", "isis", "lcls", "ess"]
Limit = Annotated[float, Field(ge=-1, le=1)]


class Compat(Section):
    """Names of a Hydra that the hall ran before, served beside the others with the same scores."""

    kind: Literal["clas12", "original"] = Field(
        description="clas12: Hall B's scores, summary and waveform; original: the score of each plot alone"
    )
    root: PvPrefix | None = Field(
        None, description=f'EPICS_ROOT, before the plot type\'s name; default with clas12: "{CLAS12_ROOT}"'
    )
    lolo: Limit | None = Field(
        None, description="MAJOR at or below this score; default with clas12: 0, with original: none"
    )
    low: Limit | None = Field(
        None, description="MINOR at or below this score; default with clas12: 0, with original: none"
    )

    @model_validator(mode="after")
    def _has_a_root(self) -> Self:
        if self.root is None and self.kind == "original":
            raise ValueError('needs "root", the EPICS_ROOT of the Hydra before, e.g. root: "HD:hydra:"')
        return self

    def names(self) -> ExistingNames:
        """Return the names and limits; where Hall B's records say nothing of limits, base has 0."""
        if self.kind == "original":
            return ExistingNames(self.root or "", self.lolo, self.low)
        lolo, low = (0.0 if limit is None else limit for limit in (self.lolo, self.low))
        return ExistingNames(self.root or CLAS12_ROOT, lolo, low, summary=True)


def _spelt_out(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


CompatEntry = Annotated[Compat, BeforeValidator(_spelt_out, json_schema_input_type=Compat | Literal["clas12"])]
"""A mapping, or ``clas12`` alone."""


@dataclass(frozen=True, slots=True)
class Site:
    """What a site allows in ``prefix + pv`` of a plot type, the part of a name that a hall chooses.

    `longest` counts its characters; `whole` must match it, which `form` says in words.
    """

    whole: str
    form: str
    longest: int = MAX_NAME


SITES: dict[SiteName, Site] = {
    "generic": Site(r".*", "anything"),
    "jlab": Site(r"[A-Za-z][A-Za-z0-9_:-]*", "a letter, then letters, digits, _ : and -, e.g. HD:hydra:CDC_OCC"),
    "isis": Site(
        r"[A-Z0-9_]+(:[A-Z0-9_]+){2,}",
        "three or more parts of capital letters, digits and _ between colons, e.g. IN:LARMOR:HYDRA:DET1",
    ),
    "lcls": Site(
        r"[A-Z0-9_-]+(:[A-Z0-9_-]+){2}",
        "TYPE:AREA:UNIT in capital letters, digits, _ and -, e.g. HYDR:LI21:CDC_OCC",
        longest=28,
    ),
    "ess": Site(
        r"[A-Za-z0-9]+(-[A-Za-z0-9]+)?:[A-Za-z0-9]+-[A-Za-z0-9]+-[A-Za-z0-9]+",
        "Sec-Sub:Dis-Dev-Idx, e.g. DTL-010:PBI-Hydra-001",
    ),
}


def problems(config: "HallConfig") -> Iterator[Problem]:
    """Yield what is wrong with names: too long, not as the site has them, or served twice."""
    prefix = config.epics.prefix
    owners = dict.fromkeys((spec.name(prefix, SERVICE).casefold() for spec in service_pvs()), SERVICE)
    longest = max((spec.name(prefix, SERVICE) for spec in service_pvs()), key=len)
    if len(longest) > MAX_NAME:
        yield Problem(("epics", "prefix"), _too_long(longest, len(prefix)))
        return
    for name, entry in config.plots.items():
        full = [prefix + entry.pv + ":" + suffix for suffix in plot_suffixes()]
        longest = max(full, key=len)
        if len(longest) > MAX_NAME:
            yield Problem(("plots", name, "pv"), _too_long(longest, len(entry.pv)))
        clash = next((pv for pv in full if pv.casefold() in owners), None)
        if clash:
            owner = owners[clash.casefold()]
            other = f'"{SERVICE}", the service itself,' if owner == SERVICE else f"plots.{owner}"
            yield Problem(("plots", name, "pv"), f'"{entry.pv}" is taken: {other} already serves {clash}')
        for pv in full:
            owners.setdefault(pv.casefold(), name)
    yield from _site_rules(config)
    yield from _existing(config, owners)


def _site_rules(config: "HallConfig") -> Iterator[Problem]:
    naming, prefix = config.epics.naming, config.epics.prefix
    site = SITES[naming]
    for name, entry in config.plots.items():
        chosen, keys = prefix + entry.pv, ("plots", name, "pv")
        if not re.fullmatch(site.whole, chosen):
            yield Problem(keys, f'"{chosen}" is no name of naming: {naming}, which wants {site.form}')
        elif len(chosen) > site.longest:
            text = f'"{chosen}" has {len(chosen)} characters, naming: {naming} allows {site.longest} before the suffix'
            yield Problem(keys, text)


def _existing(config: "HallConfig", owners: dict[str, str]) -> Iterator[Problem]:
    """Check the names from before: their length, and that no two are alike."""
    existing = config.epics.existing_names()
    if existing is None:
        return
    keys: Keys = ("epics", "compat")
    for name, spec in existing.pvs(PlotType(plot, plot, "", "", (), Policy({}, {})) for plot in config.plots):
        if len(name) > MAX_NAME:
            yield Problem((*keys, "root"), _too_long(name, len(existing.root)))
            return
        owner = owners.get(name.casefold())
        if owner is not None:
            other = f"plots.{owner}" if owner in config.plots else f'"{owner}"'
            yield Problem(keys, f"{name} is taken: {other} already serves it, perhaps in other letters")
        owners.setdefault(name.casefold(), spec.suffix)


def _too_long(name: str, length: int) -> str:
    allowed = length - (len(name) - MAX_NAME)
    advice = f"shorten it to {allowed} characters" if allowed > 0 else "shorten the prefix"
    return f'"{name}" has {len(name)} characters, EPICS names at most {MAX_NAME}; {advice}'


def plot_suffixes() -> tuple[str, ...]:
    """Return the suffixes that every plot type's PVs have."""
    nothing = PlotType("", "", "", "", (), Policy({}, {}))
    return tuple(spec.suffix for spec in plot_pvs(nothing))
