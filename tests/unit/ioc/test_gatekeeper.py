"""What opens and closes a gate, with time and inputs as the test wants them."""

import pytest

from hydra_core.domain import Gate, WhenLost
from hydra_core.gates import Reading
from hydra_ioc.gatekeeper import Gatekeeper


class Hall:
    def __init__(self) -> None:
        self.seconds = 1000.0
        self.said: dict[str, Reading] = {}
        self.keeper = Gatekeeper(("beam", "run_state"), lambda: self.said, lambda: self.seconds)

    def look(self, gate: Gate, plot_type: str = "CDC") -> tuple[bool, str]:
        return self.keeper.look(plot_type, gate)


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_no_conditions_are_an_open_gate(hall: Hall) -> None:
    assert hall.look(Gate()) == (True, "")


def test_the_condition_that_closes_is_said_in_words_that_stay(hall: Hall) -> None:
    gate = Gate(beam_above=5.0, when="run_state in [RUNNING]")
    hall.said = {"beam": Reading(2.0), "run_state": Reading(None, "RUNNING")}
    assert hall.look(gate) == (False, "beam > 5")
    hall.said["beam"] = Reading(3.0)
    assert hall.look(gate) == (False, "beam > 5"), "a text that moves with the beam would be an event a second"
    hall.said = {"beam": Reading(7.0), "run_state": Reading(None, "PAUSED")}
    assert hall.look(gate) == (False, "run_state in [RUNNING]")


@pytest.mark.parametrize("before", [2.0, 7.0])
@pytest.mark.parametrize("when_lost", WhenLost)
def test_a_lost_input_does_what_the_hall_wants(hall: Hall, when_lost: WhenLost, before: float) -> None:
    gate = Gate(beam_above=5.0, when_lost=when_lost)
    hall.said = {"beam": Reading(before)}
    hall.look(gate)
    hall.said = {"beam": Reading()}
    expected = {
        WhenLost.OPEN: (True, ""),
        WhenLost.CLOSED: (False, "input lost: beam"),
        WhenLost.HOLD: (True, "") if before > 5 else (False, "beam > 5"),
    }
    assert [hall.look(gate) for _ in range(3)] == [expected[when_lost]] * 3
    hall.said = {"beam": Reading(9.0)}
    assert hall.look(gate) == (True, "")


def test_what_is_held_is_each_plot_types_own(hall: Hall) -> None:
    low, high = Gate(beam_above=5.0, when_lost=WhenLost.HOLD), Gate(beam_above=50.0, when_lost=WhenLost.HOLD)
    hall.said = {"beam": Reading(20.0)}
    assert (hall.look(low, "A")[0], hall.look(high, "B")[0]) == (True, False)
    hall.said = {}
    assert (hall.look(low, "A")[0], hall.look(high, "B")[0]) == (True, False)
    assert hall.look(low, "never seen") == (True, "")


def test_a_gate_stays_closed_for_a_while_after_a_run_has_started(hall: Hall) -> None:
    gate = Gate(settle=60.0)
    hall.keeper.run_is(42)
    assert hall.look(gate) == (True, ""), "the first run known is not a start: the IOC was restarted"
    hall.keeper.run_is(None)
    hall.keeper.run_is(42)
    assert hall.look(gate) == (True, ""), "the same run again after its PV was lost"
    hall.keeper.run_is(43)
    assert hall.look(gate) == (False, "a run has just started")
    assert hall.look(Gate()) == (True, "")
    hall.seconds += 59.9
    assert not hall.look(gate)[0]
    hall.seconds += 0.1
    assert hall.look(gate) == (True, "")
