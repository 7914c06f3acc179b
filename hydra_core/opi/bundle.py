"""Everything that is generated for a hall: relative path and text of each file."""

from collections.abc import Mapping
from pathlib import Path

from hydra_core.config import HallConfig
from hydra_core.opi import alarms, archiver, listing
from hydra_core.opi.boy import ENDING as BOY_ENDING
from hydra_core.opi.boy import opi
from hydra_core.opi.databrowser import plots
from hydra_core.opi.phoebus import ENDING as PHOEBUS_ENDING
from hydra_core.opi.phoebus import bob
from hydra_core.opi.screens import screens

PER_PLOT = ("about", "rules")
"""Directories with one screen per plot type."""


def build(hall: HallConfig, installed: str) -> Mapping[str, str]:
    """Return every file by its path below the output directory.

    `installed` is where alarm handlers will find that directory, e.g. ``/opt/hydra/opi/hall-d`` or a URL.
    """
    files: dict[str, str] = {}
    for screen in screens(hall):
        files[f"phoebus/{screen.file}{PHOEBUS_ENDING}"] = bob(screen)
        files[f"boy/{screen.file}{BOY_ENDING}"] = opi(screen)
    for name, text in plots(hall).items():
        files[f"phoebus/{name}"] = files[f"boy/{name}"] = text
    files |= {f"alarms/{name}": text for name, text in alarms.files(hall, installed).items()}
    files |= archiver.files(hall)
    files |= listing.files(hall)
    return files


def write(files: Mapping[str, str], directory: Path) -> None:
    """Write the files, and remove what an earlier build left of plot types that are gone."""
    kept = (
        (f"phoebus/{kind}/*{PHOEBUS_ENDING}" for kind in PER_PLOT),
        (f"boy/{kind}/*{BOY_ENDING}" for kind in PER_PLOT),
    )
    for stale in sorted(path for patterns in kept for pattern in patterns for path in directory.glob(pattern)):
        if stale.relative_to(directory).as_posix() not in files:
            stale.unlink()
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
