"""Training sets: files, labels, splits by run; and the command that writes them."""

import csv
import json
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from hydra_cli.simulate import register
from hydra_core.errors import UsageError
from hydra_ml.simulate import faults, labels, write_training_set
from hydra_ml.simulate.training import COLUMNS

TYPES = ("ST_occupancy", "fa125_itrig")
PER_CLASS = 9


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def hydra(*arguments: str) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_training_set(tmp_path_factory.mktemp("set"), TYPES, PER_CLASS, seed=3, runs=6)


def test_every_class_has_its_plots_and_every_file_is_there(written: Path) -> None:
    rows = rows_of(written)
    assert tuple(rows[0]) == COLUMNS
    for plot_type in TYPES:
        for label in labels(plot_type):
            assert sum(r["plot"] == plot_type and r["label"] == label for r in rows) == PER_CLASS
    assert len(rows) == PER_CLASS * 5 == len(list(written.parent.rglob("*.png")))
    for row in rows:
        assert row["filename"] == f"Run{int(row['run']):06d}/{row['plot']}_{int(row['chunk']):04d}.png"
        with Image.open(written.parent / row["filename"]) as image:
            image.load()


def test_boxes_and_faults_stand_where_the_label_says_so(written: Path) -> None:
    for row in rows_of(written):
        boxes = json.loads(row["boxes"])
        assert bool(boxes) == bool(row["fault"]) == (row["label"] != "Good")
        assert all(len(box) == 4 for box in boxes)


def test_a_set_with_severities_says_them_and_is_no_other_where_there_is_no_fault(written: Path, tmp_path: Path) -> None:
    subtle = write_training_set(tmp_path, TYPES, PER_CLASS, seed=3, runs=6, severity=(0.0, 0.3))
    pairs = list(zip(rows_of(written), rows_of(subtle), strict=True))
    assert {row["severity"] for row, _ in pairs} == {""}
    asked = [float(row["severity"]) for _, row in pairs if row["fault"]]
    assert 0 <= min(asked) < 0.05 and 0.25 < max(asked) <= 0.3
    for before, after in pairs:
        same = (written.parent / before["filename"]).read_bytes() == (tmp_path / after["filename"]).read_bytes()
        assert before["fault"] == after["fault"] and (same or after["fault"])
    assert any(
        (written.parent / b["filename"]).read_bytes() != (tmp_path / b["filename"]).read_bytes() for b, _ in pairs
    )


def test_faults_take_turns(written: Path) -> None:
    seen = {row["fault"] for row in rows_of(written) if row["plot"] == "ST_occupancy"} - {""}
    assert seen == {fault.name for fault in faults("ST_occupancy")}


def test_a_run_stands_in_one_split_and_is_the_group(written: Path) -> None:
    rows = rows_of(written)
    by_run: dict[str, set[str]] = {}
    for row in rows:
        by_run.setdefault(row["run"], set()).add(row["split"])
        assert row["group"] == row["run"]
    assert len(by_run) == 6 and all(len(splits) == 1 for splits in by_run.values())
    assert {split for splits in by_run.values() for split in splits} == {"train", "validation", "test"}


def test_the_chunk_number_does_not_tell_the_label(written: Path) -> None:
    order = [r["label"] for r in rows_of(written) if r["plot"] == "ST_occupancy"]
    assert order != sorted(order, key=labels("ST_occupancy").index)


def test_same_seed_writes_the_same_bytes(written: Path, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    again = write_training_set(tmp_path, TYPES, PER_CLASS, 3, 6, lambda done, total: calls.append((done, total)))
    assert again.read_bytes() == written.read_bytes()
    for row in rows_of(again):
        assert (tmp_path / row["filename"]).read_bytes() == (written.parent / row["filename"]).read_bytes()
    assert calls[-1] == (45, 45) and len(calls) == 45


def test_a_second_set_in_one_directory_and_too_few_runs_are_refused(written: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="already holds a training set"):
        write_training_set(written.parent, TYPES, 1, 3, 3)
    with pytest.raises(UsageError, match="3 runs"):
        write_training_set(tmp_path, TYPES, 1, 3, 2)


def test_the_command_writes_a_set_and_lists_what_can_go_wrong(tmp_path: Path) -> None:
    done = hydra("simulate", "Trigger-Bits", "--out", str(tmp_path / "set"), "--per-class", "1", "--runs", "3")
    assert done.exit_code == 0, done.output
    assert {row["label"] for row in rows_of(Path(done.output.strip()))} == {"Good", "Bad", "NoData"}
    listed = hydra("simulate", "CDC_occupancy", "--list").output
    assert all(fault.name in listed for fault in faults("CDC_occupancy"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "x", "--severity", "2"], "a number from 0 to 1"),
        (["--out", "x", "--severity", "0.5:0.1"], "a range like 0:0.5"),
        (["--feed", "x", "--severity", "0:1"], "one severity, not a range"),
        (["--out", "x", "--renderer", "gnuplot"], "matplotlib or root"),
        ([], "say what to do"),
        (["--out", "x", "--list"], "say what to do"),
        (["--feed", "x", "--period", "8"], "no duration"),
        (["CDC", "--feed", "x"], "cannot simulate plot type 'CDC'"),
        (["--feed", "x", "--fault-every", "5", "--fault-length", "5"], "heal before the next"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(arguments: list[str], message: str, tmp_path: Path) -> None:
    arguments = [str(tmp_path / a) if a == "x" else a for a in arguments]
    with pytest.raises(UsageError, match=message):
        hydra("simulate", *arguments)
    assert not list(tmp_path.iterdir())
