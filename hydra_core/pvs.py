"""The table of every process variable that Hydra serves: one description from which server, docs and screens are made.

A `PvSpec` says what a PV is; `plot_pvs` and `service_pvs` are the tables. Nothing here knows Channel Access.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from hydra_core.domain import Mode, PlotType, Status

if TYPE_CHECKING:
    from hydra_core.existing_names import ExistingNames

MAX_NAME = 60
THUMBNAIL_SIZE = (400, 300)
"""Width and height in pixels of the IMAGE and HEATMAP waveforms (RGB)."""


class Kind(StrEnum):
    """EPICS record types that Hydra serves. LSI is a long string (char waveform, `.VAL$` as base has it)."""

    AI = "ai"
    AO = "ao"
    CALC = "calc"
    LONGIN = "longin"
    LONGOUT = "longout"
    MBBI = "mbbi"
    MBBO = "mbbo"
    BI = "bi"
    BO = "bo"
    STRINGIN = "stringin"
    LSI = "lsi"
    WAVEFORM = "waveform"


class Element(StrEnum):
    """Element type of a waveform."""

    DOUBLE = "DOUBLE"
    STRING = "STRING"
    UCHAR = "UCHAR"


@dataclass(frozen=True, slots=True)
class PvSpec:
    """One PV.

    `mdel` and `adel` are the monitor and archive dead bands in engineering units; `low` and `high` the display range;
    `writable` names who may put ("" nobody, operator, expert);
    `length` is the number of elements (waveform) or characters (lsi); `alarms` marks PVs that carry severity.
    """

    suffix: str
    kind: Kind
    description: str
    units: str = ""
    precision: int = 0
    mdel: float = 0.0
    adel: float = 0.0
    low: float = 0.0
    high: float = 0.0
    states: tuple[str, ...] = ()
    element: Element = Element.DOUBLE
    length: int = 1
    writable: str = ""
    alarms: bool = False
    archive: bool = False
    limits: tuple[float | None, float | None, float | None, float | None] = (None, None, None, None)
    """LOLO, LOW, HIGH, HIHI; None: no such limit. LOW and HIGH are MINOR, LOLO and HIHI MAJOR."""

    def name(self, prefix: str, device: str) -> str:
        """Return the full PV name, e.g. ``HYDRA:HALLD:CDC_OCC:STATUS``."""
        return f"{prefix}{device}:{self.suffix}"


STATUS_STATES = tuple(status.name for status in Status)
MODE_STATES = tuple(mode.name for mode in Mode)
SEVERITY_STATES = ("none", "minor", "major")
CAUSE_STATES = ("OK", "PARTLY", "LOST")
"""Of what all plot types need. LOST alarms, once; with PARTLY those concerned alarm themselves."""
TOP = 6
"""How many plot types the service names in the order of need, worst first."""
_PIXELS = THUMBNAIL_SIZE[0] * THUMBNAIL_SIZE[1] * 3


def plot_pvs(plot_type: PlotType) -> tuple[PvSpec, ...]:
    """Return the PVs of one plot type (design section 5)."""
    classes = plot_type.class_names()
    count = len(classes)
    return (
        PvSpec("STATUS", Kind.MBBI, f"{plot_type.title}: the one to alarm on"[:40], states=STATUS_STATES, alarms=True, archive=True),
        PvSpec("CLASS", Kind.MBBI, "Class with the highest score", states=classes, archive=True),
        PvSpec("SCORE", Kind.AI, "P(good classes) - P(bad classes)", precision=3, mdel=0.001, adel=0.005, low=-1, high=1, archive=True),
        PvSpec("CONF", Kind.AI, "Score of the top class", precision=3, mdel=0.001, adel=0.005, high=1, archive=True),
        PvSpec("SCORES", Kind.WAVEFORM, "Score of every class", element=Element.DOUBLE, length=count),
        PvSpec("CLASSES", Kind.WAVEFORM, "Class names, order of SCORES", element=Element.STRING, length=count),
        PvSpec("THRESH", Kind.AO, "Threshold of the classes that alarm", precision=3, high=1, writable="expert", archive=True),
        *(spec for index, name in enumerate(classes) for spec in class_pvs(index, name)),
        PvSpec("CONFIRM", Kind.STRINGIN, "k of n needed to alarm"),
        PvSpec("CONFIRMK", Kind.LONGOUT, "k of n plots needed to alarm", low=1, high=16, writable="expert", archive=True),
        PvSpec("CONFIRMN", Kind.LONGOUT, "n of the k of n to alarm", low=1, high=16, writable="expert", archive=True),
        PvSpec("CLEARK", Kind.LONGOUT, "k of n plots needed to clear", low=1, high=16, writable="expert", archive=True),
        PvSpec("CLEARN", Kind.LONGOUT, "n of the k of n to clear", low=1, high=16, writable="expert", archive=True),
        PvSpec("ONDELAY", Kind.AO, "Plots must say so this long to alarm", units="s", precision=1, high=86400, writable="expert", archive=True),
        PvSpec("OFFDELAY", Kind.AO, "Plots must say so this long to clear", units="s", precision=1, high=86400, writable="expert", archive=True),
        PvSpec("STALET", Kind.AO, "STALE after this silence; 0: never", units="s", precision=0, high=86400, writable="expert", archive=True),
        PvSpec("MODE", Kind.MBBO, "MAINT: no INVALID alarm. TEST: none", states=MODE_STATES, writable="expert", archive=True),
        PvSpec("STREAK", Kind.LONGIN, "How many of the k are there", high=16),
        PvSpec("NOVELTY", Kind.AI, "0 known ... 1 never seen", precision=3, mdel=0.001, adel=0.01, high=1),
        PvSpec("RUN", Kind.LONGIN, "Run number of the last plot", archive=True),
        PvSpec("CHUNK", Kind.LONGIN, "Chunk number of the last plot"),
        PvSpec("TAKEN", Kind.STRINGIN, "Time of the plot file, ISO 8601 UTC"),
        PvSpec("AGE", Kind.AI, "Since the last plot arrived", units="s", precision=0, mdel=0.5, high=3600),
        PvSpec("LATENCY", Kind.AI, "Image file to PV", units="s", precision=3, mdel=0.0005, high=10),
        PvSpec("MODEL", Kind.LSI, "Model that judged", length=128, archive=True),
        PvSpec("MSG", Kind.LSI, "Why: score, threshold, k of n", length=256),
        PvSpec("URL", Kind.LSI, "Link to the plot's page", length=256),
        PvSpec("IMAGE", Kind.WAVEFORM, f"RGB {THUMBNAIL_SIZE[0]}x{THUMBNAIL_SIZE[1]}", element=Element.UCHAR, length=_PIXELS),
        PvSpec("HEATMAP", Kind.WAVEFORM, f"Grad-CAM RGB {THUMBNAIL_SIZE[0]}x{THUMBNAIL_SIZE[1]}", element=Element.UCHAR, length=_PIXELS),
        PvSpec("ENABLE", Kind.BO, "Judge this plot type", states=("Disabled", "Enabled"), writable="operator", archive=True),
        PvSpec("MUTE", Kind.AO, "Silence the alarm, minutes left", units="min", precision=1, mdel=0.05, high=1440, writable="operator", archive=True),
        PvSpec("MUTEBY", Kind.STRINGIN, "Who muted"),
        PvSpec("MUTEWHY", Kind.LSI, "Why; write it before MUTE", length=128, writable="operator"),
        PvSpec("ACK", Kind.BO, "Write 1: seen", states=("Open", "Acknowledged"), writable="operator", archive=True),
        PvSpec("SHADOW:CLASS", Kind.MBBI, "Class by the candidate model", states=classes),
        PvSpec("SHADOW:CONF", Kind.AI, "Score by the candidate model", precision=3, mdel=0.001, adel=0.005, high=1),
    )  # fmt: skip


def class_pvs(index: int, name: str) -> tuple[PvSpec, ...]:
    """Return the PVs of the rules of one class, by its enum index."""
    of = f"of {name}"
    return (
        PvSpec(f"SEV{index}", Kind.MBBO, f"Severity {of}"[:40], states=SEVERITY_STATES, writable="expert", archive=True),
        PvSpec(f"ENTER{index}", Kind.AO, f"Score to count {of}"[:40], precision=3, high=1, writable="expert", archive=True),
        PvSpec(f"LEAVE{index}", Kind.AO, f"Gone below; 0: off {of}"[:40], precision=3, high=1, writable="expert", archive=True),
    )  # fmt: skip


def service_pvs() -> tuple[PvSpec, ...]:
    """Return all that is served as ``{prefix}SYS:SUFFIX``: Hydra's health, and the names that every IOC has."""
    from hydra_core.ioc_stats import stats_pvs  # it needs PvSpec

    return (*health_pvs(), *stats_pvs())


