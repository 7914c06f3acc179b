"""Reads plot type, run and chunk out of a file's path, by a pattern from the configuration.

Files are named as RootSpy's feeder names them: ``Name_0001.png`` is a whole canvas, ``Name-02_0001.png`` its pad 2
and ``Name-PSEnergy_0001.png`` a named pad, which belongs to the plot type's name.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from hydra_core.errors import ConfigError

_LARGEST = 2**31 - 1
_EXTENSION = r"(?i:\.(?:png|jpe?g))"
_PICTURE = re.compile(f"(?s:.*){_EXTENSION}")
_UNFINISHED = (".tmp", ".part", "~")
_NUMERIC_PAD = re.compile(r"(.+)-\d+")
_TOKEN = re.compile(r"\{[^{}]*\}|\*\*/|\*|[^{*]+|[{*]")
_PIECES = {
    "{plot}": r"(?P<plot>[^/]+)",
    "{pad}": r"(?P<pad>[^/-]+)",
    "{run:d}": r"(?P<run>[0-9]{1,18})",
    "{run}": r"(?P<run>[0-9]{1,18})",
    "{chunk:d}": r"(?P<chunk>[0-9]{1,18})",
    "{chunk}": r"(?P<chunk>[0-9]{1,18})",
    "{period}": r"(?P<period>[^/]+)",
    "**/": r"(?:[^/]+/)*",
    "*": r"[^/]*",
}


@dataclass(frozen=True, slots=True)
class ParsedName:
    """What a path says of a plot; a pattern without run or chunk gives 0."""

    plot: str
    run: int
    chunk: int


class NamePattern:
    """A pattern such as ``Run{run:d}/{plot}_{chunk:d}.png``, relative to the source's directory.

    Placeholders: ``{plot}``, ``{pad}``, ``{run:d}``, ``{chunk:d}``, ``{period}``; ``*`` is any text within a name and
    ``**/`` any number of directories. The extension may be png, jpg or jpeg in any case, whichever is written.
    Raises ConfigError for a pattern without ``{plot}`` or with anything else in braces.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        stem = re.sub(rf"{_EXTENSION}\Z", "", pattern)
        pieces = [_piece(token, pattern) for token in _TOKEN.findall(stem)]
        try:
            self._regex = re.compile("".join(pieces) + _EXTENSION)
        except re.error as error:
            raise ConfigError(f'pattern "{pattern}": {error}; use each placeholder once') from error
        if "plot" not in self._regex.groupindex:
            raise ConfigError(f'pattern "{pattern}" lacks {{plot}}, the name of the plot')
        self.depth: int | None = None if "**/" in pattern else pattern.count("/")
        """How many directories deep the files lie; None: any."""

    def match(self, path: str, known: Collection[str] = ()) -> ParsedName | None:
        """Read a path relative to the source ("/" between directories); None if it does not fit.

        The number of a pad is dropped from the plot type's name, unless `known` plot types have it in theirs
        (as they must when two pads of one canvas are two plot types). Names that cannot be shown, or that climb
        out of the directory, never fit.
        """
        if not path.isprintable() or ".." in path.split("/"):
            return None
        found = self._regex.fullmatch(path)
        if found is None:
            return None
        parts = found.groupdict()
        run, chunk = int(parts.get("run") or 0), int(parts.get("chunk") or 0)
        if max(run, chunk) > _LARGEST:
            return None
        name = f"{parts['plot']}-{parts['pad']}" if parts.get("pad") else parts["plot"]
        return ParsedName(_type_name(name, known), run, chunk)


def is_ignored(name: str) -> bool:
    """Say whether a file or directory of this name is somebody's unfinished or hidden business."""
    return name.startswith((".", "tmp_canvas_")) or name.lower().endswith(_UNFINISHED)


def looks_like_picture(name: str) -> bool:
    """Say whether the name ends as a picture's; its content decides later what it is."""
    return _PICTURE.fullmatch(name) is not None


def _type_name(name: str, known: Collection[str]) -> str:
    numbered = _NUMERIC_PAD.fullmatch(name)
    return name if numbered is None or name in known else numbered[1]


def _piece(token: str, pattern: str) -> str:
    if token in _PIECES:
        return _PIECES[token]
    if token.startswith("{"):
        raise ConfigError(f'pattern "{pattern}": {token} is no placeholder; use {{plot}}, {{run:d}} and {{chunk:d}}')
    return re.escape(token)
