"""Inputs from real C IOCs that come, go and lie: gates follow them, a loss is one alarm, and nothing breaks."""

from collections.abc import Iterator
from typing import Any

import pytest
from support.ca import eventually
from support.hall import PATIENCE
from support.ports import free_port
from support.screen import OFF, UNKNOWN, Screen
from support.soft_ioc import SoftIoc
from support.stub_hall import StubHall, StubIoc, plots

from hydra_core.domain import Severity

STATES = ["IDLE", "RUNNING"]
Record = tuple[str, str, dict[str, Any], list[str]]
HONEST: list[Record] = [
    ("beam", "ai", {}, []),
    ("rate", "ai", {}, []),
    ("run", "longin", {}, []),
    ("state", "mbbi", {}, STATES),
]
GATES = {
    "P0": {"beam_above": 5.0},
    "P1": {"beam_above": 5.0, "when_lost": "closed"},
    "P2": {"beam_above": 5.0, "when_lost": "hold"},
    "P3": {"when": "run_state in [RUNNING] and (rate > 100 or beam > 50)", "when_lost": "closed"},
    "P4": {"settle": "1h"},
}


class Machine:
    """The accelerator's IOC, on one port through all its restarts."""

    def __init__(self) -> None:
        self.port = free_port()
        self.ioc: SoftIoc | None = None

    def start(self, records: list[Record] = HONEST, **values: Any) -> None:
        self.ioc = SoftIoc("MACHINE", records, self.port)
        for suffix, value in values.items():
            self.post(suffix, value)

    def post(self, suffix: str, value: Any, severity: int = 0, status: int = 0) -> None:
        assert self.ioc is not None
        self.ioc.post(suffix, value, severity, status)

    def stop(self) -> None:
        if self.ioc is not None:
            self.ioc.close()
            self.ioc = None


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    made = Machine()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def hydra(tmp_path_factory: pytest.TempPathFactory, machine: Machine) -> Iterator[Screen]:
    inputs = {
        "run": "MACHINE:run",
        "beam": "MACHINE:beam",
        "rate": "MACHINE:rate",
        "pvs": {"run_state": "MACHINE:state"},
    }
    hall = StubHall(tmp_path_factory.mktemp("inputs") / "hall", len(GATES), epics={"inputs": inputs})
    hall.write_yaml(plots={name: {**plot, "active_when": GATES[name]} for name, plot in plots(len(GATES)).items()})
    ours = {"EPICS_CA_SERVER_PORT": str(machine.port)}
    with StubIoc(hall, **ours) as ioc, hall.client() as client:
        ioc.wait_ready()
        yield Screen(hall, client)
        assert ioc.process.poll() is None, f"the IOC died:\n{ioc.text()}"
        assert "Traceback" not in ioc.text(), ioc.text()


@pytest.fixture(autouse=True)
def well(machine: Machine, hydra: Screen) -> None:
    """The machine runs and every input is known."""
    machine.stop()
    machine.start(beam=60.0, rate=500.0, run=42, state=1)
    lost(hydra, "")


def lost(hydra: Screen, names: str) -> None:
    """Wait until these inputs are said to be lost, with the one alarm that goes with it."""
    assert eventually(lambda: hydra.text("SYS", "LOSTIN") == names, PATIENCE), hydra.text("SYS", "LOSTIN")
    word, severity = ("LOST", Severity.MINOR) if names else ("OK", Severity.NO_ALARM)
    assert eventually(lambda: hydra.label("SYS", "INPUTS") == word, PATIENCE)
    assert hydra.alarm("SYS", "INPUTS")[0] is severity


def off_because(hydra: Screen, plot: str, why: str) -> None:
    hydra.becomes(plot, OFF)
    assert eventually(lambda: hydra.text(plot, "MSG") == f"gate closed: {why}", PATIENCE), hydra.text(plot, "MSG")


def test_gates_follow_the_beam_the_rate_and_the_state(machine: Machine, hydra: Screen) -> None:
    for plot in GATES:
        hydra.becomes(plot, UNKNOWN)
    machine.post("beam", 2.0)
    for plot in ("P0", "P1", "P2"):
        off_because(hydra, plot, "beam > 5")
    machine.post("rate", 50.0)
    off_because(hydra, "P3", "(rate > 100 or beam > 50)")
    machine.post("state", 0)
    off_because(hydra, "P3", "run_state in [RUNNING]")
    machine.post("beam", 60.0)
    machine.post("state", 1)
    for plot in ("P0", "P1", "P2", "P3"):
        hydra.becomes(plot, UNKNOWN)


def test_a_machine_that_goes_and_comes(machine: Machine, hydra: Screen) -> None:
    machine.post("beam", 2.0)
    off_because(hydra, "P2", "beam > 5")
    machine.stop()
    lost(hydra, "run, beam, rate, run_state")
    hydra.becomes("P0", UNKNOWN)
    off_because(hydra, "P1", "input lost: beam")
    off_because(hydra, "P2", "beam > 5")
    off_because(hydra, "P3", "input lost: beam, rate, run_state")
    assert hydra.alarm("SYS", "BEAM")[0] is Severity.INVALID
    machine.start(beam=60.0, rate=500.0, run=42, state=1)
    lost(hydra, "")
    for plot in ("P0", "P1", "P2", "P3"):
        hydra.becomes(plot, UNKNOWN)


@pytest.mark.parametrize("lie", ["nan", "invalid", "text", "array", "infinite"])
def test_a_machine_that_lies(machine: Machine, hydra: Screen, lie: str) -> None:
    if lie == "nan":
        machine.post("beam", float("nan"))
    elif lie == "infinite":
        machine.post("beam", float("inf"))
    elif lie == "invalid":
        machine.post("beam", 60.0, 3, 17)
    else:
        machine.stop()
        kind: Record = ("beam", "stringin", {}, [])
        array: Record = ("beam", "waveform", {"length": 4, "datatype": "float64"}, [])
        machine.start([array if lie == "array" else kind, *HONEST[1:]], rate=500.0, run=42, state=1)
        machine.post("beam", [60.0, 61.0] if lie == "array" else "sixty")
    off_because(hydra, "P1", "input lost: beam")
    lost(hydra, "beam")
    hydra.becomes("P0", UNKNOWN)
    beat = hydra.value("SYS", "HEARTBEAT")
    assert eventually(lambda: hydra.value("SYS", "HEARTBEAT") > beat + 1, PATIENCE), "the IOC goes on"


def test_a_run_number_that_changes_starts_a_run_and_one_that_is_lost_does_not(machine: Machine, hydra: Screen) -> None:
    machine.stop()
    lost(hydra, "run, beam, rate, run_state")
    machine.start(beam=60.0, rate=500.0, run=42, state=1)
    lost(hydra, "")
    hydra.becomes("P4", UNKNOWN)
    machine.post("run", 43)
    off_because(hydra, "P4", "a run has just started")
    assert hydra.value("SYS", "RUN") == 43
