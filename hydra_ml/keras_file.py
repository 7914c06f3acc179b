"""Check a `.keras` file before any Keras code sees it: members, sizes, layer classes, links in the weights.

Keras' safe mode is not a boundary: it has been bypassed by layers that it trusts. So only what our own
architectures are made of is let through, read by a JSON parser and by h5py alone.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

from hydra_core.errors import ModelError

MEMBERS = {"metadata.json": 64 * 1024, "config.json": 8 * 1024**2, "model.weights.h5": 512 * 1024**2}
"""The members of a `.keras` archive, each with the most bytes it may unpack to."""
MOST_BYTES = 600 * 1024**2
HIGHEST_RATIO = 100
"""Of unpacked to packed size: more is a zip bomb."""
LAYERS = frozenset(
    "Activation Add AveragePooling2D BatchNormalization Concatenate Contrast Conv2D Dense DepthwiseConv2D Dropout "
    "Functional GlobalAveragePooling2D InputLayer MaxPooling2D Multiply ReLU Rescaling SeparableConv2D "
    "ZeroPadding2D".split()
)
OTHERS = frozenset("DTypePolicy GlorotUniform HeNormal HeUniform Ones VarianceScaling Zeros __keras_tensor__".split())
MODULES = frozenset(
    (
        *("keras", "keras.layers", "keras.initializers", "keras.models", "keras.src.models.functional", "builtins"),
        "hydra_ml.contrast",
    )
)
OWN_LAYER = "hydra>Contrast"
POOLS = ("GlobalAveragePooling2D", "Contrast")
BAD_END = "does not end GlobalAveragePooling2D or Contrast, Dense(softmax); train it again"
ACTIVATIONS = frozenset(("linear", "relu", "relu6", "silu", "swish", "sigmoid", "softmax", "hard_sigmoid"))


def check_keras(data: bytes, name: str) -> dict[str, Any]:
    """Return the model's configuration if the archive is harmless.

    `name` is what messages call the file. Raises ModelError that says what was found; nothing in the file is executed.
    """
    if data[:8] == b"\x89HDF\r\n\x1a\n":
        raise ModelError(f"{name} is an HDF5 (.h5) model, which can hide code; save it again as .keras")
    if data[:4] != b"PK\x03\x04":
        raise ModelError(
            f"{name} is not a .keras archive (empty, truncated, a pickle or something else); copy it again"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_members(archive, len(data), name)
            config = _parse(archive.read("config.json"), f"{name}/config.json")
            _parse(archive.read("metadata.json"), f"{name}/metadata.json")
            weights = archive.read("model.weights.h5")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise ModelError(f"{name} is a damaged .keras archive ({error}); copy it again or roll back") from error
    _check_config(config, name)
    _check_weights(weights, name)
    return config


def _check_members(archive: zipfile.ZipFile, packed: int, name: str) -> None:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    strange = sorted(set(names) - set(MEMBERS))
    if strange:
        raise ModelError(f"{name} holds {strange[0]!r}, which does not belong into a .keras archive; do not use it")
    if sorted(names) != sorted(MEMBERS):
        raise ModelError(
            f"{name} must hold each of {', '.join(MEMBERS)} once, it holds {', '.join(names) or 'nothing'}"
        )
    for info in infos:
        if info.flag_bits & 0x1:
            raise ModelError(f"{name} is encrypted; save it again without a password")
        if info.file_size > MEMBERS[info.filename] or info.file_size > HIGHEST_RATIO * max(info.compress_size, 1024):
            raise ModelError(
                f"{name} would unpack {info.filename} to {info.file_size} bytes, which is a zip bomb's size"
            )
    if packed > MOST_BYTES:
        raise ModelError(f"{name} has {packed} bytes; models may have at most {MOST_BYTES}")


def _parse(text: bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name} is not readable JSON ({error}); copy the model again") from error
    if not isinstance(found, dict):
        raise ModelError(f"{name} must be a JSON object; copy the model again")
    return found


def _check_config(config: dict[str, Any], name: str) -> None:
    try:
        for node in _objects(config):
            _check_object(node, name)
    except RecursionError as error:
        raise ModelError(f"{name}/config.json is nested too deeply to be a model; do not use it") from error
    if config.get("class_name") != "Functional":
        raise ModelError(
            f"{name} holds a {config.get('class_name')!r}, not a Functional model; build it with `hydra train`"
        )


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(value)


def _check_object(node: dict[str, Any], name: str) -> None:
    kind, module = node.get("class_name"), node.get("module")
    if "class_name" in node and (not isinstance(kind, str) or kind not in LAYERS | OTHERS):
        raise ModelError(
            f"{name} uses {kind!r}, which is not an allowed layer; only plain layers are loaded, train it again"
        )
    if module is not None and (not isinstance(module, str) or module not in MODULES):
        raise ModelError(f"{name} names the module {module!r}; only Keras' own and ours are allowed, train it again")
    if node.get("registered_name") not in (None, "Functional", OWN_LAYER):
        raise ModelError(
            f"{name} uses the custom object {node['registered_name']!r}; only Keras' layers and Contrast are allowed"
        )
    for key in ("activation", "recurrent_activation"):
        if node.get(key) is not None and not (isinstance(node[key], str) and node[key] in ACTIVATIONS):
            raise ModelError(f"{name} uses the activation {node[key]!r}; allowed are {', '.join(sorted(ACTIVATIONS))}")
    if node.get("compile_config") or node.get("fn") or node.get("function"):
        raise ModelError(f"{name} carries code or training settings; save it with `hydra train`")


def _check_weights(data: bytes, name: str) -> None:
    import h5py

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            total = sum(_plain_bytes(file, "/", name))
    except (OSError, RuntimeError, KeyError, ValueError, RecursionError) as error:
        raise ModelError(f"{name}/model.weights.h5 is damaged ({error}); copy the model again") from error
    if total > MEMBERS["model.weights.h5"]:
        raise ModelError(f"{name}/model.weights.h5 would unpack to {total} bytes; do not use it")


def _plain_bytes(group: Any, path: str, name: str) -> Iterator[int]:
    """Yield the size of each data set; refuse what reaches outside the file."""
    import h5py

    for key in group:
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            raise ModelError(f"{name}/model.weights.h5 has a link at {path}{key}; weights must be in the file itself")
        item = group[key]
        if isinstance(item, h5py.Group):
            yield from _plain_bytes(item, f"{path}{key}/", name)
        elif item.external or item.is_virtual or item.dtype.kind not in "fiu":
            raise ModelError(f"{name}/model.weights.h5 holds no plain numbers at {path}{key}; do not use it")
        else:
            yield int(item.size) * int(item.dtype.itemsize)


def check_head(config: dict[str, Any], classes: int, size: int, name: str) -> None:
    """Raise ModelError unless the model takes plots of `size` pixels and ends in a softmax over `classes`."""
    try:
        layers = config["config"]["layers"]
        shape = list(layers[0]["config"]["batch_shape"])
        pool, head = layers[-2]["class_name"], layers[-1]
        pooled = pool in POOLS
        units, activation = head["config"]["units"], head["config"]["activation"]
        ends_well = pooled and (head["class_name"], activation) == ("Dense", "softmax")
    except (KeyError, IndexError, TypeError) as error:
        raise ModelError(f"{name} {BAD_END}") from error
    if not ends_well:
        raise ModelError(f"{name} {BAD_END}")
    if units != classes:
        raise ModelError(f"{name} has {units} outputs for the {classes} classes of its card; train it again")
    if shape != [None, size, size, 3]:
        raise ModelError(f"{name} takes {shape}, its card says {size}x{size} pixels in colour; train it again")
