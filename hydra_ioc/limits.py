"""Limits that people set on scores of names from before, kept over restarts as autosave keeps them."""

import asyncio
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

logger = logging.getLogger(__name__)


class KeptLimits:
    """What was put to LOLO and LOW of each plot type, in a file. One that cannot be read or written is logged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, dict[str, float]] = _read(path)

    def of(self, plot_type: str) -> Mapping[str, float]:
        """Return the limits set by hand, by the field's name."""
        return self._kept.get(plot_type, {})

    async def keep(self, plot_type: str, field: str, value: float) -> None:
        """Remember a limit, and write the file in a thread."""
        self._kept.setdefault(plot_type, {})[field] = value
        text = json.dumps(self._kept, indent=1, sort_keys=True)
        try:
            await asyncio.to_thread(_write, self._path, text)
        except OSError as error:
            logger.error("limits not kept file=%s error=%s", self._path, error)


def _read(path: Path) -> dict[str, dict[str, float]]:
    try:
        found = json.loads(path.read_text())
        return {str(name): {field: float(limits[field]) for field in limits} for name, limits in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        logger.error("limits not read, those of the configuration hold file=%s error=%s", path, error)
        return {}


def _write(path: Path, text: str) -> None:
    aside = path.with_suffix(f".{os.getpid()}")
    aside.write_text(text)
    aside.rename(path)
