"""The PVs that every EPICS site looks at to see how an IOC is: the names, limits and units of devIocStats 4.

They are served as ``{prefix}SYS:NAME``, so that a site's stock screens work with ``IOC={prefix}SYS``. What has no
meaning in Hydra (the callback queues of a C IOC) is there with the value 0, and its description says so.
"""

from collections.abc import Iterator

from hydra_core.pvs import Kind, PvSpec

ACCESS_STATES = ("Running", "Maintenance", "Test", "OFFLINE")
PERIODS = {"CA": 15.0, "FD": 20.0, "LOAD": 10.0, "MEM": 10.0}
"""Seconds between looks at clients, file descriptors, processor load and memory, unless somebody sets others."""
ENVIRONMENT = {
    "LOCATION": "LOCATION",
    "ENGINEER": "ENGINEER",
    "CA_ADDR_LIST": "EPICS_CA_ADDR_LIST",
    "CA_CONN_TIME": "EPICS_CA_CONN_TMO",
    "CA_AUTO_ADDR": "EPICS_CA_AUTO_ADDR_LIST",
    "CA_RPTR_PORT": "EPICS_CA_REPEATER_PORT",
    "CA_SRVR_PORT": "EPICS_CA_SERVER_PORT",
    "CA_MAX_ARRAY": "EPICS_CA_MAX_ARRAY_BYTES",
    "CA_SRCH_TIME": "EPICS_CA_MAX_SEARCH_PERIOD",
    "CA_BEAC_TIME": "EPICS_CA_BEACON_PERIOD",
    "TIMEZONE": "EPICS_TIMEZONE",
    "TS_NTP_INET": "EPICS_TS_NTP_INET",
    "IOC_LOG_PORT": "EPICS_IOC_LOG_PORT",
    "IOC_LOG_INET": "EPICS_IOC_LOG_INET",
}
"""PVs that show environment variables."""
QUEUES = ("SCANONCE", "CBLOW", "CBMEDIUM", "CBHIGH")


def stats_pvs() -> tuple[PvSpec, ...]:
    """Return the devIocStats PVs that the service does not serve already (HEARTBEAT and UPTIME are its own)."""
    return (*_life(), *_counts(), *_load(), *_texts(), *_queues(), *_time())


def _life() -> Iterator[PvSpec]:
    yield PvSpec("ACCESS", Kind.MBBO, "Mode that access rules may ask for", states=ACCESS_STATES, writable="expert",
                 alarms=True, archive=True)  # fmt: skip
    yield _text("STARTTOD", "Time and date of startup")
    yield _text("TOD", "Current time and date")
    yield PvSpec("START_CNT", Kind.LONGIN, "Starts since data_dir was made", archive=True)
    yield PvSpec("READACF", Kind.BO, "Write 1: read access rules anew", states=("Idle", "Read"), writable="expert")
    yield PvSpec("SYSRESET", Kind.BI, "Read-only: restart it with systemctl", states=("Idle", "Reset"))


def _counts() -> Iterator[PvSpec]:
    yield _number("CA_CLNT_CNT", "Number of CA Clients", high=200, limits=(None, None, 100, 175), archive=True)
    yield _number("CA_CONN_CNT", "Number of CA Connections", high=5000, limits=(None, None, 4000, 4500), archive=True)
    yield _number("RECORD_CNT", "Number of Records")
    yield _number("FD_MAX", "Max File Descriptors")
    yield _number("FD_CNT", "Allocated File Descriptors", archive=True)
    yield _number("FD_FREE", "Available FDs", high=150, limits=(5, 20, None, None))
    yield _number("CPU_CNT", "Number of CPUs")
    yield _number("SUSP_TASK_CNT", "Parts of the service that have ended", limits=(None, None, None, 1))
    yield _number("PROCESS_ID", "Process ID")
    yield _number("PARENT_ID", "Parent Process ID")


