"""A failed board that a labels.csv names keeps its plots together, from `hydra import` to the division."""

import csv
from pathlib import Path

import numpy as np
from support.lab import Watcher, draw, make_plot_type, open_lab, png

from hydra_core.images import Limits
from hydra_core.label_csv import load_rows, read_rows
from hydra_ml.dataset import load_dataset
from hydra_ml.preprocess import NO_CROP


def test_plots_of_a_board_in_several_runs_stand_on_one_side(tmp_path: Path) -> None:
    rng, rows = np.random.default_rng(1), []
    for number in range(60):
        label, run = ("Good", "Bad")[number % 2], 100 + number // 4
        (tmp_path / f"{number}.png").write_bytes(png(draw(label, rng)))
        board = f"board-{number % 10 // 2}" if label == "Bad" else ""
        rows.append({"filename": f"{number}.png", "plot": "CDC_occupancy", "label": label, "run": run, "group": board})
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    lab = open_lab(tmp_path / "lab", make_plot_type(classes=("Good", "Bad")))
    read, problems = read_rows(tmp_path / "labels.csv", tmp_path, {"CDC_occupancy": lab.plot_type}, None, None)  # type: ignore[arg-type]
    found = load_rows(read, lab.archive, Limits())
    lab.store.add_labels(found.plots, found.images, "anna", "import")
    plots = lab.store.labelled("CDC_occupancy")
    dataset = load_dataset(plots, ("Good", "Bad"), lab.archive, 32, NO_CROP, 1, Watcher())
    lab.store.close()
    sides: dict[str | None, set[str | None]] = {}
    for plot, split in zip(dataset.plots, dataset.splits, strict=True):
        sides.setdefault(plot.group or f"run {plot.plot.run}", set()).add(split)
    assert not problems and sum(name is not None and name.startswith("board") for name in sides) == 5
    assert all(len(found) == 1 for found in sides.values())
    boards = {side for name, found in sides.items() if name and name.startswith("board") for side in found}
    assert boards == {"train", "validation", "test"}
