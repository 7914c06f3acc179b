"""Reads one YAML file into plain values and remembers on which line each stands.

Scalars follow YAML 1.2: only ``true`` and ``false`` are booleans, so NO, on and y stay the text that a person typed,
``012`` and ``12:30`` are not numbers in disguise, and a key is always text. Duplicate keys, tags, merge keys and
alias bombs are refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hydra_core.config.problems import Keys, Problem, refuse
from hydra_core.errors import ConfigError

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_VALUES = 20_000
_TAG = "tag:yaml.org,2002:"
_UNCLOSED = re.compile("flow|simple key|quoted scalar")
_SYNTAX_HINTS = {
    "mapping values are not allowed": 'the line is indented wrongly, or is text with ": " or a ":" at its end, '
    'which needs quotes, e.g. prefix: "HYDRA:HALLD:"',
    "could not find expected ':'": 'a key needs a colon and a space after it, e.g. "port: 5064"',
    "expected <block end>": "this line is indented differently from the ones it belongs to, or a quote is not closed",
    "expected ',' or '}'": "a { mapping } is not closed, lacks a comma, or has text with : or # that needs quotes",
    "expected ',' or ']'": "a [ list ] is not closed or lacks a comma",
    "expected alphabetic or numeric": 'text that starts with "*" or "&" needs quotes',
    "expected a single document": 'the file has a second document ("---"); keep one hall in one file',
    "while scanning a quoted scalar": "a quote is not closed",
    "cannot start any token": "text that starts with this character needs quotes",
    "found undefined alias": 'text that starts with "*" needs quotes; as an alias it has no anchor',
}


@dataclass(frozen=True, slots=True)
class Document:
    """The values of one file; `lines` has the line (from 1) of every key and list item.

    `problems` are those that reading alone can find, such as duplicate keys.
    """

    name: str
    data: dict[str, object]
    lines: Mapping[Keys, int]
    problems: tuple[Problem, ...] = ()


def read_document(path: Path) -> Document:
    """Read a file. Raises ConfigError when it cannot be read or is no YAML mapping at all."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; name the hall's YAML with -c or in $HYDRA_CONFIG") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES >> 20} MiB; this is no hall's configuration")
    return parse_document(_decoded(raw, str(path)), str(path))


def parse_document(text: str, name: str) -> Document:
    """Parse YAML text; `name` is what messages call the file. Raises ConfigError for text that is no mapping."""
    reading = _Reading()
    try:
        root = _composed(text, name)
        if root is None:
            raise ConfigError(f"{name}: empty; it needs at least deployment, epics and plots")
        data = reading.value(root, ())
    except _TooMuchError as error:
        raise refuse(name, [Problem((), str(error), error.line)]) from error
    if not isinstance(data, dict):
        line = root.start_mark.line + 1
        raise refuse(name, [Problem((), 'the file must be a mapping of keys, e.g. "deployment: hall-d"', line)])
    return Document(name, data, reading.lines, tuple(reading.problems))


def _decoded(raw: bytes, name: str) -> str:
    """Return the text; a UTF-8 byte order mark is harmless and dropped."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError(f"{name}:1: the file is UTF-16; save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = raw[error.start]
        raise ConfigError(f"{name}:{line}: byte 0x{byte:02x} is not UTF-8; save the file as UTF-8") from error


class _TooMuchError(Exception):
    """The document is built to exhaust its reader; reading stops at once."""

    def __init__(self, text: str, mark: yaml.Mark) -> None:
        super().__init__(text)
        self.line = mark.line + 1


class _Loader(yaml.SafeLoader):
    """A PyYAML loader that composes nodes by the rules of YAML 1.2 and to a limited depth."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 (PyYAML's own way to declare them)
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooMuchError(f"nested more than {MAX_DEPTH} deep", self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


for _kind, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^(?:[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        list("-+.0123456789"),
    ),
):
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(_pattern), _first)


