"""What the overview shows of a running hall: the worst plot type first, its age, and no alarm of its own."""

from support.ca import eventually
from support.hall import PATIENCE, Trained
from support.screen import BAD, GOOD, Screen

from hydra_core.domain import Condition, Severity

TRIGGER = "Trigger-Bits"


def test_the_worst_stands_first_and_alarms_once(screen: Screen, trained: Trained) -> None:
    bank = trained.bank[TRIGGER]
    title = next(one.title for one in screen.hall.config.plot_types() if one.name == TRIGGER)
    assert screen.judged(TRIGGER, bank["Good"][0]) == GOOD
    assert [screen.judged(TRIGGER, bank["Bad"][number]) for number in range(2)][-1] == BAD
    assert eventually(lambda: screen.label("SYS", "TOP1:STATUS") == "BAD", PATIENCE)
    assert screen.value("SYS", "TOP1") == title
    assert screen.alarm("SYS", "TOP1:STATUS") == (Severity.NO_ALARM, Condition.NO_ALARM)
    assert 0 <= screen.value("SYS", "TOP1:AGE") < PATIENCE
    ranked = [screen.value("SYS", f"TOP{rank}") for rank in (1, 2, 3)]
    assert len(set(ranked)) == 3
    assert [screen.judged(TRIGGER, bank["Good"][number]) for number in (1, 2)][-1] == GOOD
    assert eventually(lambda: screen.label("SYS", "TOP1:STATUS") != "BAD", PATIENCE)
