"""The expressions of CALC in access files: EPICS' own, as far as they look at inputs A … U.

Numbers, inputs, ``+ - * / % ^ **``, comparisons (``= == != # < <= > >=``), ``&& || ! & | ~ << >> AND OR XOR NOT``,
``a ? b : c`` and functions. Operators of the same rank are done from left to right; ``= `` is a comparison.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

LETTERS = "ABCDEFGHIJKLMNOPQRSTU"
Values = Mapping[str, float | None]
Node = Callable[[Values], float]


class CalcError(ValueError):
    """An expression that cannot be understood; `at` is the column, from 0."""

    def __init__(self, text: str, at: int) -> None:
        super().__init__(text)
        self.at = at


class _Missing(Exception):  # noqa: N818  (an answer, no failure)
    """An input that the expression needs is not there."""


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<word>[A-Za-z]+)"
    r"|(?P<sign>\*\*|&&|\|\||<<|>>|<=|>=|==|!=|[-+*/%^=#<>&|!~?:(),])"
)


def _whole(value: float) -> int:
    return int(value) if math.isfinite(value) else 0


def _divided(left: float, right: float) -> float:
    return left / right if right else math.nan if not left or math.isnan(left) else math.copysign(math.inf, left)


def _rest(left: float, right: float) -> float:
    divisor = _whole(right)
    return math.fmod(_whole(left), divisor) if divisor else math.nan


def _power(left: float, right: float) -> float:
    try:
        return float(math.pow(left, right))
    except (ValueError, OverflowError):
        return math.nan


_BINARY: dict[str, tuple[int, Callable[[float, float], float]]] = {
    "||": (1, lambda a, b: bool(a) or bool(b)),
    "OR": (1, lambda a, b: _whole(a) | _whole(b)),
    "XOR": (1, lambda a, b: _whole(a) ^ _whole(b)),
    "|": (1, lambda a, b: _whole(a) | _whole(b)),
    "&&": (2, lambda a, b: bool(a) and bool(b)),
    "AND": (2, lambda a, b: _whole(a) & _whole(b)),
    "&": (2, lambda a, b: _whole(a) & _whole(b)),
    "<<": (2, lambda a, b: _whole(a) << (_whole(b) & 31)),
    ">>": (2, lambda a, b: _whole(a) >> (_whole(b) & 31)),
    "=": (3, lambda a, b: a == b),
    "==": (3, lambda a, b: a == b),
    "!=": (3, lambda a, b: a != b),
    "#": (3, lambda a, b: a != b),
    "<": (3, lambda a, b: a < b),
    "<=": (3, lambda a, b: a <= b),
    ">": (3, lambda a, b: a > b),
    ">=": (3, lambda a, b: a >= b),
    "+": (4, lambda a, b: a + b),
    "-": (4, lambda a, b: a - b),
    "*": (5, lambda a, b: a * b),
    "/": (5, _divided),
    "%": (5, _rest),
    "^": (6, _power),
    "**": (6, _power),
}
_UNARY: dict[str, Callable[[float], float]] = {
    "-": lambda a: -a,
    "+": lambda a: a,
    "!": lambda a: not a,
    "~": lambda a: ~_whole(a),
    "NOT": lambda a: ~_whole(a),
}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "ABS": abs,
    "CEIL": lambda a: math.ceil(a) if math.isfinite(a) else a,
    "FLOOR": lambda a: math.floor(a) if math.isfinite(a) else a,
    "NINT": lambda a: math.floor(a + 0.5) if math.isfinite(a) else a,
    "SQRT": lambda a: math.sqrt(a) if a >= 0 else math.nan,
    "ISNAN": math.isnan,
    "ISINF": math.isinf,
    "FINITE": lambda *values: all(math.isfinite(value) for value in values),
    "MIN": min,
    "MAX": max,
}
_SEVERAL = ("MIN", "MAX", "FINITE")
_WORDS = (*_BINARY, *_UNARY)


def parse_calc(text: str) -> Callable[[Values], bool]:
    """Return whether an expression is 1, as a function of the inputs; an input that is None makes it false.

    Raises CalcError.
    """
    parser = _Parser(text)
    node = parser.whole()

    def holds(values: Values) -> bool:
        try:
            return 0.99 < node(values) < 1.01
        except _Missing:
            return False

    return holds


def inputs_of(text: str) -> frozenset[str]:
    """Return the letters of the inputs that an expression names."""
    return frozenset(t.text.upper() for t in _tokens(text) if t.kind == "word" and t.text.upper() in LETTERS)


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise CalcError(f'"{text[at]}" has no meaning in an expression', at)
        if match.lastgroup != "space":
            yield _Token(str(match.lastgroup), match[0], at)
        at = match.end()
    yield _Token("end", "the end of the expression", len(text))


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0

    def whole(self) -> Node:
        node = self._choice()
        if self._seen.kind != "end":
            raise self._wrong("an operator")
        return node

    @property
    def _seen(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._seen
        self._next += token.kind != "end"
        return token

    def _wrong(self, expected: str) -> CalcError:
        found = self._seen.text if self._seen.kind == "end" else f'"{self._seen.text}"'
        return CalcError(f"expected {expected}, found {found}", self._seen.at)

    def _expect(self, sign: str) -> None:
        if self._seen.text != sign:
            raise self._wrong(f'"{sign}"')
        self._take()

    def _choice(self) -> Node:
        condition = self._operation(1)
        if self._seen.text != "?":
            return condition
        self._take()
        yes = self._choice()
        self._expect(":")
        no = self._choice()
        return lambda values: yes(values) if condition(values) else no(values)

    def _operation(self, rank: int) -> Node:
        left = self._operand()
        while (found := _BINARY.get(self._seen.text.upper())) is not None and found[0] >= rank:
            self._take()
            left = _combined(found[1], left, self._operation(found[0] + 1))
        return left

    def _operand(self) -> Node:
        token = self._seen
        word = token.text.upper()
        if word in _UNARY:
            self._take()
            inner, operation = self._operand(), _UNARY[word]
            return lambda values: float(operation(inner(values)))
        if token.kind == "number":
            value = float(int(self._take().text, 16)) if word.startswith("0X") else float(self._take().text)
            return lambda values: value
        if token.text == "(":
            self._take()
            node = self._choice()
            self._expect(")")
            return node
        if token.kind == "word" and word in _FUNCTIONS:
            return self._function(word)
        if token.kind == "word" and len(word) == 1 and word in LETTERS:
            self._take()
            return lambda values: _given(values, word)
        raise self._wrong('a number, an input A to U, a function or "("')

    def _function(self, word: str) -> Node:
        self._take()
        self._expect("(")
        arguments = [self._choice()]
        while word in _SEVERAL and self._seen.text == ",":
            self._take()
            arguments.append(self._choice())
        self._expect(")")
        function = _FUNCTIONS[word]
        if len(arguments) == 1 and word in ("MIN", "MAX"):
            return arguments[0]
        return lambda values: float(function(*(argument(values) for argument in arguments)))


def _combined(operation: Callable[[float, float], float], left: Node, right: Node) -> Node:
    return lambda values: float(operation(left(values), right(values)))


def _given(values: Values, letter: str) -> float:
    value = values.get(letter)
    if value is None:
        raise _Missing
    return value
