"""What the status page says of Hydra's own parts, from the last heartbeats; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hydra_core.store.services import Service
from hydra_web.events import Beat
from hydra_web.status.charts import Curve, curve
from hydra_web.surroundings import SILENT_AFTER

STAGES = {
    "wait": "waits for the model",
    "judge": "is decoded and judged",
    "publish": "is archived, decided on, published",
    "total": "from file to PV",
}
"""The stages of a plot's way, in order, in words."""

TILES = {
    "RATE": ("Plots judged", " /s"),
    "QUEUE": ("Waiting for the model", ""),
    "DROPPED": ("Overtaken by newer plots", ""),
    "REJECTS": ("Files refused", ""),
    "SPOOL": ("Waiting for the database", ""),
    "DISK": ("Archive disk free", " %"),
    "ALMPERHR": ("Alarms in the last hour", ""),
    "STANDING": ("Standing alarms", ""),
}
"""PVs shown as numbers with a curve: suffix → words and unit."""

WORDS = {"STATE": "IOC", "DB": "Database", "FEED": "Sources", "MODELS": "Models", "INPUTS": "Machine inputs",
         "GATE": "Gate"}  # fmt: skip
"""PVs shown as words; anything but what `FINE` names wants a look."""

FINE = {"RUNNING", "OK", "Open"}


@dataclass(frozen=True, slots=True)
class Stage:
    """How long a stage took the last plots, in milliseconds."""

    name: str
    words: str
    p50: float
    p95: float
    curve: Curve | None


@dataclass(frozen=True, slots=True)
class Tile:
    """One number or word of the IOC; `fine` is None for numbers."""

    suffix: str
    words: str
    value: str
    fine: bool | None
    curve: Curve | None = None


def stages(beats: Sequence[Beat]) -> tuple[Stage, ...]:
    """Return the stages of the last heartbeat with their p95 of the last hour as a curve."""
    if not beats:
        return ()
    found = []
    for name, words in STAGES.items():
        now = beats[-1].stages.get(name)
        if now is not None:
            past = [round(1000 * beat.stages[name]["p95"], 1) for beat in beats if name in beat.stages]
            found.append(Stage(name, words, 1000 * now["p50"], 1000 * now["p95"], curve(past, " ms")))
    return tuple(found)


def tiles(beats: Sequence[Beat]) -> tuple[Tile, ...]:
    """Return the words first, then the numbers with their curves."""
    if not beats:
        return ()
    now = beats[-1].pvs
    words = [Tile(s, what, str(now[s]), str(now[s]) in FINE) for s, what in WORDS.items() if s in now]
    numbers = [
        Tile(s, what, f"{now[s]:g}{unit}", None, curve(_numbers(beats, s), unit))
        for s, (what, unit) in TILES.items()
        if isinstance(now.get(s), int | float)
    ]
    return (*words, *numbers)


def _numbers(beats: Sequence[Beat], suffix: str) -> list[float]:
    values: list[Any] = [beat.pvs.get(suffix) for beat in beats]
    return [float(value) for value in values if isinstance(value, int | float)]


def is_silent(service: Service, now: datetime) -> bool:
    """Return whether a service has not told of itself for too long."""
    return (now - service.at).total_seconds() > SILENT_AFTER


def size_words(size: float) -> str:
    """Return bytes in words."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