def health_pvs() -> tuple[PvSpec, ...]:
    """Return the PVs that say how Hydra itself is."""
    return (
        PvSpec("STATE", Kind.MBBI, "Life of the service", states=("STARTING", "RUNNING", "DEGRADED", "FAILED", "STOPPING"), alarms=True, archive=True),
        PvSpec("HEARTBEAT", Kind.LONGIN, "Counts up once a second", units="s", archive=True),
        PvSpec("UPTIME", Kind.STRINGIN, "Time since the service started"),
        PvSpec("VERSION", Kind.STRINGIN, "Hydra's version"),
        PvSpec("MSG", Kind.LSI, "What is wrong with the service", length=256),
        PvSpec("NBAD", Kind.LONGIN, "Plot types BAD", archive=True),
        PvSpec("NWARN", Kind.LONGIN, "Plot types WARN", archive=True),
        PvSpec("NSTALE", Kind.LONGIN, "Plot types STALE", archive=True),
        PvSpec("NERROR", Kind.LONGIN, "Plot types ERROR", archive=True),
        PvSpec("WORST", Kind.MBBI, "Worst status (no severity of its own)", states=STATUS_STATES, archive=True),
        PvSpec("WORSTPLOT", Kind.STRINGIN, "Plot type with the worst status"),
        *(spec for rank in range(1, TOP + 1) for spec in _ranked(rank)),
        PvSpec("RATE", Kind.AI, "Plots judged", units="1/s", precision=2, mdel=0.01, high=100, archive=True),
        PvSpec("QUEUE", Kind.LONGIN, "Plots waiting for the model", archive=True),
        PvSpec("LATENCY", Kind.AI, "File to PV, 95th percentile", units="s", precision=3, mdel=0.001, high=10, archive=True),
        PvSpec("DROPPED", Kind.LONGIN, "Plots passed over by a newer one", archive=True),
        PvSpec("REJECTS", Kind.LONGIN, "Files that were no usable plot", archive=True),
        PvSpec("LASTREJ", Kind.LSI, "The last file refused, and why", length=256),
        PvSpec("INFER", Kind.AI, "Inference, mean", units="ms", precision=1, mdel=0.1, high=1000, archive=True),
        PvSpec("MODE", Kind.MBBO, "Mode of all plot types, at least", states=MODE_STATES, writable="expert", archive=True),
        PvSpec("FEED", Kind.MBBI, "Where plots come from", states=CAUSE_STATES, alarms=True, archive=True),
        PvSpec("MODELS", Kind.MBBI, "Models that judge", states=CAUSE_STATES, alarms=True, archive=True),
        PvSpec("INPUTS", Kind.MBBI, "PVs of the machine that gates ask for", states=CAUSE_STATES, alarms=True, archive=True),
        PvSpec("LOSTIN", Kind.LSI, "The inputs that are lost", length=256),
        PvSpec("ALMPERHR", Kind.LONGIN, "Alarms in the last hour", archive=True),
        PvSpec("ALM10MIN", Kind.LONGIN, "Alarms in ten minutes; > 10: a flood", archive=True),
        PvSpec("CHATTER", Kind.LONGIN, "Plot types that alarm 3 times a minute", archive=True),
        PvSpec("STANDING", Kind.LONGIN, "Alarms that stand for over a day", archive=True),
        PvSpec("DB", Kind.MBBI, "Database", states=("OK", "DOWN", "SCHEMA"), alarms=True, archive=True),
        PvSpec("SPOOL", Kind.LONGIN, "Results waiting on disk", archive=True),
        PvSpec("DISK", Kind.AI, "Archive file system free", units="%", precision=1, mdel=0.1, high=100, alarms=True, archive=True, limits=(2.0, 10.0, None, None)),
        PvSpec("RUN", Kind.LONGIN, "Run number (input PV or newest plot)", archive=True),
        PvSpec("BEAM", Kind.AI, "Beam current (input PV)", units="nA", precision=1, mdel=0.1, high=1000, archive=True),
        PvSpec("TRGRATE", Kind.AI, "Trigger rate (input PV)", units="Hz", precision=1, mdel=0.1, high=100000, archive=True),
        PvSpec("GATE", Kind.BI, "Are plots judged now", states=("Closed", "Open"), archive=True),
        PvSpec("RELOAD", Kind.BO, "Write 1: load active models anew", states=("Idle", "Reload"), writable="expert"),
    )  # fmt: skip


