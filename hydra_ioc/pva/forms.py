"""How a record looks as one of PVAccess' normative types, and how a client's put is read back.

Numbers, texts and arrays are NTScalar, enumerations NTEnum, pictures NTNDArray. `alarm.message` is a reason.
"""

from collections.abc import Mapping
from math import isfinite, isnan
from typing import Any, NamedTuple, Protocol

import numpy as np
from p4p import Type, Value
from p4p.nt import NTEnum, NTNDArray, NTScalar

from hydra_core.domain import Condition, Severity
from hydra_core.pvs import THUMBNAIL_SIZE, Element, Kind, PvSpec
from hydra_ioc.ca import EPOCH_1990, Record
from hydra_ioc.ca.shapes import Text
from hydra_ioc.ca.wire import Alarm, Metadata

DEVICE, RECORD, UNDEFINED = 1, 3, 6
"""Of PVAccess' alarm status: who saw it."""
_STATUS = {Condition.NO_ALARM: 0, Condition.UDF: UNDEFINED} | dict.fromkeys(
    (Condition.READ, Condition.WRITE, Condition.COMM, Condition.TIMEOUT), DEVICE
)
_TEXTS = (Kind.STRINGIN, Kind.LSI)
_WHOLE = (Kind.LONGIN, Kind.LONGOUT)
_RGB = 2
"""areaDetector's ColorMode RGB1: colour first."""
Fields = dict[str, Any]


class Shot(NamedTuple):
    """A record as it was at one moment, to be put into a form later; `reason` says why it alarms (or "")."""

    spec: PvSpec
    metadata: Metadata
    value: Any
    alarm: Alarm
    reason: str


def shot(record: Record, reason: str) -> Shot:
    """Return what a record shows now. Nothing is copied: values are never changed in place."""
    return Shot(record.spec, record.metadata, record.value, record.alarm, reason)


class Form(Protocol):
    """One normative type."""

    type: Type

    def described(self, record: Shot) -> Fields:
        """Return what seldom changes: ranges, limits, states, description."""
        ...

    def value(self, record: Shot) -> Fields:
        """Return the value alone."""
        ...

    def put(self, value: Value, record: Record) -> object:
        """Return what a client puts. Raises ValueError with the reason to refuse it."""
        ...


def form_of(spec: PvSpec) -> Form:
    """Return the form of a PV's records."""
    if spec.states or spec.kind in (Kind.MBBI, Kind.MBBO, Kind.BI, Kind.BO):
        return _ENUM
    if spec.kind in _TEXTS:
        return _TEXT
    if spec.kind is Kind.WAVEFORM:
        arrays: Mapping[Element, Form] = {Element.DOUBLE: _NUMBERS, Element.STRING: _NAMES, Element.UCHAR: _PICTURE}
        return arrays[spec.element]
    return _WHOLE_NUMBER if spec.kind in _WHOLE else _REAL_NUMBER


def whole(one: Shot, form: Form) -> Value:
    """Return everything of a record."""
    return Value(form.type, {**form.value(one), **form.described(one), **now(one)})


def changed(one: Shot, form: Form) -> Value:
    """Return what a post changes: value, alarm and time stamp."""
    return Value(form.type, {**form.value(one), **now(one)})


def now(one: Shot) -> Fields:
    """Return alarm and time stamp; without an alarm there is no reason to tell."""
    alarm, condition = one.alarm, Condition(one.alarm.status)
    seconds, nanoseconds = divmod(alarm.stamp, 1_000_000_000)
    return {
        "alarm": {
            "severity": int(alarm.severity),
            "status": _STATUS.get(condition, RECORD),
            "message": (one.reason or condition.name) if alarm.severity else "NO_ALARM",
        },
        "timeStamp": {"secondsPastEpoch": seconds + EPOCH_1990, "nanoseconds": nanoseconds},
    }


