"""Read labelled plots from a CSV and files, and put them into archive and store.

The header has ``filename,label``, ``plot`` unless one plot type is given for all, and optionally
``run,chunk,taken_at,split,group``; other columns are ignored. A bad row is reported with its line and left out.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from hydra_core import images
from hydra_core.domain import Image, LabelledPlot, Plot, PlotType
from hydra_core.errors import ImageError, UsageError
from hydra_core.images import Limits
from hydra_core.ports import Archive
from hydra_core.sources.identity import arrival_uid

SPLITS = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation", "test": "test"}
_LARGEST = 2**31 - 1
_NO_TIME = datetime.fromtimestamp(0, UTC)
_READERS = 2


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One good row: `filename` as written, `file` where it lies; `taken_at` None: not given."""

    line: int
    filename: str
    file: Path
    plot_type: str
    label: str
    run: int
    chunk: int
    taken_at: datetime | None
    split: str | None
    group: str | None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a line of the CSV was not imported."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Imported:
    """Plots ready to be stored, their pictures by sha256, and the rows that failed."""

    plots: tuple[LabelledPlot, ...]
    images: Mapping[str, Image]
    problems: tuple[Problem, ...]


def read_rows(
    csv_file: Path, directory: Path, plot_types: Mapping[str, PlotType], only: str | None, zone: tzinfo
) -> tuple[list[LabelRow], list[Problem]]:
    """Read and check a labels CSV; `only` is the plot type of every row, whatever the file says.

    Times without an offset are in `zone`. Raises UsageError when the file itself is of no use.
    """
    rows: list[LabelRow] = []
    problems: list[Problem] = []
    first: dict[tuple[str, Path], LabelRow] = {}
    for line, cells in _cells(csv_file, ("filename", "label") if only else ("filename", "plot", "label")):
        try:
            row = _row(line, cells, (csv_file.parent, directory), plot_types, only, zone)
        except ValueError as error:
            problems.append(Problem(line, str(error)))
            continue
        twin = first.setdefault((row.plot_type, row.file), row)
        if twin is row:
            rows.append(row)
        else:
            same = "the same" if twin.label == row.label else f"another label ({twin.label})"
            problems.append(Problem(line, f"{row.filename} stands in line {twin.line} already, with {same}; keep one"))
    return rows, problems


def load_rows(rows: Sequence[LabelRow], archive: Archive, limits: Limits) -> Imported:
    """Check every picture and put it into the archive. Raises StoreError when the archive's disk fails."""
    with ThreadPoolExecutor(_READERS) as pool:
        loaded = list(pool.map(lambda row: _load(row, archive, limits), rows))
    plots = tuple(found[0] for found in loaded if not isinstance(found, Problem))
    pictures = {found[1].sha256: found[1] for found in loaded if not isinstance(found, Problem)}
    return Imported(plots, pictures, tuple(found for found in loaded if isinstance(found, Problem)))


def _cells(csv_file: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line number and cells of every row that is not empty."""
    try:
        with csv_file.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", restval="")
            header = [name.strip() for name in reader.fieldnames or ()]
            missing = [name for name in needed if name not in header]
            if missing:
                raise UsageError(
                    f"{csv_file}: the first line must name the columns, separated by commas; "
                    f"missing: {', '.join(missing)}; found: {', '.join(header) or 'nothing'}"
                )
            reader.fieldnames = header
            for cells in reader:
                yield reader.line_num, cells
    except FileNotFoundError as error:
        raise UsageError(f"labels file {csv_file} does not exist; check the name") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"labels file {csv_file} cannot be read ({error}); save it as CSV in UTF-8") from error


def _row(
    line: int,
    cells: Mapping[str, object],
    places: Sequence[Path],
    plot_types: Mapping[str, PlotType],
    only: str | None,
    zone: tzinfo,
) -> LabelRow:
    """Check one row; raises ValueError that says what is wrong."""
    if "" in cells:
        raise ValueError("more cells than the header has columns; put names with commas into quotes")
    cell = {name: str(value).strip() for name, value in cells.items()}
    name = only or cell["plot"]
    if name not in plot_types:
        raise ValueError(f"unknown plot type {name!r}; the configuration has {', '.join(plot_types)}")
    classes = plot_types[name].class_names()
    if cell["label"] not in classes:
        raise ValueError(
            f"unknown label {cell['label']!r}; {name} has {', '.join(classes)} (see `classes` in the config)"
        )
    split = cell.get("split", "")
    if split and split.lower() not in SPLITS:
        raise ValueError(f"unknown split {split!r}; use train, validation, test or nothing")
    return LabelRow(
        line=line,
        filename=cell["filename"],
        file=_find(cell["filename"], places),
        plot_type=name,
        label=cell["label"],
        run=_number(cell, "run"),
        chunk=_number(cell, "chunk"),
        taken_at=_time(cell.get("taken_at", ""), zone),
        split=SPLITS[split.lower()] if split else None,
        group=cell.get("group") or None,
    )


def _find(filename: str, places: Sequence[Path]) -> Path:
    """Return the file: absolute, or relative to the first place that has it."""
    if not filename or "\0" in filename:
        raise ValueError("the filename is empty or not a name")
    for place in places:
        file = place / filename
        if file.is_file():
            return file
    raise ValueError(f"{filename} does not exist, neither beside the CSV nor in the directory given")


def _number(cell: Mapping[str, str], name: str) -> int:
    text = cell.get(name, "")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or int(text) > _LARGEST:
        raise ValueError(f"{name} {text!r} is not a whole number from 0 to {_LARGEST}")
    return int(text)


def _time(text: str, zone: tzinfo) -> datetime | None:
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"taken_at {text!r} is not a time such as 2026-11-24T13:05:00") from error


def _load(row: LabelRow, archive: Archive, limits: Limits) -> tuple[LabelledPlot, Image] | Problem:
    try:
        data = row.file.read_bytes()
        modified = datetime.fromtimestamp(row.file.stat().st_mtime, UTC)
        picture = images.describe(data, images.decode(data, limits))
        archive.put(data)
    except OSError as error:
        return Problem(row.line, f"{row.filename} cannot be read: {error.strerror}")
    except ImageError as error:
        return Problem(row.line, f"{row.filename} is no plot ({error.code}): {error}")
    # Without a time of its own a plot must be the same one when its files are copied elsewhere and imported again.
    uid = arrival_uid(row.plot_type, row.filename, row.taken_at or _NO_TIME, picture.sha256)
    plot = Plot(
        uid=uid,
        plot_type=row.plot_type,
        run=row.run,
        chunk=row.chunk,
        taken_at=row.taken_at or modified,
        received_at=datetime.now(UTC),
        source=row.filename,
        sha256=picture.sha256,
    )
    return LabelledPlot(plot, row.label, row.split, row.group), picture
