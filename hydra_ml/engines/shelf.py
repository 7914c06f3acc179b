"""The engines in use: one for each different body, proven on each model's golden pictures before it judges."""

import logging
import weakref
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from hydra_core.errors import ModelError
from hydra_ml.engines.port import Engine
from hydra_ml.engines.split import body_digest
from hydra_ml.engines.trial import Trial
from hydra_ml.hardware import BFLOAT16_CPU, cpu_flags

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

Wanted = Literal["auto", "float32", "bfloat16", "openvino"]
"""What the configuration may ask for: `models.engine`."""
FLOAT32, UNFOLDED = "TensorFlow float32", "TensorFlow float32, not folded"
BFLOAT16 = "TensorFlow bfloat16"
OPENVINO, OPENVINO_BFLOAT16 = "OpenVINO float32", "OpenVINO bfloat16"
EXACT = frozenset((FLOAT32, OPENVINO))
"""Engines that must give Keras' scores; the others only the same verdicts."""


class Shelf:
    """Engines by what their body computes. One that no classifier holds any more is gone.

    `wanted` is what the configuration asks for, `bfloat16` whether this processor multiplies in it.
    One shelf for each thread that judges: engines are used from one thread at a time.
    """

    def __init__(self, wanted: Wanted = "auto", bfloat16: bool | None = None) -> None:
        self._wanted = wanted
        self._bfloat16 = bool(BFLOAT16_CPU & cpu_flags()) if bfloat16 is None else bfloat16
        self._engines: weakref.WeakValueDictionary[tuple[str, str], Engine] = weakref.WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._engines)

    def engine(self, body: "keras.Model", trial: Trial | None = None) -> Engine:
        """Return the fastest engine for a body that passes the trial, shared with everybody who has an equal body.

        What does not pass is said in the log. Raises ModelError when even Keras' own graph does not pass.
        Without a trial it is float32 in TensorFlow.
        """
        digest, reason = body_digest(body), ""
        if trial is None:
            return self._take(digest, FLOAT32, body)
        for name in self._names(trial):
            engine = self._take(digest, name, body)
            reason = trial.objection(engine, exact=name in EXACT)
            if not reason:
                return engine
            logger.warning("engine not used engine=%s model=%s reason=%s", name, trial.model, reason)
        raise ModelError(f"{trial.model} is not what it was when it was made: {reason}; train it again or roll back")

    def _take(self, digest: str, name: str, body: "keras.Model") -> Engine:
        engine = self._engines.get((digest, name)) or _made(name, body)
        self._engines[digest, name] = engine
        return engine

    def _names(self, trial: Trial) -> Iterator[str]:
        """Yield engines, the wanted one first, the safest last. Without golden pictures only float32 can be proven."""
        short = self._bfloat16 and trial.proves_verdicts and self._wanted != "float32"
        if self._wanted == "bfloat16" and not short:
            why = "the bundle has no golden pictures" if self._bfloat16 else "the processor has no bfloat16"
            logger.warning("engine not used engine=%s model=%s reason=%s", BFLOAT16, trial.model, why)
        if self._wanted == "openvino" and _has_openvino(trial.model):
            yield from ((OPENVINO_BFLOAT16, OPENVINO) if short else (OPENVINO,))
        if short:
            yield BFLOAT16
        yield from (FLOAT32, UNFOLDED)


def _has_openvino(model: str) -> bool:
    """Say whether OpenVINO can be imported, and in the log if it cannot."""
    if find_spec("openvino") is not None:
        return True
    why = "not installed: pip install 'hydra-monitoring[openvino]'"
    logger.warning("engine not used engine=%s model=%s reason=%s", OPENVINO, model, why)
    return False


def _made(name: str, body: "keras.Model") -> Engine:
    """Return a new warm engine."""
    from hydra_ml.engines.folding import fold
    from hydra_ml.engines.tensorflow import TensorFlowEngine

    if name in (OPENVINO, OPENVINO_BFLOAT16):
        from hydra_ml.engines.openvino import OpenVinoEngine

        return OpenVinoEngine(fold(body), "bf16" if name == OPENVINO_BFLOAT16 else "f32", name)
    if name == UNFOLDED:
        return TensorFlowEngine(body, name)
    return TensorFlowEngine(fold(body, "bfloat16" if name == BFLOAT16 else "float32"), name)
