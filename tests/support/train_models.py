"""Draws plots of two types, trains a real model for each and keeps pictures that it is sure of: a process of its own.

Called with an empty directory, it leaves there ``hall.yaml``, ``data/`` (database, pictures, models) and
``bank/PLOT/CLASS_NN.png``. Only plain faults are drawn, so that a small model is sure after a few epochs.
"""

import sys
from pathlib import Path

import numpy as np

from hydra_core import images
from hydra_core.archive import FileArchive
from hydra_core.config import HallConfig, load_config
from hydra_core.domain import LabelledPlot, Plot, PlotType
from hydra_core.store import SqlStore, open_store
from hydra_ml.progress import Epoch
from hydra_ml.simulate import RunConditions, draw, png, sample
from hydra_ml.training import TrainingOptions, train
from support.hall import PLOTS, hall_yaml
from support.plots import T0

FAULTS = {"Trigger-Bits": ("no_beam", "no_pulsers"), "ST_occupancy": ("missing_tdc", "missing_adc")}
PER_CLASS, RUNS = 36, 9
BANK, SURE, USUAL = 12, 0.95, 0.97


class Silent:
    """Progress that nobody watches."""

    def stage(self, text: str) -> None: ...

    def epoch(self, epoch: Epoch) -> None: ...

    def warning(self, text: str) -> None: ...


def main(folder: Path) -> None:
    """Train, then fill the bank. Raises AssertionError when a model is not sure of enough plots."""
    (folder / "data").mkdir(parents=True)
    config = folder / "hall.yaml"
    config.write_text(hall_yaml(folder, "TRAIN:", 5064, 8080))
    hall = load_config(config)
    store = open_store(hall.database_url())
    store.upgrade()
    store.sync_plot_types(hall.plot_types())
    for plot_type in hall.plot_types():
        if plot_type.name in FAULTS:
            _train(hall, store, plot_type)
            _fill_bank(folder / "bank" / plot_type.name, hall, store, plot_type)
    store.close()


def _drawn(name: str, label: str, number: int, first_run: int) -> bytes:
    run = RunConditions(first_run + 137 * (number % RUNS), 1)
    fault = FAULTS[name][number % 2] if label == "Bad" else None
    rng = np.random.default_rng([first_run, number, len(label)])
    return png(draw(sample(name, rng, run=run, label=label, fault=fault), run.style()))


def _train(hall: HallConfig, store: SqlStore, plot_type: PlotType) -> None:
    archive, rows, pictures = FileArchive(hall.archive.path), [], {}
    for label in plot_type.class_names():
        for number in range(PER_CLASS):
            data = _drawn(plot_type.name, label, number, 120001)
            picture = images.describe(data, images.decode(data))
            archive.put(data)
            pictures[picture.sha256] = picture
            uid = f"{list(FAULTS).index(plot_type.name):08x}{len(rows):024x}"
            source = f"{label}_{number}.png"
            plot = Plot(uid, plot_type.name, number % RUNS, number, T0, T0, source, picture.sha256)
            split = ("test", "validation", "train")[min(number % RUNS, 2)]
            rows.append(LabelledPlot(plot, label, split))
    store.add_labels(rows, pictures, "test", "test")
    options = TrainingOptions(architecture="compact", input_size=80, epochs=20, patience=20, threads=2)
    record = train(plot_type, store, archive, hall.models.path, options, Silent())
    store.promote(plot_type.name, record.ref.version, "test")


def _fill_bank(folder: Path, hall: HallConfig, store: SqlStore, plot_type: PlotType) -> None:
    from hydra_ml.registry import load_active

    classifier = load_active(plot_type, store, hall.models.path)
    folder.mkdir(parents=True)
    plot = Plot("0" * 32, plot_type.name, 1, 1, T0, T0, "", "")
    for label in plot_type.class_names():
        kept = 0
        for number in range(4 * BANK):
            data = _drawn(plot_type.name, label, number, 120501)
            prediction = classifier.predict([(plot, images.decode(data))])[0]
            if prediction.top()[0] == label and prediction.top()[1] >= SURE and prediction.novelty < USUAL:
                (folder / f"{label}_{kept:02d}.png").write_bytes(data)
                kept += 1
            if kept == BANK:
                break
        assert kept == BANK, f"the model of {plot_type.name} is sure of {kept} {label} plots only"


if __name__ == "__main__":
    assert set(FAULTS) <= set(PLOTS)
    main(Path(sys.argv[1]))
