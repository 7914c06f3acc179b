"""Fit a small network on one or two logical devices of this machine's processor, and print its history as JSON.

python -m support.two_devices DEVICES ARCHITECTURE PRECISION
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from hydra_ml.packing import TrainingOptions
from hydra_ml.training import fit_model, labelled_dataset
from support.lab import Watcher, open_lab


def main(devices: int, architecture: str, precision: str) -> None:
    """Fit two epochs on forty-eight plots."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * devices)
    with tempfile.TemporaryDirectory() as directory:
        lab = open_lab(Path(directory))
        lab.label({"Good": 16, "Bad": 16, "NoData": 16}, runs=6)
        options = TrainingOptions(architecture=architecture, input_size=64, epochs=2, precision=precision)
        plots = lab.store.labelled(lab.plot_type.name)
        dataset = labelled_dataset(lab.plot_type, plots, lab.archive, options, Watcher())
        names = [f"CPU:{number}" for number in range(devices)] if devices > 1 else []
        fitted = fit_model(dataset, options, Path(directory) / "checkpoint.npz", Watcher(), names)
        lab.store.close()
    scores = fitted.model.predict(dataset.pictures.astype(np.float32), verbose=0)
    found = {
        "devices": fitted.devices,
        "policy": fitted.policy,
        "loss": [epoch.loss for epoch in fitted.history],
        "plots": [epoch.plots for epoch in fitted.history],
        "right": float((scores.argmax(axis=1) == dataset.truth).mean()),
        "kinds": sorted({str(weight.dtype) for weight in fitted.model.get_weights()}),
        "computes": sorted({layer.compute_dtype for layer in fitted.model.layers}),
        "synchronized": any(getattr(layer, "synchronized", False) for layer in fitted.model.layers),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
