"""Reading labels: every bad row is named by its line and left out, every good one is kept."""

import io
import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PIL import Image as PilImage
from support.plots import plot_type

from hydra_core.archive import FileArchive
from hydra_core.errors import UsageError
from hydra_core.images import DEFAULT_LIMITS
from hydra_core.label_csv import LabelRow, Problem, load_rows, read_rows

TYPES = {"CDC_occupancy": plot_type()}
ZONE = ZoneInfo("America/New_York")


@pytest.fixture
def plots(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    for number in range(3):
        out = io.BytesIO()
        PilImage.fromarray(np.full((32, 32, 3), 40 * number, np.uint8)).save(out, "PNG")
        (tmp_path / "images" / f"p{number}.png").write_bytes(out.getvalue())
    return tmp_path


def read(plots: Path, text: str, only: str | None = None) -> tuple[list[LabelRow], list[Problem]]:
    (plots / "labels.csv").write_text(text)
    return read_rows(plots / "labels.csv", plots / "images", TYPES, only, ZONE)


def test_a_whole_row(plots: Path) -> None:
    rows, problems = read(
        plots,
        "filename,plot,label,run,chunk,taken_at,split,group,remark\n"
        "images/p0.png,CDC_occupancy,Bad,120001,7,2026-11-24T08:00:00,valid,board 3,dead\n",
    )
    assert not problems
    (row,) = rows
    assert (row.run, row.chunk, row.split, row.group) == (120001, 7, "validation", "board 3")
    assert row.taken_at == datetime(2026, 11, 24, 13, 0, tzinfo=UTC)


def test_paths_may_be_relative_to_the_csv_or_the_directory_or_absolute(plots: Path) -> None:
    absolute = plots / "images" / "p2.png"
    rows, problems = read(plots, f"filename,label\nimages/p0.png,Good\np1.png,Good\n{absolute},Bad\n", "CDC_occupancy")
    assert not problems
    assert [r.file.name for r in rows] == ["p0.png", "p1.png", "p2.png"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("nope.png,CDC_occupancy,Good,1,1,,,", "nope.png does not exist"),
        (",CDC_occupancy,Good,1,1,,,", "filename is empty"),
        ("p0.png,CDC,Good,1,1,,,", "unknown plot type 'CDC'; the configuration has CDC_occupancy"),
        ("p0.png,CDC_occupancy,good,1,1,,,", "unknown label 'good'; CDC_occupancy has Good, Bad, NoData"),
        ("p0.png,CDC_occupancy,,1,1,,,", "unknown label ''"),
        ("p0.png,CDC_occupancy,Good,-1,1,,,", "run '-1' is not a whole number"),
        ("p0.png,CDC_occupancy,Good,1,1.5,,,", "chunk '1.5' is not a whole number"),
        ("p0.png,CDC_occupancy,Good,99999999999,1,,,", "is not a whole number from 0 to 2147483647"),
        ("p0.png,CDC_occupancy,Good,1,1,yesterday,,", "taken_at 'yesterday' is not a time"),
        ("p0.png,CDC_occupancy,Good,1,1,,holdout,", "unknown split 'holdout'"),
        ("p0.png,CDC_occupancy,Good,1,1,,,,,,", "more cells than the header"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_kept(plots: Path, row: str, message: str) -> None:
    header = "filename,plot,label,run,chunk,taken_at,split,group"
    rows, problems = read(plots, f"{header}\np1.png,CDC_occupancy,Good,,,,,\n{row}\np2.png,CDC_occupancy,Bad,,,,,\n")
    assert [r.filename for r in rows] == ["p1.png", "p2.png"]
    assert [p.line for p in problems] == [3] and message in problems[0].message


def test_a_file_labelled_twice_is_kept_once(plots: Path) -> None:
    rows, problems = read(plots, "filename,label\np0.png,Good\nimages/p0.png,Bad\n", "CDC_occupancy")
    assert [r.label for r in rows] == ["Good"]
    assert problems == [Problem(3, "images/p0.png stands in line 2 already, with another label (Good); keep one")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must name the columns"),
        ("filename;plot;label\n", "missing: filename, plot, label"),
        ("filename,label\n", "missing: plot"),
    ],
)
def test_a_file_without_its_columns_is_refused(plots: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read(plots, text)


def test_a_file_that_is_no_text_or_not_there_is_refused(plots: Path) -> None:
    (plots / "bad.csv").write_bytes(b"filename,plot,label\n\xff\xfe\n")
    with pytest.raises(UsageError, match="save it as CSV in UTF-8"):
        read_rows(plots / "bad.csv", plots, TYPES, None, ZONE)
    with pytest.raises(UsageError, match="does not exist"):
        read_rows(plots / "none.csv", plots, TYPES, None, ZONE)


def test_a_byte_order_mark_from_a_spreadsheet_is_fine(plots: Path) -> None:
    rows, problems = read(plots, "\ufefffilename,label\np0.png,Good\n", "CDC_occupancy")
    assert len(rows) == 1 and not problems


def test_pictures_are_archived_and_broken_ones_are_not(plots: Path) -> None:
    (plots / "images" / "p1.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    rows, _ = read(plots, "filename,label\np0.png,Good\np1.png,Bad\n", "CDC_occupancy")
    archive = FileArchive(plots / "archive")
    found = load_rows(rows, archive, DEFAULT_LIMITS)
    assert [p.line for p in found.problems] == [3] and "p1.png is no plot (TRUNCATED)" in found.problems[0].message
    (labelled,) = found.plots
    assert archive.get(labelled.plot.sha256) == (plots / "images" / "p0.png").read_bytes()
    assert found.images[labelled.plot.sha256].width == 32


def test_importing_again_from_elsewhere_gives_the_same_plots(plots: Path) -> None:
    archive = FileArchive(plots / "archive")
    uids = []
    for touched in (1_700_000_000, 1_800_000_000):
        os.utime(plots / "images" / "p0.png", (touched, touched))
        rows, _ = read(plots, "filename,label\np0.png,Good\n", "CDC_occupancy")
        uids.append(load_rows(rows, archive, DEFAULT_LIMITS).plots[0].plot.uid)
    assert uids[0] == uids[1]
