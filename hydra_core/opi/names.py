"""PV names as screens write them: with the macros P and R, and only such as the table of PVs has."""

from hydra_core.domain import PlotType, Policy
from hydra_core.pvs import Kind, PvSpec, class_pvs, plot_pvs, service_pvs

_PLOT = {spec.suffix: spec for spec in plot_pvs(PlotType("", "", "", "", (), Policy({}, {})))}
_PLOT |= {spec.suffix: spec for index in range(16) for spec in class_pvs(index, "")}
_SERVICE = {spec.suffix: spec for spec in service_pvs()}


def plot_pv(suffix: str) -> str:
    """Return a plot type's PV, e.g. ``$(P)$(R):STATUS``. Raises KeyError when the table has no such PV."""
    return f"$(P)$(R):{_suffix(_PLOT[suffix])}"


def pv_of(device: str, suffix: str) -> str:
    """Return the PV of one plot type whatever R is. Raises KeyError when the table has no such PV."""
    return f"$(P){device}:{_suffix(_PLOT[suffix])}"


def service_pv(suffix: str) -> str:
    """Return a PV of the service. Raises KeyError when the table has no such PV."""
    return f"$(P)SYS:{_suffix(_SERVICE[suffix])}"


def is_long(spec: PvSpec) -> bool:
    """Tell whether a PV holds a text of more than 39 characters."""
    return spec.kind is Kind.LSI


def _suffix(spec: PvSpec) -> str:
    return f"{spec.suffix}.VAL$" if is_long(spec) else spec.suffix
