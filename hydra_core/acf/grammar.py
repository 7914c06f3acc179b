"""Reads an access file: UAG, HAG and ASG with RULE, READ, WRITE, NONE, TRAPWRITE, INPA … INPU and CALC."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from hydra_core.acf.calc import LETTERS, CalcError, inputs_of, parse_calc
from hydra_core.acf.rules import AccessRules, Group, Level, Rule
from hydra_core.errors import ConfigError

_WORD = re.compile(r"[A-Za-z0-9_\-+:.\[\]<>;]+")
_LATER = ("METHOD", "AUTHORITY", "PROTOCOL")


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def parse_rules(text: str, name: str) -> AccessRules:
    """Return what an access file says; `name` stands in messages.

    Raises ConfigError with the line and what was expected there.
    """
    return _Parser(text, name).whole()


def _tokens(text: str) -> Iterator[_Token]:
    line, at = 1, 0
    while at < len(text):
        char = text[at]
        if char in "(){},":
            yield _Token("sign", char, line)
            at += 1
        elif char == "#":
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
        elif char.isspace():
            line += char == "\n"
            at += 1
        elif char == '"' and (end := text.find('"', at + 1)) > 0 and "\n" not in text[at:end]:
            yield _Token("text", text[at + 1 : end], line)
            at = end + 1
        elif match := _WORD.match(text, at):
            yield _Token("word", match[0], line)
            at = match.end()
        else:
            yield _Token("odd", char, line)
            at += 1
    yield _Token("end", "", line)


class _Parser:
    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._tokens = list(_tokens(text))
        self._next = 0
        self._users: dict[str, frozenset[str]] = {}
        self._hosts: dict[str, frozenset[str]] = {}
        self._groups: dict[str, Group] = {}

    def whole(self) -> AccessRules:
        blocks = {"UAG": self._uag, "HAG": self._hag, "ASG": self._asg}
        while self._seen.kind != "end":
            block = blocks.get(self._seen.text) if self._seen.kind == "word" else None
            if block is None:
                raise self._wrong("UAG, HAG or ASG")
            self._take()
            block()
        return AccessRules(self._users, self._hosts, self._groups)

    @property
    def _seen(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._seen
        self._next += 1
        return token

    def _at(self, line: int, text: str) -> ConfigError:
        return ConfigError(f"{self._name}:{line}: {text}")

    def _wrong(self, expected: str) -> ConfigError:
        found = "the end of the file" if self._seen.kind == "end" else f'"{self._seen.text}"'
        return self._at(self._seen.line, f"expected {expected}, found {found}")

    def _sign(self, sign: str) -> None:
        if self._seen.kind != "sign" or self._seen.text != sign:
            raise self._wrong(f'"{sign}"')
        self._take()

    def _is(self, sign: str) -> bool:
        return self._seen.kind == "sign" and self._seen.text == sign

    def _called(self, what: str) -> str:
        if self._seen.kind not in ("word", "text") or not self._seen.text:
            raise self._wrong(what)
        return self._take().text

    def _named(self, what: str) -> str:
        self._sign("(")
        name = self._called(what)
        self._sign(")")
        return name

    def _list(self, what: str) -> tuple[str, ...]:
        names = [self._called(what)]
        while self._is(","):
            self._take()
            names.append(self._called(what))
        return tuple(names)

    def _members(self, known: dict[str, frozenset[str]], kind: str, what: str, lower: bool) -> None:
        line, name = self._seen.line, self._named(f"the name of the {kind}")
        if name in known:
            raise self._at(line, f"{kind}({name}) is there twice; join the two")
        members: tuple[str, ...] = ()
        if self._is("{"):
            self._take()
            members = self._list(what)
            self._sign("}")
        known[name] = frozenset(member.lower() if lower else member for member in members)

    def _uag(self) -> None:
        self._members(self._users, "UAG", "the name of a user", False)

    def _hag(self) -> None:
        self._members(self._hosts, "HAG", "the name or address of a host", True)

    def _asg(self) -> None:
        line, name = self._seen.line, self._named("the name of the ASG")
        if name in self._groups:
            raise self._at(line, f"ASG({name}) is there twice; join the two")
        inputs: dict[str, str] = {}
        rules: list[Rule] = []
        self._calcs: list[int] = []
        if self._is("{"):
            self._take()
            while not self._is("}"):
                self._part(inputs, rules)
            self._take()
        for rule, at in zip(rules, self._calcs, strict=True):
            missing = sorted(inputs_of(rule.calc) - inputs.keys())
            if missing:
                raise self._at(at, f'CALC("{rule.calc}") needs INP{missing[0]}, which ASG({name}) does not have')
        self._groups[name] = Group(name, inputs, tuple(rules))

    def _part(self, inputs: dict[str, str], rules: list[Rule]) -> None:
        token = self._seen
        word = token.text if token.kind == "word" else ""
        if word == "RULE":
            self._take()
            rules.append(self._rule())
        elif len(word) == 4 and word.startswith("INP") and word[3] in LETTERS:
            self._take()
            if word[3] in inputs:
                raise self._at(token.line, f"{word} is there twice")
            inputs[word[3]] = self._named("the name of a PV")
        else:
            raise self._wrong('RULE, INPA to INPU or "}"')

    def _rule(self) -> Rule:
        self._sign("(")
        asl = self._called("0 or 1, the access level of the fields")
        if asl not in ("0", "1"):
            self._next -= 1
            raise self._wrong("0 or 1, the access level of the fields")
        self._sign(",")
        level = self._one_of("READ", "WRITE", "NONE")
        trapped = False
        if self._is(","):
            self._take()
            trapped = self._one_of("TRAPWRITE", "NOTRAPWRITE") == "TRAPWRITE"
        self._sign(")")
        users, hosts, calc, line = self._conditions()
        when = None
        if calc:
            try:
                when = parse_calc(calc)
            except CalcError as error:
                raise self._at(line, f'CALC("{calc}"), column {error.at + 1}: {error}') from error
        self._calcs.append(line)
        return Rule(int(asl), Level[level], trapped, users, hosts, calc, when)

    def _one_of(self, *words: str) -> str:
        if self._seen.kind != "word" or self._seen.text not in words:
            raise self._wrong(f"{', '.join(words[:-1])} or {words[-1]}")
        return self._take().text

    def _conditions(self) -> tuple[tuple[str, ...], tuple[str, ...], str, int]:
        users: tuple[str, ...] = ()
        hosts: tuple[str, ...] = ()
        calc, line = "", self._seen.line
        if not self._is("{"):
            return users, hosts, calc, line
        self._take()
        while not self._is("}"):
            token = self._seen
            if token.kind == "word" and token.text in _LATER:
                raise self._at(token.line, f"{token.text} is not supported: Hydra's rules are about Channel Access")
            if token.kind != "word" or token.text not in ("UAG", "HAG", "CALC"):
                raise self._wrong('UAG, HAG, CALC or "}"')
            self._take()
            if token.text == "CALC":
                calc, line = self._named("an expression"), token.line
            elif token.text == "UAG":
                users += self._known("UAG", self._users)
            else:
                hosts += self._known("HAG", self._hosts)
            if self._is(","):
                self._take()
        self._take()
        return users, hosts, calc, line

    def _known(self, kind: str, known: dict[str, frozenset[str]]) -> tuple[str, ...]:
        self._sign("(")
        line = self._seen.line
        names = self._list(f"the name of a {kind}")
        self._sign(")")
        for name in names:
            if name not in known:
                raise self._at(line, f"{kind}({name}) is not defined before it is used")
        return names
