"""Take a Keras model apart into its body and its head, and tell equal bodies by a digest."""

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from hydra_core.errors import ModelError
from hydra_ml.architectures import ARCHITECTURES
from hydra_ml.card import Card
from hydra_ml.head import Head

if TYPE_CHECKING:
    import keras


def split(model: "keras.Model", card: Card) -> tuple["keras.Model", Head]:
    """Return the body and the head; the body gives the last maps and, if the architecture names such, middle ones.

    Raises ModelError unless the model ends [Comparison,] GlobalAveragePooling2D, Dense.
    """
    import keras

    pool, dense = model.layers[-2], model.layers[-1]
    if not (isinstance(pool, keras.layers.GlobalAveragePooling2D) and isinstance(dense, keras.layers.Dense)):
        raise ModelError(f"{card.ref()} does not end GlobalAveragePooling2D, Dense; train it again")
    if dense.input is not pool.output or model.outputs[0] is not dense.output:
        raise ModelError(f"{card.ref()}: its last layers are not one after the other; train it again")
    last, mean, scale = pool.input, None, None
    comparison = model.layers[-3]
    if type(comparison).__name__ == "Comparison":
        last = comparison.input
        mean, scale = np.asarray(comparison.mean, np.float32), np.asarray(comparison.scale, np.float32)
    kernel, bias = (np.asarray(w, np.float32) for w in dense.get_weights())
    middle = _middle(model, card)
    body = keras.Model(model.input, [last] if middle is None else [last, middle])
    return body, Head(kernel, bias, card.temperature, mean, scale)


def _middle(model: "keras.Model", card: Card) -> Any:
    """Return the output of the layer that the architecture names as its middle, None where there is no such layer."""
    known = ARCHITECTURES.get(card.architecture)
    if known is None or known.middle is None:
        return None
    return next((layer.output for layer in model.layers if layer.name == known.middle), None)


def body_digest(body: "keras.Model") -> str:
    """Return a sha256 of what a body computes: its layers, how they are joined, and every weight.

    Names of layers do not count, nor whether they were trained, so the same frozen body has the same digest in every
    model that was built on it.
    """
    config = body.get_config()
    order = {layer["config"]["name"]: index for index, layer in enumerate(config["layers"])}
    hashed = hashlib.sha256(json.dumps(_nameless(config, order), sort_keys=True).encode())
    for weight in body.get_weights():
        hashed.update(repr((weight.shape, weight.dtype.str)).encode())
        hashed.update(np.ascontiguousarray(weight).data)
    return hashed.hexdigest()


def _nameless(node: Any, order: dict[str, int]) -> Any:
    """Return a configuration in which layers are numbers and what only matters for training is gone."""
    if isinstance(node, dict):
        left_out = ("name", "trainable", "registered_name", "build_config")
        kept = {k: v for k, v in node.items() if k not in left_out and not k.endswith(("_initializer", "_regularizer"))}
        if "keras_history" in kept:
            layer, *rest = kept["keras_history"]
            kept["keras_history"] = (order[layer], *rest)
        for ends in ("input_layers", "output_layers"):
            if ends in kept:
                kept[ends] = _ends(kept[ends], order)
        return {key: _nameless(value, order) for key, value in kept.items()}
    if isinstance(node, list | tuple):
        return [_nameless(value, order) for value in node]
    return node


def _ends(node: Any, order: dict[str, int]) -> Any:
    """Number the layers of inputs or outputs, which are one [name, node, tensor] or a list of them."""
    if isinstance(node, str):
        return order[node]
    return [_ends(value, order) for value in node] if isinstance(node, list | tuple) else node
