"""The fields that a record shows beside its value: only those that are true here, made on first use."""

from collections.abc import Callable
from math import isnan
from typing import TYPE_CHECKING

from hydra_core.domain import Condition, Severity
from hydra_core.pvs import Element, Kind, PvSpec
from hydra_ioc.ca.events import Variable
from hydra_ioc.ca.hooks import PutHook
from hydra_ioc.ca.shapes import Number, Shape, States, Text
from hydra_ioc.ca.wire import CHAR, DOUBLE, INT, LONG, SEVR_NAMES, STAT_NAMES, Alarm, Metadata

if TYPE_CHECKING:
    from hydra_ioc.ca.record import Record

_STATE_LETTERS = ("ZR", "ON", "TW", "TH", "FR", "FV", "SX", "SV", "EI", "NI", "TE", "EL", "TV", "TT", "FT", "FF")
_SCANS = ("Passive", "Event", "I/O Intr", "10 second", "5 second", "2 second", "1 second",
          ".5 second", ".2 second", ".1 second")  # fmt: skip
_TYPES = ("STRING", "CHAR", "UCHAR", "SHORT", "USHORT", "LONG", "ULONG", "INT64", "UINT64", "FLOAT", "DOUBLE", "ENUM")
_REAL = (Kind.AI, Kind.AO, Kind.CALC)
_WHOLE = (Kind.LONGIN, Kind.LONGOUT)
_OUTPUTS = (Kind.AO, Kind.LONGOUT, Kind.MBBO, Kind.BO)

_SEVERITY, _STAT, _YES_NO = States(SEVR_NAMES), States(STAT_NAMES), States(("NO", "YES"))
_SCAN, _TYPE = States(_SCANS), States(_TYPES)
_STRING, _LABEL, _REAL_NUMBER, _WHOLE_NUMBER = Text(61), Text(26), Number(DOUBLE), Number(LONG)
_BYTE, _SHORT, _TEXT_40, _MESSAGE = Number(CHAR), Number(INT), Text(40), Text(40)
_PINI = States(("NO", "YES", "RUN", "RUNNING", "PAUSE", "PAUSED"))
_PRIORITY = States(("LOW", "MEDIUM", "HIGH"))

Read = Callable[["Record"], object]
Made = tuple[Shape, Read]


class Field(Variable):
    """One field of a record. Its value is looked up in the record, its alarm and time are the record's."""

    __slots__ = ("_read", "record")

    def __init__(self, record: "Record", name: str, shape: Shape, read: Read) -> None:
        super().__init__(name, shape)
        self.record, self._read = record, read

    @property
    def value(self) -> object:
        """The value, computed from the record."""
        return self.shape.accept(self._read(self.record))

    @property
    def alarm(self) -> Alarm:
        """The record's alarm and time stamp."""
        return self.record.alarm

    @property
    def metadata(self) -> Metadata:
        """The names of an enumeration, else the record's units and ranges."""
        if isinstance(self.shape, States):
            return Metadata(states=self.shape.names)
        return self.record.metadata

    @property
    def on_put(self) -> PutHook | None:
        """The hook of a field that may be put."""
        return self.record.settable.get(self.name.rpartition(".")[2])

    @property
    def writable(self) -> bool:
        """Whether clients may put at all; few fields are such."""
        return self.on_put is not None

    def post(self, value: object) -> None:
        """Never keeps anything: what a field says is looked up. Raises ValueError."""
        raise ValueError(f"{self.name} has no value of its own")

    @property
    def access_group(self) -> str:
        """The record's access security group."""
        return self.record.access_group

    @property
    def access_level(self) -> int:
        """Fields other than the value are of level 1."""
        return 1

    @property
    def record_type(self) -> str:
        """The record's type."""
        return self.record.record_type

    def acknowledgement(self) -> tuple[bool, int]:
        """Return the record's ACKT and ACKS."""
        return self.record.acknowledgement()


def make_field(record: "Record", name: str) -> Field | None:
    """Make a record's field; None: this record has no such field."""
    spec = record.spec
    made = (
        _COMMON.get(name)
        or (_numeric(name, spec) if spec.kind in _REAL + _WHOLE else None)
        or (_states(name, spec) if spec.states else None)
        or (_array(name, spec) if spec.kind is Kind.WAVEFORM else None)
        or (_LONG_TEXT.get(name) if spec.kind is Kind.LSI else None)
    )
    return Field(record, f"{record.name}.{name}", *made) if made else None


def field_names(spec: PvSpec) -> tuple[str, ...]:
    """Return the names of all fields that a PV has, VAL aside."""
    names = list(_COMMON)
    if spec.kind in _REAL + _WHOLE:
        names += [name for name in (*_NUMERIC, "PREC") if _numeric(name, spec)]
    if spec.states:
        names += [name for name in (*_MULTI_STATES, *_TWO_STATES, "UNSV", "COSV") if _states(name, spec)]
    if spec.kind is Kind.WAVEFORM:
        names += (*_ARRAY, "HOPR", "LOPR")
    if spec.kind is Kind.LSI:
        names += _LONG_TEXT
    return tuple(names)


def _limit(index: int) -> Read:
    def value(record: "Record") -> float:
        limit = record.metadata.limits[index]
        return 0.0 if isnan(limit) else limit

    return value


def _limit_severity(index: int, severity: Severity) -> Read:
    return lambda record: Severity.NO_ALARM if isnan(record.metadata.limits[index]) else severity


