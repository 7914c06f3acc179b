"""Take a Keras model apart into its body and its head, and tell equal bodies by a digest."""

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hydra_core.errors import ModelError
from hydra_ml.architectures import ARCHITECTURES
from hydra_ml.card import Card
from hydra_ml.head import Head

if TYPE_CHECKING:
    import keras


def split(model: "keras.Model", card: Card) -> tuple["keras.Model", Head]:
    """Return the body and the head; the body gives the last maps, then middle and fine ones as far as it has such.

    Raises ModelError unless the model ends GlobalAveragePooling2D or Contrast, then Dense.
    """
    import keras

    from hydra_ml.contrast import Contrast

    pool, dense = model.layers[-2], model.layers[-1]
    if not (isinstance(pool, keras.layers.GlobalAveragePooling2D | Contrast) and isinstance(dense, keras.layers.Dense)):
        raise ModelError(f"{card.ref()} does not end GlobalAveragePooling2D or Contrast, Dense; train it again")
    if dense.input is not pool.output or model.outputs[0] is not dense.output:
        raise ModelError(f"{card.ref()}: its last layers are not one after the other; train it again")
    body, head = body_and_head(model)
    middle = _middle(model, card)
    if middle is not None and not isinstance(pool, Contrast):
        body = keras.Model(model.input, [pool.input, middle])
    return body, replace(head, temperature=card.temperature)


def body_and_head(model: "keras.Model") -> tuple["keras.Model", Head]:
    """Return what the head needs, the last maps first, and the head, for a network of `architectures.build`."""
    import keras

    from hydra_ml.contrast import Contrast

    pool, dense = model.layers[-2], model.layers[-1]
    kernel, bias = (np.asarray(w, np.float32) for w in dense.get_weights())
    if isinstance(pool, Contrast):
        return keras.Model(model.input, pool.input[::-1]), Head(kernel, bias, references=pool.references())
    return keras.Model(model.input, [pool.input]), Head(kernel, bias)


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
