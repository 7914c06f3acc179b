"""Says what is wrong in a hall's YAML, always alike: file, line, path, what is wrong, what would be right."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hydra_core.errors import ConfigError

Keys = tuple[str | int, ...]
"""Where a value stands in the document, e.g. ``("sources", 0, "path")``."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong at `keys`; `line` counts from 1 (None: no line says it)."""

    keys: Keys
    text: str
    line: int | None = None

    def render(self, name: str) -> str:
        """Return the line a person reads, e.g. ``hall.yaml:12: plots.CDC.treshold: unknown key``."""
        where = name if self.line is None else f"{name}:{self.line}"
        return ": ".join(part for part in (where, dotted(self.keys), self.text) if part)


def dotted(keys: Keys) -> str:
    """Return the path as people write it, e.g. ``sources[0].path``."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def line_of(lines: Mapping[Keys, int], keys: Keys) -> int:
    """Return the line of the value at `keys`, or of the nearest thing around it."""
    while keys and keys not in lines:
        keys = keys[:-1]
    return lines.get(keys, 1)


def refuse(name: str, problems: Iterable[Problem]) -> ConfigError:
    """Return one error that lists every problem, in the order of the file."""
    ordered = sorted(dict.fromkeys(problems), key=lambda problem: problem.line or 0)
    return ConfigError("\n".join(problem.render(name) for problem in ordered))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean "x"?``, or else the choice when it is short enough to read."""
    choice = list(dict.fromkeys(known))
    short = len(word) <= 3  # where one wrong letter is much of the word, at least the length must fit
    folded = {name.casefold(): name for name in choice if not short or abs(len(name) - len(word)) <= 1}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.5 if short else 0.6)
    if close:
        return f'; did you mean "{folded[close[0]]}"?'
    return f"; known: {', '.join(choice)}" if 0 < len(choice) <= 20 else ""


def described(value: object) -> str:
    """Return a value as a person would name it, e.g. ``the number 5`` or ``the text "abc"``."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return f'the text "{value if len(value) <= 60 else value[:57] + "..."}"'
        case list() | tuple():
            return "a list"
        case Mapping():
            return "a mapping"
    return f"a {type(value).__name__}"
