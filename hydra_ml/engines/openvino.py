"""Run a body in OpenVINO (extra `[openvino]`), converted from the bundle's own model at load."""

from typing import TYPE_CHECKING

import numpy as np

from hydra_ml.engines.port import BATCHES, Maps, Pictures, join, pieces

if TYPE_CHECKING:
    import keras


class OpenVinoEngine:
    """A body compiled by OpenVINO; implements `engines.port.Engine`. `precision` is f32 or bf16."""

    def __init__(self, body: "keras.Model", precision: str, name: str, threads: int | None = None) -> None:
        import openvino
        import tensorflow as tf

        from hydra_ml.engines.tensorflow import compiled

        self._name = name
        # TensorFlow has been told how many threads it may have; OpenVINO in its place gets as many.
        threads = tf.config.threading.get_intra_op_parallelism_threads() if threads is None else threads
        options = {"INFERENCE_PRECISION_HINT": precision, "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads}
        converted = openvino.convert_model(compiled(body))
        self._request = openvino.Core().compile_model(converted, "CPU", options).create_infer_request()
        side = body.input_shape[1]
        for batch in BATCHES:
            self(np.full((batch, side, side, 3), 127, np.uint8))

    @property
    def name(self) -> str:
        """What runs it, for people."""
        return self._name

    def __call__(self, pictures: Pictures) -> Maps:
        """Run prepared plots, uint8 (n, side, side, 3), n ≥ 1."""
        return join([self._pass(np.ascontiguousarray(pictures[piece])) for piece in pieces(len(pictures))])

    def _pass(self, pictures: Pictures) -> Maps:
        outputs = self._request.infer([pictures], share_inputs=True, share_outputs=False)
        return Maps(*(np.asarray(outputs[index]) for index in range(len(outputs))))
