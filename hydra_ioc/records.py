"""Makes the records that a hall serves from the table of its PVs."""

from collections.abc import Mapping

from hydra_core.domain import PlotType
from hydra_core.pvs import PvSpec, plot_pvs, service_pvs
from hydra_ioc.ca import STATUS_SEVERITIES, Record, make_record
from hydra_ioc.iocstats import ACCESS_SEVERITIES

_SEVERITIES = {"STATUS": STATUS_SEVERITIES, "ACCESS": ACCESS_SEVERITIES}


def make_records(
    prefix: str, plot_types: Mapping[str, PlotType]
) -> tuple[dict[str, dict[str, Record]], dict[str, Record]]:
    """Return the records of every plot type, `records[plot type][suffix]`, and those of the service."""
    records = {
        name: {spec.suffix: _record(spec.name(prefix, plot_type.pv), spec) for spec in plot_pvs(plot_type)}
        for name, plot_type in plot_types.items()
    }
    return records, {spec.suffix: _record(spec.name(prefix, "SYS"), spec) for spec in service_pvs()}


def _record(name: str, spec: PvSpec) -> Record:
    acknowledgeable = spec.suffix == "STATUS"
    return make_record(name, spec, severities=_SEVERITIES.get(spec.suffix), acknowledgeable=acknowledgeable)
