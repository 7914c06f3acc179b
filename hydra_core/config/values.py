"""The kinds of values a hall's YAML holds: durations, `k of n`, fractions, thresholds, colours, names, paths.

Each is an annotated type for pydantic that checks, normalises and describes itself in the JSON schema.
Validators raise ValueError with a text that says what is wrong and what would be right.
"""

import ipaddress
import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, ValidationInfo, WithJsonSchema

from hydra_core.config.problems import described, did_you_mean
from hydra_core.domain import KofN

EVERY = "*"
"""In a threshold table: every class that is not named."""
MAX_CLASS_NAME = 25
MAX_N = 16
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = r"^[0-9]+(\.[0-9]+)? ?(ms|s|m|h|d)$"
_K_OF_N = r"^([0-9]{1,3}) of ([0-9]{1,3})$"


def duration_text(seconds: float) -> str:
    """Return seconds in the largest unit that gives a whole number, e.g. ``5m``."""
    for unit in ("d", "h", "m", "s"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{int(seconds // _UNITS[unit])}{unit}"
    return f"{seconds * 1000:g}ms" if seconds < 1 else f"{seconds:g}s"


def _duration(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"must be a duration such as 30s, 5m, 2h or 1d, got {described(value)}")
    if not isinstance(value, str):
        raise ValueError(f'a duration needs its unit; write "{value}s" for seconds or "{value}m" for minutes')
    match = re.fullmatch(_DURATION, value)
    if not match:
        raise ValueError(f'"{value}" is no duration; write a number and s, m, h or d, such as 30s, 5m, 2h or 1d')
    unit = match[2]
    seconds = float(value.removesuffix(unit)) * _UNITS[unit]
    if not 0 < seconds <= 3660 * _UNITS["d"]:
        raise ValueError(f'"{value}" must be more than 0 and at most 10 years')
    return seconds


def _k_of_n(value: object) -> KofN:
    if isinstance(value, KofN):
        return value
    match = re.fullmatch(_K_OF_N, value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f'must be "k of n", e.g. "2 of 3", got {described(value)}')
    k, n = int(match[1]), int(match[2])
    if k < 1 or n < 1:
        raise ValueError(f'"{value}": k and n must be at least 1')
    if k > n:
        raise ValueError(f'"{value}" can never come true; did you mean "{n} of {k}"?')
    if n > MAX_N:
        raise ValueError(f'"{value}" looks back further than {MAX_N} plots; n may be at most {MAX_N}')
    return KofN(k, n)


def _fraction(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number from 0 to 1, got {described(value)}")
    if math.isnan(value) or not 0 <= value <= 1:
        hint = f"; did you mean {value / 100:g}?" if 10 <= value <= 100 else ""
        raise ValueError(f"must be from 0 to 1, got {value}{hint}")
    return float(value)


def _threshold_table(value: object) -> object:
    """Make a single number the table that holds for every class."""
    if isinstance(value, Mapping):
        return value
    return {EVERY: value}


def _threshold_shown(table: Mapping[str, float]) -> float | dict[str, float]:
    return table[EVERY] if set(table) == {EVERY} else dict(table)


def _class_name(name: str) -> str:
    if not name.isascii() or not name.isprintable():
        raise ValueError(f'class name "{name}" must be ASCII; EPICS enum strings cannot hold anything else')
    if len(name) > MAX_CLASS_NAME:
        raise ValueError(f'class name "{name}" has {len(name)} characters; EPICS enum strings hold {MAX_CLASS_NAME}')
    if name != name.strip() or name == EVERY:
        raise ValueError(f'"{name}" is no class name')
    return name


def _plot_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name) or len(name) > 64:
        raise ValueError(
            f'"{name}" is no plot name; use a letter, then letters, digits, "_" and "-" (at most 64), as in file names'
        )
    return name


def _pv_part(value: str) -> str:
    odd = "".join(sorted({c for c in value if not re.fullmatch(r"[A-Za-z0-9_:\-{}<>]", c)}))
    if odd:
        raise ValueError(f'"{value}" has "{odd}"; PV names may hold letters, digits and _ : - {{ }} < >')
    if not value:
        raise ValueError("must not be empty")
    return value


def _pv_device(value: str) -> str:
    if value != value.strip(":"):
        raise ValueError(f'"{value}" must not begin or end with ":"; it is put between prefix and ":STATUS"')
    return _pv_part(value)


def _foreign_pv(value: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]{1,60}", value):
        raise ValueError(f'"{value}" is no PV name; it has 1 to 60 characters without spaces')
    return value


def _input_name(value: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,31}", value):
        raise ValueError(f'"{value}" must be lower-case letters, digits and "_", as it stands in active_when.when')
    if value in ("run", "beam", "rate", "and", "or", "not", "in"):
        raise ValueError(f'"{value}" has a meaning of its own; take another name')
    return value


def _hotkey(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 9:
        raise ValueError(f'must be text; write key: "{value}" in quotes')
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]", value):
        raise ValueError(f'must be one lower-case letter or digit, e.g. "g", got {described(value)}')
    return value


def _colour(value: str) -> str:
    """Normalise to ``#rrggbb``, lower case."""
    from PIL import ImageColor

    if re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", value) or value.lower() in ImageColor.colormap:
        red, green, blue = ImageColor.getrgb(value)[:3]
        return f"#{red:02x}{green:02x}{blue:02x}"
    hint = did_you_mean(value, ImageColor.colormap)
    raise ValueError(f'"{value}" is no colour; write "#rrggbb" in quotes or a CSS name{hint}')


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _timezone(value: str) -> str:
    if value not in _zones():
        raise ValueError(f'"{value}" is no time zone{did_you_mean(value, sorted(_zones()))}')
    return value


def _interface(value: str) -> str:
    try:
        return str(ipaddress.IPv4Address(value))
    except ValueError:
        pass
    if "/" in value:
        raise ValueError(f'"{value}" is a network; name one IPv4 address of this machine, or 0.0.0.0 for all')
    raise ValueError(f'"{value}" is no IPv4 address; name one of this machine, e.g. 127.0.0.1, or 0.0.0.0 for all')


def _web_url(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
        raise ValueError(f'"{value}" is no web address; it begins with https:// or http://')
    return value


def _path(value: object, info: ValidationInfo) -> Path:
    """Make a path absolute: relative ones are relative to the file they stand in."""
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError(f"must be a path, got {described(value)}")
    if value.startswith("~"):
        raise ValueError(f'"{value}": "~" is not expanded, because services have no home; write the whole path')
    base: Path = (info.context or {}).get("base", Path.cwd())
    return base / value


def _list(value: object) -> object:
    """YAML has lists, the frozen configuration tuples."""
    return tuple(value) if isinstance(value, list) else value


_FRACTION_SCHEMA: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}

Duration = Annotated[
    float,
    BeforeValidator(_duration),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _DURATION, "examples": ["30s", "5m", "2h", "1d"]}),
]
"""Seconds; written ``30s``, ``5m``, ``2h``, ``1d``."""

Votes = Annotated[
    KofN,
    BeforeValidator(_k_of_n),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _K_OF_N, "examples": ["2 of 3"]}),
]
"""`k of n`; written ``2 of 3``."""