def _ranked(rank: int) -> tuple[PvSpec, ...]:
    return (
        PvSpec(f"TOP{rank}", Kind.STRINGIN, f"Title of plot type {rank}, worst first"),
        PvSpec(f"TOP{rank}:STATUS", Kind.MBBI, "Its status (no severity of its own)", states=STATUS_STATES),
        PvSpec(f"TOP{rank}:AGE", Kind.AI, "Since its last plot arrived", units="s", mdel=0.5, high=3600),
    )


def all_pvs(
    prefix: str, plot_types: tuple[PlotType, ...], existing: "ExistingNames | None" = None
) -> Iterator[tuple[str, PvSpec]]:
    """Yield every PV of a hall, name and description: the plot types', the service's, then those of `existing`."""
    for plot_type in plot_types:
        for spec in plot_pvs(plot_type):
            yield spec.name(prefix, plot_type.pv), spec
    for spec in service_pvs():
        yield spec.name(prefix, "SYS"), spec
    if existing is not None:
        yield from existing.pvs(plot_types)


def all_names(prefix: str, plot_types: tuple[PlotType, ...], existing: "ExistingNames | None" = None) -> Iterator[str]:
    """Yield the full name of every PV of a hall."""
    return (name for name, _ in all_pvs(prefix, plot_types, existing))
