"""The engines in use: one for each different body, whoever asks for it."""

import weakref
from typing import TYPE_CHECKING

from hydra_ml.engines.port import Engine
from hydra_ml.engines.split import body_digest

if TYPE_CHECKING:
    import keras


class Shelf:
    """Engines by what their body computes. One that no classifier holds any more is gone.

    One shelf for each thread that judges: engines are used from one thread at a time.
    """

    def __init__(self) -> None:
        self._engines: weakref.WeakValueDictionary[tuple[str, str], Engine] = weakref.WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._engines)

    def engine(self, body: "keras.Model") -> Engine:
        """Return the engine of an equal body, or make one and warm it."""
        from hydra_ml.engines.folding import fold
        from hydra_ml.engines.tensorflow import TensorFlowEngine

        key = (body_digest(body), "float32")
        engine = self._engines.get(key)
        if engine is None:
            engine = TensorFlowEngine(fold(body), "TensorFlow float32")
            self._engines[key] = engine
        return engine
