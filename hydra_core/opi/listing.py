"""The list of all PVs, for people and spreadsheets."""

import csv
import io
from collections.abc import Iterator, Mapping

from hydra_core import pvs
from hydra_core.config import HallConfig
from hydra_core.pvs import PvSpec

_HEAD = ("pv", "record", "description", "units", "put", "alarm", "archive", "mdel", "adel")


def files(hall: HallConfig) -> Mapping[str, str]:
    """Return the files by path."""
    return {
        "pvs.csv": pv_csv(hall),
        "pvs.md": pv_markdown(hall),
    }


def all_pvs(hall: HallConfig) -> Iterator[tuple[str, PvSpec]]:
    """Yield every PV of the hall with its description, also under the names of the Hydra before."""
    return pvs.all_pvs(hall.epics.prefix, hall.plot_types(), hall.epics.existing_names())


def pv_csv(hall: HallConfig) -> str:
    """Return the list as comma-separated values with a header, dead bands in units of the PV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEAD)
    writer.writerows(_row(name, spec) for name, spec in all_pvs(hall))
    return text.getvalue()


def pv_markdown(hall: HallConfig) -> str:
    """Return the list as a Markdown page with one table."""
    lines = [f"# PVs of {hall.deployment}", "", _cells(_HEAD), _cells(("---",) * len(_HEAD))]
    for name, spec in all_pvs(hall):
        first, *rest = (cell.replace("|", "\\|") for cell in _row(name, spec))
        lines.append(_cells((f"`{first}`", *rest)))
    return "\n".join(lines) + "\n"


def _cells(row: tuple[str, ...]) -> str:
    return f"| {' | '.join(row)} |"


def _row(name: str, spec: PvSpec) -> tuple[str, ...]:
    flags = ("yes" if flag else "" for flag in (spec.alarms, spec.archive))
    bands = (f"{band:g}" if band else "" for band in (spec.mdel, spec.adel))
    return (name, str(spec.kind), spec.description, spec.units, spec.writable, *flags, *bands)
