"""Parses gate expressions by recursive descent; every error says its column."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from hydra_core.gates.terms import COMPARE, Operand, Term, among, compared, joined, negated

MAX_LENGTH = 500
_MAX_DEPTH = 20
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![A-Za-z_])|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<mark>==|!=|<=|>=|<|>|\(|\)|\[|\]|,))"
)
_KEYWORDS = ("and", "or", "not", "in")


class GateError(ValueError):
    """An expression is wrong at `column` (from 1); the message says what would be right."""

    def __init__(self, text: str, column: int) -> None:
        super().__init__(f"column {column}: {text}")
        self.column = column


def parse(text: str, inputs: Iterable[str]) -> tuple[Term, ...]:
    """Return the conditions, joined by "and" at the top, of an expression over the named inputs. Raises GateError."""
    if len(text) > MAX_LENGTH:
        raise GateError(f"longer than {MAX_LENGTH} characters", MAX_LENGTH)
    return _Parser(text, frozenset(inputs)).conditions()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            column = at + len(text[at:]) - len(text[at:].lstrip()) + 1
            odd = text[column - 1]
            if odd in "\"'":
                raise GateError("the quote is not closed", column)
            hint = '; write "==" to compare' if odd == "=" else '; write "and", "or", "not"' if odd in "&|!" else ""
            raise GateError(f'"{odd}" means nothing here{hint}', column)
        kind = match.lastgroup or ""
        word = match.group(kind)
        yield _Token("keyword" if word in _KEYWORDS and kind == "word" else kind, word, match.start(kind) + 1)
        at = match.end()


class _Parser:
    """Recursive descent: or, and, not, comparison."""

    def __init__(self, text: str, inputs: frozenset[str]) -> None:
        self._text = text
        self._inputs = inputs
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def conditions(self) -> tuple[Term, ...]:
        """Return the terms that "and" joins at the top, each with its own text."""
        if not self._tokens:
            raise GateError("empty; write a condition such as beam > 5", 1)
        found = [self._term()]
        while self._take("and"):
            found.append(self._term())
        if self._peek() == "or":
            self._at = 0
            found = [self._spanned(self._either)]
        if self._at < len(self._tokens):
            rest = self._tokens[self._at]
            raise GateError(f'"{rest.text}" is not expected; join conditions with "and" or "or"', rest.column)
        return tuple(found)

    def _term(self) -> Term:
        return self._spanned(self._negation)

    def _spanned(self, rule: Callable[[], Term]) -> Term:
        start = self._at
        condition = rule()
        last = self._tokens[self._at - 1]
        text = self._text[self._tokens[start].column - 1 : last.column - 1 + len(last.text)]
        return Term(" ".join(text.split()), condition.inputs, condition.holds)

    def _either(self) -> Term:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else joined(parts, decides=True)

    def _both(self) -> Term:
        parts = [self._negation()]
        while self._take("and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else joined(parts, decides=False)

    def _negation(self) -> Term:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise GateError(f"nested more than {_MAX_DEPTH} deep", self._column())
        try:
            if self._take("not"):
                inner = self._negation()
                return Term("", inner.inputs, lambda readings: negated(inner.holds(readings)))
            if self._take("("):
                inner = self._either()
                self._expect(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Term:
        left = self._input()
        inverted = self._take("not")
        if self._take("in"):
            choice = self._choice()
            return Term("", frozenset({left}), lambda readings: among(readings, left, choice, not inverted))
        if inverted:
            raise GateError('"not" is followed by "in" here', self._column())
        mark = self._peek()
        if mark not in COMPARE:
            raise GateError(f'"{left}" needs a comparison: < <= > >= == != or in [...]', self._column())
        self._at += 1
        right = self._operand(words_are_texts=mark in ("==", "!="))
        return Term("", frozenset({left, right.name} - {""}), lambda readings: compared(readings, left, mark, right))

    def _input(self) -> str:
        token = self._next("the name of an input")
        if token.kind != "word" or token.text not in self._inputs:
            close = get_close_matches(token.text, self._inputs, 1)
            known = ", ".join(sorted(self._inputs)) or "none; name their PVs in epics.inputs"
            hint = f'; did you mean "{close[0]}"?' if close else f"; inputs: {known}"
            raise GateError(f'"{token.text}" is no input{hint}', token.column)
        return token.text

    def _operand(self, words_are_texts: bool) -> Operand:
        token = self._next("a number, a text or an input")
        if token.kind == "number":
            return Operand(number=float(token.text))
        if token.kind == "word" and token.text in self._inputs:
            return Operand(name=token.text)
        if token.kind in ("text", "word") and words_are_texts:
            return Operand(text=token.text.strip("\"'"))
        raise GateError(f'"{token.text}" is no number and no input, which alone can be less or more', token.column)

    def _choice(self) -> tuple[Operand, ...]:
        self._expect("[")
        found = []
        while True:
            token = self._next("a number or a text")
            if token.kind not in ("number", "text", "word"):
                raise GateError(f'"{token.text}" is no number and no text', token.column)
            number = float(token.text) if token.kind == "number" else None
            found.append(Operand(number=number, text=None if number is not None else token.text.strip("\"'")))
            if not self._take(","):
                self._expect("]")
                return tuple(found)

    def _peek(self) -> str:
        return self._tokens[self._at].text if self._at < len(self._tokens) else ""

    def _column(self) -> int:
        return self._tokens[self._at].column if self._at < len(self._tokens) else len(self._text) + 1

    def _take(self, text: str) -> bool:
        here = self._at < len(self._tokens) and self._tokens[self._at].kind in ("keyword", "mark")
        if here and self._peek() == text:
            self._at += 1
            return True
        return False

    def _next(self, wanted: str) -> _Token:
        if self._at >= len(self._tokens):
            raise GateError(f"ends too early; {wanted} is missing", len(self._text) + 1)
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise GateError(f'"{text}" is missing', self._column())
