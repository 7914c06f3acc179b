"""One training of a sweep: on a frozen set of plots, judged by its validation plots alone, with a file as its result.

The file makes it exactly once: a trial that is done is never repeated, and one whose worker was killed goes on from
its last epoch, in whatever process.
"""

import hashlib
import io
import json
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hydra_core.domain import LabelledPlot, PlotType
from hydra_core.errors import ModelError
from hydra_ml.calibrate import HeldOut
from hydra_ml.dataset import Dataset
from hydra_ml.metrics import Scores, Truth
from hydra_ml.packing import TrainingOptions
from hydra_ml.progress import Epoch, LogProgress
from hydra_ml.training import Fitted, build_network, fit_model, labelled_dataset

Weights = list[npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Trial:
    """One training to make; `choices` are what a person varied, `options` all of it."""

    number: int
    choices: Mapping[str, object]
    options: TrainingOptions


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What a trial came to, on the validation plots; `digest` names its weights, `dataset` the plots it learnt from.

    `threads` is what TensorFlow used, `resumed_after` the epochs that a killed worker had done before; `failed` says
    why it came to nothing.
    """

    number: int
    balanced_accuracy: float
    loss: float
    epochs: int
    seconds: float
    plots_per_second: float
    policy: str
    devices: int
    digest: str
    dataset: str
    threads: int
    resumed_after: int
    failed: str = ""


class TrialRunner:
    """Makes trials of one plot type on frozen plots; lives in a worker, where it keeps the prepared pictures."""

    def __init__(self, plot_type: PlotType, plots: tuple[LabelledPlot, ...], archive: Path, directory: Path) -> None:
        self._plot_type = plot_type
        self._plots = plots
        self._archive = archive
        self._directory = directory
        self._prepared: tuple[object, Dataset] | None = None

    def __call__(self, trial: Trial) -> TrialResult:
        """Return the trial's result, making it unless it is there; one that cannot be made says why."""
        try:
            return self._known(trial) or self._made(trial)
        except ModelError as error:
            return _failed(trial, str(error))

    def _made(self, trial: Trial) -> TrialResult:
        import cv2
        import keras

        from hydra_ml.engines.threads import pin_threads

        cv2.setNumThreads(1)
        pin_threads(1)
        keras.utils.clear_session()
        started = time.monotonic()
        dataset = self.dataset(trial.options)
        checkpoint = self._file(trial, "checkpoint.npz")
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        _write(self._file(trial, "worker.txt"), f"{socket.gethostname()} {os.getpid()}\n".encode())
        options = replace(trial.options, resume=checkpoint.exists(), threads=1)
        watcher = _FirstEpoch()
        fitted = fit_model(dataset, options, checkpoint, watcher)
        result = _result(trial, fitted, dataset, time.monotonic() - started, watcher.first - 1)
        self._keep(trial, fitted, result)
        checkpoint.unlink(missing_ok=True)
        return result

    def dataset(self, options: TrainingOptions) -> Dataset:
        """Return the plots as these options see them; those prepared last are kept."""
        from hydra_core.archive import FileArchive

        key = (options.input_size, options.architecture if options.input_size is None else None, options.crop)
        if self._prepared is None or self._prepared[0] != key:
            archive = FileArchive(self._archive)
            self._prepared = key, labelled_dataset(self._plot_type, self._plots, archive, options, LogProgress())
        return self._prepared[1]

    def fitted(self, trial: Trial, result: TrialResult) -> Fitted:
        """Return the network of a trial that is done. Raises OSError when its file is gone."""
        with np.load(self._file(trial, "fitted.npz"), allow_pickle=False) as saved:
            about = json.loads(str(saved["about"]))
            weights = [saved[f"weight{i}"] for i in range(about["weights"])]
            held_out = _held_out(saved, about["held_out"])
        model = build_network(self.dataset(trial.options), trial.options)
        model.set_weights(weights)
        history = [Epoch(**epoch) for epoch in about["history"]]
        return Fitted(model, history, result.policy, result.devices, held_out)

    def _file(self, trial: Trial, name: str) -> Path:
        """Return a trial's file; each has a directory of its own, for two trials never share a file."""
        return self._directory / f"trial{trial.number}" / name

    def _known(self, trial: Trial) -> TrialResult | None:
        try:
            return TrialResult(**json.loads(self._file(trial, "result.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def _keep(self, trial: Trial, fitted: Fitted, result: TrialResult) -> None:
        """Write weights and then the result, each beside and renamed, so that a result always has its weights."""
        weights, held = fitted.model.get_weights(), fitted.held_out
        about = {
            "weights": len(weights),
            "history": [asdict(epoch) for epoch in fitted.history],
            "held_out": {"runs": held.runs, "origin": held.origin} if held is not None else None,
        }
        arrays = {f"weight{i}": array for i, array in enumerate(weights)}
        if held is not None:
            arrays |= {"scores": held.scores, "truth": held.truth, "rows": held.rows}
        packed = io.BytesIO()
        np.savez(packed, allow_pickle=False, about=np.array(json.dumps(about)), **arrays)
        _write(self._file(trial, "fitted.npz"), packed.getvalue())
        _write(self._file(trial, "result.json"), json.dumps(asdict(result)).encode())


def _held_out(saved: Mapping[str, npt.NDArray[Any]], about: Mapping[str, Any] | None) -> HeldOut | None:
    if about is None:
        return None
    return HeldOut(saved["scores"], saved["truth"], tuple(about["runs"]), saved["rows"], about["origin"])


def _write(file: Path, data: bytes) -> None:
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    beside.write_bytes(data)
    beside.replace(file)


class _FirstEpoch(LogProgress):
    """Logs a training, and remembers the first epoch that was made (1: it began at the beginning)."""

    def __init__(self) -> None:
        self.first = 1
        self._seen = False

    def epoch(self, epoch: Epoch) -> None:
        """Log the epoch."""
        if not self._seen:
            self._seen, self.first = True, epoch.number
        super().epoch(epoch)


def _failed(trial: Trial, why: str) -> TrialResult:
    nothing = float("nan")
    return TrialResult(trial.number, nothing, nothing, 0, 0.0, 0.0, "", 0, "", "", 0, 0, why)


def _result(trial: Trial, fitted: Fitted, dataset: Dataset, seconds: float, resumed_after: int) -> TrialResult:
    import tensorflow as tf

    from hydra_ml.metrics import class_weights, evaluate_scores, log_loss

    scores, truth = validation_scores(fitted, dataset)
    weights = class_weights(truth, scores.shape[1])
    spent = sum(e.seconds for e in fitted.history)
    return TrialResult(
        number=trial.number,
        balanced_accuracy=float(evaluate_scores(dataset.classes, scores, truth).balanced_accuracy),
        loss=float(log_loss(scores, truth, weights)),
        epochs=len(fitted.history),
        seconds=round(seconds, 2),
        plots_per_second=round(sum(e.plots for e in fitted.history) / spent, 1) if spent > 0 else 0.0,
        policy=fitted.policy,
        devices=fitted.devices,
        digest=weights_digest(fitted.model.get_weights()),
        dataset=dataset.digest,
        threads=tf.config.threading.get_intra_op_parallelism_threads(),
        resumed_after=resumed_after,
    )


def validation_scores(fitted: Fitted, dataset: Dataset) -> tuple[Scores, Truth]:
    """Return scores (n, classes) of the validation plots by what has not learnt from them, and their truth.

    A head that was fitted alone has learnt from the validation side too: its scores are those of the fits without.
    """
    from hydra_ml.fitting import inference, scores_of

    held = fitted.held_out
    if held is not None:
        chosen = [i for i, row in enumerate(held.rows) if dataset.splits[row] == "validation"]
        if chosen:
            return held.scores[chosen], held.truth[chosen]
    validation = dataset.part("validation")
    return scores_of(inference(fitted.model), validation.images, len(dataset.classes)), validation.truth


def weights_digest(weights: Weights) -> str:
    """Return the sha256 hex of weights, shapes and all."""
    found = hashlib.sha256()
    for array in weights:
        found.update(f"{array.shape}{array.dtype}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()