def _load() -> Iterator[PvSpec]:
    busy = (None, None, 70.0, 80.0)
    yield _number("SYS_CPU_LOAD", "System CPU Load", units="%", precision=1, high=100, limits=busy, mdel=0.1)
    yield _number("IOC_CPU_LOAD", "IOC CPU Load", units="%", precision=1, high=100, limits=busy, mdel=0.1, archive=True)
    yield _number("LOAD", "IOC CPU Load (old name)", units="%", precision=1, high=100, limits=busy, mdel=0.1)
    yield _number("MEM_USED", "Allocated Memory", units="byte", archive=True)
    yield _number("MEM_FREE", "Free Memory", units="byte")
    yield _number("MEM_MAX", "Maximum Memory", units="byte")
    names = {"CA": "CA", "FD": "FD", "LOAD": "CPU", "MEM": "Memory"}
    for name, title in names.items():
        yield PvSpec(
            f"{name}_UPD_TIME", Kind.AO, f"{title} Check Update Period", units="sec", high=60, writable="expert"
        )


def _texts() -> Iterator[PvSpec]:
    for suffix, description in (
        ("ST_SCRIPT1", "Startup Script Part1"),
        ("ST_SCRIPT2", "Startup Script Part2"),
        ("KERNEL_VERS", "Kernel Version"),
        ("EPICS_VERS", "What serves the PVs"),
        ("HOSTNAME", "Host Name"),
        ("APP_DIR1", "Application Directory Part 1"),
        ("APP_DIR2", "Application Directory Part 2"),
    ):
        yield _text(suffix, description)
    yield PvSpec("ST_SCRIPT", Kind.LSI, "Startup Script", length=120)
    yield PvSpec("EPICS_VERSION", Kind.LSI, "What serves the PVs", length=120)
    yield PvSpec("APP_DIR", Kind.LSI, "Application Directory", length=160)
    for suffix, variable in ENVIRONMENT.items():
        yield _text(suffix, f"${variable}" if variable != suffix else suffix.capitalize())


def _queues() -> Iterator[PvSpec]:
    yield _number("SCANONCE_Q_SIZE", "Plots that may wait for the model")
    yield _number("CB_Q_SIZE", "0: there are no callback queues")
    for name in QUEUES:
        what = "plots waiting for the model" if name == "SCANONCE" else "0: no such queue here"
        yield _number(f"{name}_Q_HIGH", f"Most: {what}"[:40])
        yield _number(f"{name}_Q_HIGHPER", f"Most, part: {what}"[:40], units="%", high=100)
        yield _number(f"{name}_Q_USED", f"Now: {what}"[:40])
        yield _number(f"{name}_Q_USEDPER", f"Now, part: {what}"[:40], units="%", high=100)
        yield _number(f"{name}_Q_OVERRUNS", f"Passed over: {what}"[:40])


def _time() -> Iterator[PvSpec]:
    yield _number("GTIM_TIME", "Gen Time Secs since 1990", units="sec", precision=3)
    yield PvSpec("GTIM_RESET", Kind.BO, "Gen Time Error Reset", states=("Reset", "Reset now"), writable="expert")
    yield PvSpec("GTIM_ERR_CNT", Kind.LONGIN, "Times the clock went backwards", alarms=True,
                 limits=(None, None, None, 1.0))  # fmt: skip
    yield _text("GTIM_CUR_SRC", "Gen Time Current Provider")
    yield _text("GTIM_EVT_SRC", "Gen Time Event Provider")
    yield _text("GTIM_HI_SRC", "Gen Time Highest Provider")


def _text(suffix: str, description: str) -> PvSpec:
    return PvSpec(suffix, Kind.STRINGIN, description)


def _number(
    suffix: str,
    description: str,
    *,
    units: str = "",
    precision: int = 0,
    high: float = 0.0,
    mdel: float = 0.0,
    archive: bool = False,
    limits: tuple[float | None, float | None, float | None, float | None] = (None, None, None, None),
) -> PvSpec:
    return PvSpec(
        suffix,
        Kind.AI,
        description,
        units=units,
        precision=precision,
        high=high,
        mdel=mdel,
        adel=10 * mdel,
        archive=archive,
        limits=limits,
        alarms=limits != (None, None, None, None),
    )
