"""What a channel name means: a record or one of its fields, as a long string or not, through which filter."""

import json
from dataclasses import dataclass

from caproto import RecordModifiers, parse_record_field

from hydra_ioc.ca.events import NO_FILTER, Filter, Variable
from hydra_ioc.ca.record import Record
from hydra_ioc.ca.wire import CHAR, STRING


@dataclass(frozen=True, slots=True)
class Target:
    """What a channel is connected to, and the native type and number of elements that its client is told."""

    variable: Variable
    native: int
    length: int
    filter: Filter = NO_FILTER


def find(records: dict[str, Record], name: str) -> Target | None:
    """Return what a name such as ``P:CDC:STATUS``, ``….DESC$`` or ``….{"dbnd":{"abs":1}}`` means; None: not ours."""
    record = records.get(name)
    if record is not None:
        return Target(record, record.shape.native, record.shape.length)
    if "." not in name:
        return None
    parsed = parse_record_field(name)
    record = records.get(parsed.record)
    variable = record.get_field(parsed.field or "") if record is not None else None
    if variable is None:
        return None
    native, length, channel_filter = variable.shape.native, variable.shape.length, NO_FILTER
    if parsed.modifiers is not None:
        if RecordModifiers.long_string in parsed.modifiers.modifiers:
            if native not in (STRING, CHAR) or (native == STRING and length > 1):
                return None
            native, length = CHAR, getattr(variable.shape, "size", length)
        try:
            channel_filter = _filter(parsed.modifiers.filter_)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None
    return Target(variable, native, length, channel_filter)


def _filter(text: str | None) -> Filter:
    """Read base's channel filters ``arr``, ``dbnd`` and ``ts``. Raises ValueError, TypeError or KeyError."""
    if not text:
        return NO_FILTER
    if text.startswith("["):
        parts = [int(part) if part else None for part in text.strip("[]").split(":")]
        first, last = parts[0], parts[-1]
        step = parts[1] if len(parts) == 3 else None
        return Filter(pick=_slice(first or 0, -1 if last is None else last, 1 if step is None else step))
    wanted = json.loads(text)
    if not wanted or wanted.keys() - {"arr", "dbnd", "ts"}:
        raise ValueError(f"unknown filter in {text}")
    pick = None
    if "arr" in wanted:
        array = wanted["arr"]
        pick = _slice(int(array.get("s", 0)), int(array.get("e", -1)), int(array.get("i", 1)))
    band, relative = _dead_band(wanted["dbnd"]) if "dbnd" in wanted else (None, False)
    return Filter(pick, band, relative, "ts" in wanted)


def _slice(first: int, last: int, step: int) -> slice:
    """Return Python's half-open slice for the closed interval that EPICS means."""
    if step < 1:
        raise ValueError("a step is at least 1")
    return slice(first, None if last == -1 else last + 1, step)


def _dead_band(wanted: dict[str, object]) -> tuple[float, bool]:
    for mode in ("abs", "rel"):
        if mode in wanted:
            return float(str(wanted[mode])), mode == "rel"
    return float(str(wanted["d"])), wanted.get("m", "abs") == "rel"