Fraction = Annotated[float, BeforeValidator(_fraction), WithJsonSchema(_FRACTION_SCHEMA)]
"""A number from 0 to 1."""

Thresholds = Annotated[
    dict[str, Fraction],
    BeforeValidator(_threshold_table),
    PlainSerializer(_threshold_shown),
    WithJsonSchema({"anyOf": [_FRACTION_SCHEMA, {"type": "object", "additionalProperties": _FRACTION_SCHEMA}]}),
]
"""Class name to fraction; `EVERY` for all classes that are not named. A single number is written for all."""

ClassName = Annotated[str, AfterValidator(_class_name)]
PlotName = Annotated[str, AfterValidator(_plot_name)]
PvPrefix = Annotated[str, AfterValidator(_pv_part)]
PvDevice = Annotated[str, AfterValidator(_pv_device)]
ForeignPv = Annotated[str, AfterValidator(_foreign_pv)]
InputName = Annotated[str, AfterValidator(_input_name)]
Hotkey = Annotated[str, BeforeValidator(_hotkey), WithJsonSchema({"type": "string", "pattern": "^[a-z0-9]$"})]
Colour = Annotated[str, AfterValidator(_colour)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Interface = Annotated[str, AfterValidator(_interface)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
HallPath = Annotated[Path, BeforeValidator(_path), WithJsonSchema({"type": "string", "minLength": 1})]
YamlList = BeforeValidator(_list)