def _composed(text: str, name: str) -> yaml.Node | None:
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(f"{name}:{line}: the character U+{ord(text[error.position]):04X} is not allowed") from error
    except yaml.MarkedYAMLError as error:
        raise refuse(name, [_syntax(error, text)]) from error


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Problem:
    """Say what a YAML error means; where the parser points at an indenting tab, that is the error."""
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark else 0
    lines = text.splitlines()
    here = lines[line] if line < len(lines) else ""
    if "\t" in here[: len(here) - len(here.lstrip())] or "'\\t'" in (error.problem or ""):
        return Problem((), "a tab; YAML is indented with spaces", line + 1)
    said = f"{error.context or ''} {error.problem or ''}".strip()
    hint = next((hint for key, hint in _SYNTAX_HINTS.items() if key in said), "")
    problem = (error.problem or said).removeprefix("but ")
    if error.context_mark and error.context_mark.line < line and _UNCLOSED.search(error.context or ""):
        # The parser notices only further down; what a person must mend is where the thing began.
        problem, line = f"{problem} on line {line + 1}", error.context_mark.line
    return Problem((), f"not YAML: {problem}" + (f"; {hint}" if hint else ""), line + 1)


class _Reading:
    """Turns composed nodes into plain values, keeping lines and problems by path."""

    def __init__(self) -> None:
        self.lines: dict[Keys, int] = {}
        self.problems: list[Problem] = []
        self._count = 0
        self._open: set[int] = set()

    def value(self, node: yaml.Node, keys: Keys) -> object:
        """Return the node's value; what is wrong but can be passed over goes to `problems`."""
        self._count += 1
        if self._count > MAX_VALUES:
            text = f"more than {MAX_VALUES} values, aliases counted; this is no hall's configuration"
            raise _TooMuchError(text, node.start_mark)
        if id(node) in self._open:
            raise _TooMuchError("an alias inside its own anchor", node.start_mark)
        self._open.add(id(node))
        try:
            return self._plain(node, keys)
        finally:
            self._open.remove(id(node))

    def _plain(self, node: yaml.Node, keys: Keys) -> object:
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return dict(self._items(node, keys))
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            for index, item in enumerate(node.value):
                self.lines[(*keys, index)] = item.start_mark.line + 1
            return [self.value(item, (*keys, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, keys)
        self._problem(node, keys, f'the tag "{_short(node.tag)}" is not allowed; remove it')
        return None

    def _items(self, node: yaml.MappingNode, keys: Keys) -> Iterator[tuple[str, object]]:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(key_node, keys, "a key must be plain text")
            elif not key:
                self._problem(key_node, keys, "an empty key")
            elif key in seen:
                self._problem(key_node, (*keys, key), f"given twice; the first is on line {seen[key]}, keep one")
            elif key == "<<":
                self._problem(key_node, (*keys, key), 'merge keys are not read; put shared values into "defaults"')
            else:
                seen[key] = self.lines[(*keys, key)] = line
                yield key, self.value(value_node, (*keys, key))

    def _scalar(self, node: yaml.ScalarNode, keys: Keys) -> object:
        text = str(node.value)
        match node.tag.removeprefix(_TAG):
            case "str":
                return text
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int" | "float" as kind:
                return self._number(node, keys, kind)
        self._problem(node, keys, f'the tag "{_short(node.tag)}" is not allowed; remove it')
        return None

    def _number(self, node: yaml.ScalarNode, keys: Keys, kind: str) -> object:
        text = str(node.value)
        try:
            if len(text) > 40:
                raise ValueError
            if kind == "int":
                return int(text, 16 if text.startswith("0x") else 10)
            return float(re.sub(r"\.(inf|nan)", r"\1", text.lower()))
        except ValueError:
            self._problem(node, keys, f'"{text[:40]}" is not a usable number')
            return None

    def _problem(self, node: yaml.Node, keys: Keys, text: str) -> None:
        self.problems.append(Problem(keys, text, node.start_mark.line + 1))


def _short(tag: str) -> str:
    return f"!!{tag.removeprefix(_TAG)}" if tag.startswith(_TAG) else tag
