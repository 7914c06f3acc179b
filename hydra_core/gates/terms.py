"""The conditions of a gate and how they are judged: in three values, for an input may not be known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """What an input PV says: its number and its text; both None while nothing usable is known of it."""

    number: float | None = None
    text: str | None = None

    @property
    def known(self) -> bool:
        """Return whether anything is known."""
        return self.number is not None or self.text is not None


UNKNOWN = Reading()
Readings = Mapping[str, Reading]


@dataclass(frozen=True, slots=True)
class Term:
    """One parsed condition. `holds` gives True, False or None (not known); `inputs` are the names it reads."""

    text: str
    inputs: frozenset[str]
    holds: Callable[[Readings], bool | None]


@dataclass(frozen=True, slots=True)
class Operand:
    """An input's name, or a number or text that stands for itself."""

    name: str = ""
    number: float | None = None
    text: str | None = None

    def reading(self, readings: Readings) -> Reading:
        """Return what it stands for now."""
        return readings.get(self.name, UNKNOWN) if self.name else Reading(self.number, self.text)


COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def negated(value: bool | None) -> bool | None:
    """Return the opposite; what is not known stays so."""
    return None if value is None else not value


def joined(parts: Sequence[Term], decides: bool) -> Term:
    """Join conditions by "or" (`decides` True: one that holds is enough) or by "and" (False: one that fails is)."""

    def holds(readings: Readings) -> bool | None:
        said = [part.holds(readings) for part in parts]
        if decides in said:
            return decides
        return None if None in said else not decides

    return Term("", frozenset().union(*(part.inputs for part in parts)), holds)


def _equal(left: Reading, right: Reading) -> bool | None:
    """Compare numbers with numbers and texts with texts; None when an input says neither or the wrong one."""
    if left.number is not None and right.number is not None:
        return left.number == right.number
    if left.text is not None and right.text is not None:
        return left.text == right.text
    return None


def among(readings: Readings, left: str, choice: tuple[Operand, ...], wanted: bool) -> bool | None:
    """Return whether an input is (`wanted` False: is not) one of a choice."""
    said = [_equal(readings.get(left, UNKNOWN), one.reading(readings)) for one in choice]
    if True in said:
        return wanted
    return None if all(one is None for one in said) else not wanted


def compared(readings: Readings, left: str, mark: str, right: Operand) -> bool | None:
    """Return whether a comparison holds; only numbers can be less or more."""
    one, other = readings.get(left, UNKNOWN), right.reading(readings)
    if mark in ("==", "!="):
        same = _equal(one, other)
        return None if same is None else same is (mark == "==")
    if one.number is None or other.number is None:
        return None
    return COMPARE[mark](one.number, other.number)


def above(name: str, least: float) -> Callable[[Readings], bool | None]:
    """Return the test whether an input is above a number."""

    def holds(readings: Readings) -> bool | None:
        number = readings.get(name, UNKNOWN).number
        return None if number is None else number > least

    return holds
