"""PV values for a preview: what a screen would have read from the IOC, given as a mapping or a JSON file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra_core.domain import Severity
from hydra_core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Reading:
    """One PV as a client has it. `index` is an enumeration's state; pictures are (height, width, 3) or flat bytes."""

    value: Any
    severity: Severity = Severity.NO_ALARM
    index: int | None = None
    units: str = ""
    precision: int | None = None

    def number(self) -> float | None:
        """Return what rules compare with numbers; None for a text."""
        if self.index is not None:
            return float(self.index)
        return float(self.value) if isinstance(self.value, int | float) else None

    def text(self, units: bool) -> str:
        """Return what a text update shows."""
        value = self.value
        if isinstance(value, list | tuple):
            return f"[{', '.join(map(str, value))}]"
        shown = f"{value:.{self.precision}f}" if isinstance(value, float) and self.precision is not None else str(value)
        return f"{shown} {self.units}" if units and self.units else shown


def read_values(path: Path | None) -> dict[str, Reading]:
    """Read a JSON object of PV name to value, or to an object with `value` and the other fields of `Reading`.

    Raises UsageError when the file is no such object.
    """
    if path is None:
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: _reading(one) for name, one in found.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{path} is no JSON object of PV values ({error}); see `hydra opi preview --help`") from error


def _reading(one: Any) -> Reading:
    if not isinstance(one, Mapping):
        return Reading(one)
    fields = dict(one)
    fields["severity"] = Severity[fields.get("severity", "NO_ALARM")]
    return Reading(**fields)
