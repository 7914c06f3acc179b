"""Opens and closes the gate of every plot type: by what the inputs say, and for a while after a run has started."""

from collections.abc import Callable, Iterable

from hydra_core.domain import Gate, WhenLost
from hydra_core.gates import Readings, Term, terms, unmet


class Gatekeeper:
    """Answers for each plot type whether its gate is open and, if not, why: the same words as long as it is the same.

    `names` are the inputs; `readings` gives what they say; times are those of `seconds`, which never goes back.
    """

    def __init__(self, names: Iterable[str], readings: Callable[[], Readings], seconds: Callable[[], float]) -> None:
        self._names = frozenset(names)
        self._readings = readings
        self._seconds = seconds
        self._terms: dict[Gate, tuple[Term, ...]] = {}
        self._last: dict[str, tuple[bool, str]] = {}
        self._run: int | None = None
        self._run_began: float | None = None

    def run_is(self, number: int | None) -> None:
        """Take note of the run number; another one than before is the start of a run, the first one known is not."""
        if number is None or number == self._run:
            return
        if self._run is not None:
            self._run_began = self._seconds()
        self._run = number

    def look(self, plot_type: str, gate: Gate) -> tuple[bool, str]:
        """Return whether the gate is open, and what keeps it closed."""
        closed, lost = unmet(self._of(gate), self._readings())
        if closed:
            answer = (False, closed)
        elif lost:
            answer = self._without(plot_type, gate, lost)
        else:
            answer = (True, "")
        if not lost or closed:
            self._last[plot_type] = answer
        return (False, "a run has just started") if answer[0] and self._settling(gate) else answer

    def _of(self, gate: Gate) -> tuple[Term, ...]:
        if gate not in self._terms:
            self._terms[gate] = terms(gate, self._names)
        return self._terms[gate]

    def _without(self, plot_type: str, gate: Gate, lost: str) -> tuple[bool, str]:
        if gate.when_lost is WhenLost.HOLD:
            return self._last.get(plot_type, (True, ""))
        return gate.when_lost is WhenLost.OPEN, "" if gate.when_lost is WhenLost.OPEN else f"input lost: {lost}"

    def _settling(self, gate: Gate) -> bool:
        return self._run_began is not None and self._seconds() - self._run_began < gate.settle
