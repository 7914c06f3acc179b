"""The commands as people type them: import, train, model, evaluate, classify, each a process of its own."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage
from support.commands import Hydra
from support.lab import draw, png


def draw_set(directory: Path, per_class: int, seed: int) -> Path:
    """Write plots and their labels.csv, and return the CSV."""
    rng = np.random.default_rng(seed)
    rows = []
    for label in ("Good", "Bad", "NoData"):
        for number in range(per_class):
            name = f"{label}_{number:04d}.png"
            (directory / name).write_bytes(png(draw(label, rng)))
            rows.append({"filename": name, "plot": "CDC_occupancy", "label": label, "run": str(120001 + number % 5)})
    with (directory / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["filename", "plot", "label", "run"])
        writer.writeheader()
        writer.writerows(rows)
    return directory / "labels.csv"


@pytest.fixture(scope="module")
def hydra(tmp_path_factory: pytest.TempPathFactory) -> Hydra:
    """A hall with 15 plots a class imported and an active model."""
    from db_schema.migrate import upgrade

    directory = tmp_path_factory.mktemp("hall")
    run = Hydra(directory)
    upgrade(f"sqlite:///{directory / 'data' / 'hydra.sqlite3'}")
    (directory / "plots").mkdir()
    labels = draw_set(directory / "plots", 15, seed=2)
    imported = json.loads(run("import", "plots", "--labels", str(labels), "--json").stdout)
    assert (imported["imported"], imported["failed"]) == (45, 0)
    trained = run(
        "train", "CDC_occupancy", "--architecture", "compact", "--input-size", "48", "--epochs", "10", "--promote"
    )
    assert "CDC_occupancy v1: balanced accuracy" in trained.stdout and "; active, in" in trained.stdout
    assert "epoch number=10 of=10" in trained.stderr
    return run


def test_importing_again_changes_nothing(hydra: Hydra) -> None:
    done = hydra("import", "plots", "--labels", "plots/labels.csv")
    assert "45 plots imported (0 new or changed)" in done.stdout


def test_bad_rows_are_named_and_make_the_exit_code_one(hydra: Hydra) -> None:
    (hydra.directory / "broken.csv").write_text(
        "filename,label\nplots/Good_0000.png,Good\nplots/none.png,Good\nplots/Bad_0000.png,Wrong\n"
    )
    done = hydra("import", ".", "--labels", "broken.csv", "--plot", "CDC_occupancy", code=1)
    assert "broken.csv:3: plots/none.png does not exist" in done.stderr
    assert "broken.csv:4: unknown label 'Wrong'; CDC_occupancy has Good, Bad, NoData" in done.stderr
    assert "1 plots imported" in done.stdout and "2 rows left out" in done.stdout


def test_wrong_usage_is_exit_code_two(hydra: Hydra) -> None:
    assert "unknown; " in hydra("import", ".", "--labels", "x.csv", "--plot", "CDC", code=2).stderr
    assert "does not exist" in hydra("import", ".", "--labels", "x.csv", code=2).stderr
    assert "unknown plot type 'CDC'" in hydra("train", "CDC", code=2).stderr
    assert "names no model" in hydra("evaluate", "nonsense", code=2).stderr
    assert "give four fractions" in hydra("train", "CDC_occupancy", "--crop", "1,2", code=2).stderr


def test_classify_answers_one_line_a_file_and_goes_on_after_a_bad_one(hydra: Hydra) -> None:
    good = hydra.directory / "plots" / "Good_0003.png"
    (hydra.directory / "cut.png").write_bytes(good.read_bytes()[:200])
    (hydra.directory / "maps").mkdir(exist_ok=True)
    files = ["cut.png", str(good), "plots/Bad_0003.png", "gone.png"]
    done = hydra("classify", *files, "--plot", "CDC_occupancy", "--json", "--heatmap", "maps", code=1)
    cut, first, second, gone = (json.loads(line) for line in done.stdout.splitlines())
    assert (cut["file"], cut["error"]) == ("cut.png", "TRUNCATED")
    assert gone["error"] == "READ" and "gone.png" in gone["message"]
    assert (first["class"], second["class"]) == ("Good", "Bad")
    keys = {"file", "plot", "model", "class", "confidence", "scores", "novelty", "cam_peak", "took_ms"}
    assert set(first) == keys and first["model"] == "CDC_occupancy v1"
    assert list(first["scores"]) == ["Good", "Bad", "NoData"]
    assert sum(first["scores"].values()) == pytest.approx(1, abs=1e-5)
    assert second["confidence"] == max(second["scores"].values())
    assert all(0 <= v <= 1 for v in second["cam_peak"])
    with PilImage.open(hydra.directory / "maps" / "Bad_0003-heatmap.png") as heat:
        assert heat.size == (96, 96)


def test_good_plots_alone_make_a_model_that_says_what_is_not_like_them(tmp_path: Path) -> None:
    from db_schema.migrate import upgrade
    from hydra_ml.simulate import RunConditions, Style, sample
    from hydra_ml.simulate import draw as drawn
    from hydra_ml.simulate import png as encoded

    hydra, lines = Hydra(tmp_path), ["filename,plot,label,run"]
    upgrade(f"sqlite:///{tmp_path / 'data' / 'hydra.sqlite3'}")
    for number, fault in enumerate([*[None] * 30, "missing_roc", "gain", "no_data"]):
        content = sample(
            "CDC_occupancy",
            np.random.default_rng(number),
            run=RunConditions(120001 + number % 6),
            label=None if fault else "Good",
            fault=fault,
        )
        (tmp_path / f"{number}.png").write_bytes(encoded(drawn(content, Style())))
        if number < 24:
            lines.append(f"{number}.png,CDC_occupancy,Good,{120001 + number % 6}")
    (tmp_path / "good.csv").write_text("\n".join(lines) + "\n")
    hydra("import", ".", "--labels", "good.csv")
    trained = hydra("train", "CDC_occupancy", "--promote")
    assert "knows only good plots; it can say SUSPECT, never BAD" in trained.stderr
    assert "CDC_occupancy v1: not measured; active" in trained.stdout
    done = hydra("classify", *(f"{n}.png" for n in range(24, 33)), "--plot", "CDC_occupancy", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert {answer["class"] for answer in found} == {"Good"}
    assert [answer["novelty"] >= 0.99 for answer in found] == [False] * 6 + [True] * 3


def test_classify_for_people_and_with_a_chosen_model(hydra: Hydra) -> None:
    done = hydra("classify", "plots/Bad_0001.png", "--plot", "CDC_occupancy", "--model", "CDC_occupancy v1")
    assert done.stdout.startswith("plots/Bad_0001.png: Bad 0.") and "by CDC_occupancy v1" in done.stdout
    hydra("classify", "a.png", "b.png", "--plot", "CDC_occupancy", "--heatmap", "one.png", code=2)


def test_evaluate_prints_the_same_figures_by_any_name_of_the_model(hydra: Hydra) -> None:
    names = ("CDC_occupancy v1", str(hydra.directory / "data" / "models" / "CDC_occupancy" / "v1"))
    found = [json.loads(hydra("evaluate", name, "--json").stdout) for name in names]
    assert found[0] == found[1]
    assert found[0]["balanced_accuracy"] >= 0.9 and found[0]["split"] == "test"


def test_evaluate_takes_plots_labelled_since(hydra: Hydra) -> None:
    (hydra.directory / "later").mkdir()
    labels = draw_set(hydra.directory / "later", 2, seed=3)
    hydra("import", "later", "--labels", str(labels))
    done = hydra("evaluate", "CDC_occupancy:1", "--split", "new")
    assert "new plots: balanced accuracy" in done.stdout and "NoData" in done.stdout


def test_the_library_lists_shows_promotes_and_rolls_back(hydra: Hydra) -> None:
    trained = hydra("train", "CDC_occupancy", "--architecture", "compact", "--input-size", "48", "--epochs", "1")
    assert "CDC_occupancy v1 is active; to use this one: hydra model promote CDC_occupancy:2" in trained.stdout
    assert hydra("model", "promote", "CDC_occupancy:2").stdout == "CDC_occupancy v2 is active\n"
    states = {m["version"]: m["state"] for m in json.loads(hydra("model", "list", "--json").stdout)}
    assert states == {1: "retired", 2: "active"}
    assert hydra("model", "rollback", "CDC_occupancy").stdout == "CDC_occupancy v1 is active\n"
    assert json.loads(hydra("model", "show", "CDC_occupancy v2").stdout)["version"] == 2
    assert "does not exist" in hydra("model", "promote", "CDC_occupancy:9", code=1).stderr


def test_thresholds_are_chosen_and_put_in_force(hydra: Hydra) -> None:
    shown = hydra("thresholds", "CDC_occupancy", "--method", "budget", "--per-shift", "1", "--version", "1")
    assert "CDC_occupancy v1, from" in shown.stdout and "nothing is changed" in shown.stdout
    assert "cannot prove it" in shown.stdout, "a handful of plots proves no false alarm rate"
    chosen = json.loads(hydra("thresholds", "CDC_occupancy", "--method", "cost", "--apply", "--json").stdout)
    assert chosen["applied"] and {t["class_name"] for t in chosen["thresholds"]} <= {"Bad", "NoData"}
    record = json.loads(hydra("model", "list", "--json").stdout)[0]
    for one in chosen["thresholds"]:
        assert record["thresholds"][one["class_name"]] == one["threshold"] and one["method"] == "cost"
    assert "unknown method 'best'" in hydra("thresholds", "CDC_occupancy", "--method", "best", code=2).stderr
    assert "--class Worse: unknown" in hydra("thresholds", "CDC_occupancy", "--class", "Worse", code=2).stderr
    assert "v77 is not in the library" in hydra("thresholds", "CDC_occupancy", "--version", "77", code=1).stderr


def test_a_model_is_compared_with_the_active_one(hydra: Hydra) -> None:
    done = hydra("evaluate", "CDC_occupancy:2", "--against", "active", "--report", "page.html")
    assert "CDC_occupancy v1" in done.stdout and "95 % intervals over" in done.stdout
    assert "Against CDC_occupancy v1" in (hydra.directory / "page.html").read_text()
    found = json.loads(hydra("evaluate", "CDC_occupancy:2", "--against", "CDC_occupancy:1", "--json").stdout)
    assert found["comparison"]["plots"] + found["comparison"]["excluded"] == sum(map(sum, found["confusion"]))
    assert found["classes"]["Bad"]["recall_interval"][0] < 1
    assert (
        "that is CDC_occupancy v1 itself" in hydra("evaluate", "CDC_occupancy:1", "--against", "active", code=2).stderr
    )


def test_the_learning_curve_says_whether_more_labels_help(hydra: Hydra) -> None:
    words = ("--architecture", "light", "--repeats", "1", "--out", "curve.png", "--json")
    found = json.loads(hydra("learning-curve", "CDC_occupancy", *words).stdout)
    labels = [point["labels"] for point in found["points"]]
    assert labels == sorted(set(labels)) and all(0 <= p["low"] <= p["high"] <= 1 for p in found["points"])
    assert "labels" in found["advice"]
    with PilImage.open(hydra.directory / "curve.png") as picture:
        assert picture.format == "PNG"
    assert "give a .svg or .png" in hydra("learning-curve", "CDC_occupancy", "--out", "curve.pdf", code=2).stderr


def test_a_damaged_bundle_is_not_promoted(hydra: Hydra, tmp_path: Path) -> None:
    report = hydra.directory / "data" / "models" / "CDC_occupancy" / "v1" / "report.html"
    kept = report.read_bytes()
    report.write_bytes(kept + b"!")
    try:
        assert "report.html: checksum mismatch" in hydra("model", "promote", "CDC_occupancy:1", code=1).stderr
    finally:
        report.write_bytes(kept)


def test_help_does_not_load_tensorflow() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from hydra_cli.main import build; "
        "r = CliRunner().invoke(build(), ['train', '--help']); "
        "sys.exit(r.exit_code or ('tensorflow' in sys.modules) or ('cv2' in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
