"""What is not drawn: the request to the Archiver Appliance, and the list of all PVs for people and spreadsheets."""

import csv
import io
import json
from collections.abc import Iterator, Mapping

from hydra_core import pvs
from hydra_core.config import HallConfig
from hydra_core.pvs import PvSpec

_SLOW = ("HEARTBEAT",)
"""Change every second, and once a minute is enough to see when the service was down."""
_HEAD = ("pv", "record", "description", "units", "put", "alarm", "archive", "mdel", "adel")


def files(hall: HallConfig) -> Mapping[str, str]:
    """Return the files by path."""
    return {
        "archiver/archivePV.json": archiver_request(hall),
        "pvs.csv": pv_csv(hall),
        "pvs.md": pv_markdown(hall),
    }


def all_pvs(hall: HallConfig) -> Iterator[tuple[str, PvSpec]]:
    """Yield every PV of the hall with its description, also under the names of the Hydra before."""
    return pvs.all_pvs(hall.epics.prefix, hall.plot_types(), hall.epics.existing_names())


def archiver_request(hall: HallConfig) -> str:
    """Return the body of ``POST /mgmt/bpl/archivePV``: every PV that is worth keeping."""
    rows = [
        {
            "pv": name,
            "samplingmethod": "SCAN" if spec.suffix in _SLOW else "MONITOR",
            "samplingperiod": "60.0" if spec.suffix in _SLOW else "1.0",
        }
        for name, spec in all_pvs(hall)
        if spec.archive
    ]
    return json.dumps(rows, indent=1) + "\n"


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
