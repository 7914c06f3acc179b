"""Run a body in TensorFlow: one compiled function over live variables, warm for every batch size.

Not frozen to constants: with folded weights that gains 1 % of a pass and costs a second and a third copy of every
weight (docs/explanations/decisions).
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from hydra_ml.engines.port import BATCHES, Maps, Pictures, join, pieces

if TYPE_CHECKING:
    import keras


class TensorFlowEngine:
    """A body as a compiled function; implements `engines.port.Engine`."""

    def __init__(self, body: "keras.Model", name: str) -> None:
        self._name = name
        # A compiled function knows its variables only by weak references.
        self._body = body
        self._forward = compiled(body)
        side = body.input_shape[1]
        for batch in BATCHES:
            self(np.full((batch, side, side, 3), 127, np.uint8))

    @property
    def name(self) -> str:
        """What runs it, for people."""
        return self._name

    def __call__(self, pictures: Pictures) -> Maps:
        """Run prepared plots, uint8 (n, side, side, 3), n ≥ 1."""
        return join([self._pass(pictures[piece]) for piece in pieces(len(pictures))])

    def _pass(self, pictures: Pictures) -> Maps:
        return Maps(*(maps.numpy() for maps in self._forward(tf.constant(pictures))))


def compiled(body: "keras.Model") -> Any:
    """Return a function uint8 (n, side, side, 3) → feature maps in float32, of any n."""
    signature = tf.TensorSpec((None, *body.input_shape[1:]), tf.uint8)

    def forward(pictures: Any) -> Any:
        outputs = body(tf.cast(pictures, tf.float32), training=False)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        return [tf.cast(maps, tf.float32) for maps in outputs]

    return tf.function(forward, input_signature=[signature]).get_concrete_function()