class _Number:
    """NTScalar of a double or an int."""

    def __init__(self, code: str) -> None:
        self.type = NTScalar(code, display=True, control=True, valueAlarm=True, form=True).type
        self._real = code == "d"

    def described(self, record: Shot) -> Fields:
        spec, about = record.spec, record.metadata
        low, high = (self._number(end) for end in about.display)
        display = {"limitLow": low, "limitHigh": high, "units": about.units, "precision": spec.precision,
                   "description": spec.description}  # fmt: skip
        control = {"limitLow": low, "limitHigh": high, "minStep": self._number(0)}
        return {"display": display, "control": control, "valueAlarm": self._limits(about.limits)}

    def value(self, record: Shot) -> Fields:
        return {"value": record.value}

    def put(self, value: Value, record: Record) -> object:
        number = value["value"]
        if not isfinite(number):
            raise ValueError(f"{number} is not a finite number")
        return number

    def _limits(self, limits: tuple[float, float, float, float]) -> Fields:
        names = ("lowAlarm", "lowWarning", "highWarning", "highAlarm")
        severities = (Severity.MAJOR, Severity.MINOR, Severity.MINOR, Severity.MAJOR)
        found: Fields = {"active": not all(map(isnan, limits))}
        for name, limit, severity in zip(names, limits, severities, strict=True):
            found[f"{name}Limit"] = limit if self._real else self._number(0 if isnan(limit) else limit)
            found[f"{name}Severity"] = int(Severity.NO_ALARM if isnan(limit) else severity)
        return found

    def _number(self, value: float) -> float:
        return float(value) if self._real else int(value)


class _Texts:
    """NTScalar of one text."""

    def __init__(self) -> None:
        self.type = NTScalar("s", display=True).type

    def described(self, record: Shot) -> Fields:
        return {"display": {"description": record.spec.description}}

    def value(self, record: Shot) -> Fields:
        return {"value": record.value}

    def put(self, value: Value, record: Record) -> object:
        text, shape = value["value"], record.shape
        if isinstance(shape, Text) and len(text) >= shape.size:
            raise ValueError(f"a text of {len(text)} characters is too long: {shape.size - 1} fit")
        return text


class _Array:
    """NTScalarArray of doubles or of texts."""

    def __init__(self, code: str) -> None:
        self.type = NTScalar(code, display=True).type
        self._real = code == "ad"

    def described(self, record: Shot) -> Fields:
        display: Fields = {"description": record.spec.description}
        if self._real:
            low, high = record.metadata.display
            display |= {"limitLow": low, "limitHigh": high, "units": record.metadata.units}
        return {"display": display}

    def value(self, record: Shot) -> Fields:
        value: Any = record.value
        return {"value": np.array(value, np.float64) if self._real else list(value)}

    def put(self, value: Value, record: Record) -> object:
        raise ValueError("an array cannot be put")


class _Enum:
    """NTEnum."""

    type = NTEnum(extra=[("display", ("S", None, [("description", "s")]))]).type

    def described(self, record: Shot) -> Fields:
        return {
            "display": {"description": record.spec.description},
            "value": {"index": record.value, "choices": list(record.metadata.states)},
        }

    def value(self, record: Shot) -> Fields:
        return {"value": {"index": record.value}}

    def put(self, value: Value, record: Record) -> object:
        return value["value.index"]


class _Picture:
    """NTNDArray of a picture of fixed size; black until there is one."""

    type = NTNDArray().type
    _shape = (3, *THUMBNAIL_SIZE)

    def described(self, record: Shot) -> Fields:
        dimension: list[Mapping[str, object]] = [{"size": n, "fullSize": n, "binning": 1} for n in self._shape]
        colour = {"name": "ColorMode", "value": _RGB, "descriptor": "RGB1"}
        return {"dimension": dimension, "attribute": [colour]}

    def value(self, record: Shot) -> Fields:
        pixels: Any = record.value
        if not pixels.size:
            pixels = np.zeros(int(np.prod(self._shape)), np.uint8)
        return {"value": ("ubyteValue", pixels), "compressedSize": pixels.size, "uncompressedSize": pixels.size}

    def put(self, value: Value, record: Record) -> object:
        raise ValueError("a picture cannot be put")


_REAL_NUMBER, _WHOLE_NUMBER, _TEXT = _Number("d"), _Number("i"), _Texts()
_NUMBERS, _NAMES, _ENUM, _PICTURE = _Array("ad"), _Array("as"), _Enum(), _Picture()
