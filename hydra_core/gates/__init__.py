"""Gate expressions: a small language that says when plots are judged, parsed with positions and never `eval`ed.

    run_state in [RUNNING, "CALIB 2"] and (beam > 5 or not rate < 100)

A comparison has an input of the machine on its left and a number, a text or another input on its right. Words in a
list, and words on the right that are no input, are texts. Logic has three values: what an input that is not known
decides is not known either (None), unless the rest decides it already.
"""

from collections.abc import Iterable

from hydra_core.domain import Gate
from hydra_core.gates.parser import GateError, parse
from hydra_core.gates.terms import UNKNOWN, Reading, Readings, Term, above

__all__ = ["UNKNOWN", "GateError", "Reading", "Readings", "Term", "parse", "terms", "unmet"]


def terms(gate: Gate, inputs: Iterable[str]) -> tuple[Term, ...]:
    """Return everything that must hold for a gate to be open. Raises GateError."""
    found = []
    for name, least in (("beam", gate.beam_above), ("rate", gate.rate_above)):
        if least is not None:
            found.append(Term(f"{name} > {least:g}", frozenset({name}), above(name, least)))
    return (*found, *(parse(gate.when, inputs) if gate.when else ()))


def unmet(gate: tuple[Term, ...], readings: Readings) -> tuple[str, str]:
    """Return the first condition that does not hold, and the inputs that are lost and would decide ("" each: none)."""
    said = [(condition, condition.holds(readings)) for condition in gate]
    closed = next((condition.text for condition, holds in said if holds is False), "")
    lost = {name for condition, holds in said if holds is None for name in condition.inputs if _lost(name, readings)}
    undecided = next((condition.text for condition, holds in said if holds is None), "")
    return closed, ", ".join(sorted(lost)) or undecided


def _lost(name: str, readings: Readings) -> bool:
    return not readings.get(name, UNKNOWN).known
