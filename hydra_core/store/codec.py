"""Domain types as JSON and back, without loss: what the spool holds and what the JSON columns hold.

Driven by the dataclasses' own annotations, so a new field needs no code here. A field that the data lack gets the
dataclass's default, one that the class no longer has is passed over: an older state can always be restored.
"""

import base64
import json
import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

from hydra_core.domain import Failure, Mute, Outcome, Ruled, Tick
from hydra_core.errors import StoreError

T = TypeVar("T")

VERSION = 1
_LARGEST = float(np.finfo(np.float16).max)
_TAG = "type"
_TAGGED: dict[str, type[Any]] = {cls.__name__: cls for cls in (Failure, Tick, Mute, Ruled)}


def encode_outcome(outcome: Outcome) -> bytes:
    """Return the outcome as UTF-8 JSON, its embedding as float16, which is all that the database keeps of it."""
    prediction = outcome.prediction
    if prediction is not None and prediction.embedding is not None:
        small: Any = compact(prediction.embedding)
        outcome = replace(outcome, prediction=replace(prediction, embedding=small))
    body = {"version": VERSION, "outcome": to_json(outcome)}
    return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()


def decode_outcome(data: bytes) -> Outcome:
    """Return the outcome that `encode_outcome` wrote. Raises StoreError for anything else."""
    try:
        body = json.loads(data)
        if body["version"] != VERSION:
            raise StoreError(f"spooled result of format {body['version']}; this Hydra reads format {VERSION}")
        return from_json(Outcome, body["outcome"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"not a spooled result ({type(error).__name__}: {error})") from error


def compact(vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float16]:
    """Return an embedding (d,) as float16, what is too large for that as the largest there is."""
    return np.clip(vector, -_LARGEST, _LARGEST).astype(np.float16)


def to_json(value: object) -> Any:
    """Return a value of the domain as what the json module can write."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, np.ndarray):
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"dtype": value.dtype.str, "shape": list(value.shape), "data": data}
    if is_dataclass(value) and not isinstance(value, type):
        body = {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
        return {_TAG: type(value).__name__, **body} if type(value).__name__ in _TAGGED else body
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [to_json(item) for item in value]
    raise TypeError(f"no JSON form for {type(value).__name__}")


def storable(text: str) -> str:
    """Return a text that UTF-8 can hold: a file name may have bytes that are no characters (they become ``?``)."""
    return text.encode("utf-8", "replace").decode()


def from_json(kind: type[T], data: object) -> T:
    """Return the value of type `kind` that `to_json` wrote. Raises ValueError, KeyError or TypeError."""
    value: T = _decode(kind, data)
    return value


def _decode(hint: Any, data: Any) -> Any:
    origin = _origin(hint)
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(hint), data)
    if origin is tuple:
        return _decode_tuple(get_args(hint), data)
    if origin is np.ndarray:
        return np.frombuffer(base64.b64decode(data["data"]), np.dtype(data["dtype"])).reshape(data["shape"]).copy()
    if origin is not None and issubclass(origin, Mapping):
        return {key: _decode(get_args(hint)[1], item) for key, item in data.items()}
    if isinstance(hint, type) and is_dataclass(hint):
        known = _hints(hint)
        return hint(**{name: _decode(known[name], item) for name, item in data.items() if name in known})
    if hint is datetime:
        return datetime.fromisoformat(data)
    if isinstance(hint, type) and issubclass(hint, Enum | float):
        return hint(data)
    if not isinstance(data, hint):
        raise TypeError(f"expected {hint.__name__}, found {type(data).__name__}")
    return data


def _origin(hint: Any) -> Any:
    """Look through an alias: from Python 3.12 on NumPy's NDArray is a type alias, which hides the class."""
    origin = get_origin(hint)
    alias = getattr(origin, "__value__", None)
    return origin if alias is None else get_origin(alias)


def _decode_union(options: tuple[Any, ...], data: Any) -> Any:
    if data is None:
        return None
    kinds = [option for option in options if option is not type(None)]
    if len(kinds) == 1:
        return _decode(kinds[0], data)
    return _decode(_TAGGED[data[_TAG]], data)


def _decode_tuple(items: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if len(items) == 2 and items[1] is Ellipsis:
        return tuple(_decode(items[0], item) for item in data)
    return tuple(_decode(item, value) for item, value in zip(items, data, strict=True))


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
