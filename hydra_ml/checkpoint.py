"""Keep an unfinished fit on disk, so that `--resume` continues it exactly where it stopped.

One NumPy archive without pickles, written beside and renamed: a crash leaves the last whole epoch.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hydra_core.errors import ModelError
from hydra_ml.progress import Epoch

if TYPE_CHECKING:
    import keras

Arrays = list[npt.NDArray[Any]]
GROUPS = ("weights", "optimizer", "average", "best")


@dataclass(slots=True)
class FitState:
    """How far a fit is: its history, and the weights of the best epoch (None before the first)."""

    history: list[Epoch] = field(default_factory=list)
    best: Arrays | None = None

    def add(self, epoch: Epoch, averaged: Arrays) -> None:
        """Append an epoch, and keep its averaged weights if none was better."""
        losses = [e.val_loss for e in self.history]
        if not losses or not epoch.val_loss >= np.nanmin([*losses, np.inf]):
            self.best = averaged
        self.history.append(epoch)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A fit's file. `fingerprint` names data, network and options: another fit's file is never continued."""

    path: Path | None
    fingerprint: str = ""
    resume: bool = False

    def restore(self, model: "keras.Model", optimizer: Any, average: list[Any]) -> FitState:
        """Return the saved state and put its weights back; a fresh state when not resuming.

        Raises ModelError when there is nothing to resume or it belongs to another data set or other options.
        """
        if not self.resume or self.path is None:
            return FitState()
        try:
            with np.load(self.path, allow_pickle=False) as saved:
                head = json.loads(str(saved["head"]))
                groups = {g: [saved[f"{g}{i}"] for i in range(head[g])] for g in GROUPS}
        except FileNotFoundError as error:
            raise ModelError(f"nothing to resume: {self.path} does not exist; train without --resume") from error
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"checkpoint {self.path} is damaged ({error}); train without --resume") from error
        if head["fingerprint"] != self.fingerprint:
            raise ModelError(
                f"checkpoint {self.path} is of other labels or options; give the same ones, or train without --resume"
            )
        model.set_weights(groups["weights"])
        stored = groups["optimizer"] + groups["average"]
        for variable, value in zip([*optimizer.variables, *average], stored, strict=True):
            variable.assign(value)
        return FitState([Epoch(**e) for e in head["history"]], groups["best"])

    def save(self, model: "keras.Model", optimizer: Any, averaged: Arrays, state: FitState) -> None:
        """Write the state after an epoch."""
        if self.path is None:
            return
        groups: dict[str, Arrays] = {
            "weights": model.get_weights(),
            "optimizer": [v.numpy() for v in optimizer.variables],
            "average": averaged,
            "best": state.best or [],
        }
        counts = {name: len(arrays) for name, arrays in groups.items()}
        head = {"fingerprint": self.fingerprint, "history": [asdict(e) for e in state.history], **counts}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_name(self.path.name + ".tmp")
        with beside.open("wb") as file:
            numbered = {f"{name}{i}": a for name, arrays in groups.items() for i, a in enumerate(arrays)}
            np.savez(file, allow_pickle=False, head=np.array(json.dumps(head)), **numbered)
        beside.replace(self.path)