_COMMON: dict[str, Made] = {
    "NAME": (_STRING, lambda record: record.name),
    "RTYP": (_STRING, lambda record: record.record_type),
    "DESC": (Text(41), lambda record: record.spec.description[:40]),
    "SEVR": (_SEVERITY, lambda record: record.alarm.severity),
    "STAT": (_STAT, lambda record: record.alarm.status),
    "UDF": (_BYTE, lambda record: int(record.alarm.status == Condition.UDF)),
    "SCAN": (_SCAN, lambda record: 0 if record.spec.kind in _OUTPUTS else 2),
    "ACKS": (_SEVERITY, lambda record: record.acknowledgement()[1]),
    "ACKT": (_YES_NO, lambda record: int(record.acknowledgement()[0])),
    "ASG": (Text(29), lambda record: record.access_group if record.access_group != "DEFAULT" else ""),
    "NSTA": (_STAT, lambda record: 0),
    "NSEV": (_SEVERITY, lambda record: 0),
    "AMSG": (_MESSAGE, lambda record: ""),
    "NAMSG": (_MESSAGE, lambda record: ""),
    "UDFS": (_SEVERITY, lambda record: Severity.INVALID),
    "DISS": (_SEVERITY, lambda record: Severity.NO_ALARM),
    "DISP": (_BYTE, lambda record: int(not record.spec.writable)),
    "DISV": (_SHORT, lambda record: 1),
    "PINI": (_PINI, lambda record: 0),
    "PRIO": (_PRIORITY, lambda record: 0),
    "UTAG": (_REAL_NUMBER, lambda record: 0),
    **{name: (_SHORT, lambda record: 0) for name in ("DISA", "PHAS")},
    **{name: (_BYTE, lambda record: 0) for name in ("LCNT", "PACT", "PROC", "PUTF", "RPRO", "TPRO")},
    **{name: (_TEXT_40, lambda record: "") for name in ("EVNT", "FLNK", "SDIS", "TSEL")},
}
"""What every record has; nothing here is ever disabled, processed by others or linked, and the fields say so."""

_NUMERIC: dict[str, Read] = {
    "HOPR": lambda record: record.metadata.display[1],
    "LOPR": lambda record: record.metadata.display[0],
    "LOLO": _limit(0),
    "LOW": _limit(1),
    "HIGH": _limit(2),
    "HIHI": _limit(3),
    "MDEL": lambda record: record.spec.mdel,
    "ADEL": lambda record: record.spec.adel,
    "LLSV": _limit_severity(0, Severity.MAJOR),
    "LSV": _limit_severity(1, Severity.MINOR),
    "HSV": _limit_severity(2, Severity.MINOR),
    "HHSV": _limit_severity(3, Severity.MAJOR),
    "EGU": lambda record: record.metadata.units,
    "HYST": lambda record: 0,
    "MLST": lambda record: record._posted,
    "ALST": lambda record: record._logged,
}

_ARRAY: dict[str, Made] = {
    "NELM": (_REAL_NUMBER, lambda record: record.spec.length),
    "NORD": (_REAL_NUMBER, lambda record: len(record.value)),  # type: ignore[arg-type]
    "FTVL": (_TYPE, lambda record: _TYPES.index(Element(record.spec.element).value)),
    "EGU": (Text(16), lambda record: record.metadata.units),
    "PREC": (_SHORT, lambda record: record.metadata.precision),
}

_LONG_TEXT: dict[str, Made] = {
    "SIZV": (_WHOLE_NUMBER, lambda record: record.spec.length),
    "LEN": (_REAL_NUMBER, lambda record: len(str(record.value)) + 1),
}

_MULTI_STATES = tuple(letters + kind for letters in _STATE_LETTERS for kind in ("ST", "SV"))


_TWO_STATES = {"ZNAM": (0, True), "ONAM": (1, True), "ZSV": (0, False), "OSV": (1, False)}


def _array(name: str, spec: PvSpec) -> Made | None:
    if name in ("HOPR", "LOPR"):
        return Number(DOUBLE, spec.precision), _NUMERIC[name]
    return _ARRAY.get(name)


def _numeric(name: str, spec: PvSpec) -> Made | None:
    if name == "PREC" and spec.kind in _REAL:
        return Number(INT), lambda record: record.metadata.precision
    read = _NUMERIC.get(name)
    if read is None:
        return None
    if name == "EGU":
        return Text(16), read
    if name.endswith("SV"):
        return _SEVERITY, read
    return (Number(DOUBLE, spec.precision) if spec.kind in _REAL else _WHOLE_NUMBER), read


def _states(name: str, spec: PvSpec) -> Made | None:
    if name == "COSV" or (name == "UNSV" and spec.kind in (Kind.MBBI, Kind.MBBO)):
        return _SEVERITY, lambda record: Severity.NO_ALARM
    if spec.kind in (Kind.BI, Kind.BO):
        index, label = {"ZNAM": (0, True), "ONAM": (1, True), "ZSV": (0, False), "OSV": (1, False)}.get(
            name, (-1, True)
        )
    elif name in _MULTI_STATES:
        index, label = _STATE_LETTERS.index(name[:2]), name.endswith("ST")
    else:
        return None
    if index < 0:
        return None
    if label:
        return _LABEL, lambda record: record.spec.states[index] if index < len(record.spec.states) else ""
    return _SEVERITY, lambda record: record.severities[index] if index < len(record.severities) else Severity.NO_ALARM
