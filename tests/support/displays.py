"""Reads generated screens as a display program would: opens, embeds and links, with macros replaced."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

MACRO = re.compile(r"\$\((\w+)\)")
PV_TAGS = ("pv_name", "y_pv", "trace_0_y_pv", "pv")
FILE_TAGS = ("file", "path", "opi_file", "filename")


@dataclass(frozen=True)
class Opened:
    """One screen as it was opened or embedded, all macros replaced that it was given."""

    file: Path
    macros: tuple[tuple[str, str], ...]
    root: Any

    def pvs(self) -> set[str]:
        """Return every PV that it asks for."""
        found = {element.text for tag in PV_TAGS for element in self.root.iter(tag) if element.text}
        return found - {"$(pv_name)"}

    def files(self) -> Iterator[tuple[Path, Mapping[str, str], bool]]:
        """Yield every file that it refers to, with the macros given to it, and whether that is a screen."""
        inherited = dict(self.macros)
        for parent in self.root.iter():
            for element in parent:
                if element.tag in FILE_TAGS:
                    given = {
                        m.tag: m.text or "" for m in parent.findall("macros/*") if m.tag != "include_parent_macros"
                    }
                    path = (self.file.parent / (element.text or "")).resolve()
                    yield path, inherited | given, path.suffix in (".bob", ".opi")


@cache
def open_all(start: Path) -> list[Opened]:
    """Return the screen and everything that can be reached from it by buttons and embedding, each once per macros."""
    asked: set[tuple[Path, tuple[tuple[str, str], ...]]] = set()
    seen: dict[tuple[Path, tuple[tuple[str, str], ...]], Opened] = {}
    waiting: list[tuple[Path, dict[str, str]]] = [(start.resolve(), {})]
    while waiting:
        path, given = waiting.pop()
        if (path, tuple(sorted(given.items()))) in asked:
            continue
        asked.add((path, tuple(sorted(given.items()))))
        opened = _open(path, given)
        if (path, opened.macros) in seen:
            continue
        seen[path, opened.macros] = opened
        waiting += [(file, dict(inner)) for file, inner, is_screen in opened.files() if is_screen and file.exists()]
    return list(seen.values())


def _open(path: Path, given: Mapping[str, str]) -> Opened:
    text = path.read_text(encoding="utf-8")
    own = {m.tag: m.text or "" for m in ElementTree.fromstring(text).findall("macros/*")}
    own.pop("include_parent_macros", None)
    macros = own | dict(given)
    expanded = MACRO.sub(lambda found: macros.get(found[1], found[0]), text)
    return Opened(path, tuple(sorted(macros.items())), ElementTree.fromstring(expanded))
