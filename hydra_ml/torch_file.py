"""Reads the arrays of a PyTorch weights file without PyTorch and without running what the pickle in it asks for.

The file format is PyTorch's of before 1.6: four pickles (magic number, version, machine, names → tensors), the keys of
the storages, then each storage as its length (int64) and its values, in the order of the keys.
"""

import io
import math
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
import numpy.typing as npt

from hydra_core.errors import ModelError

MAGIC = 0x1950A86A20F9469CFC6C
VALUES: Mapping[str, npt.DTypeLike] = {"FloatStorage": "<f4", "LongStorage": "<i8"}


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: str
    kind: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Return the tensors of a file by name. Raises ModelError for a file of another format, or one that asks for code.

    Only the tensors' description is unpickled, by names that are known here.
    """
    try:
        with path.open("rb") as file:
            if _Careful(file).load() != MAGIC:
                raise ModelError(f"{path} is no PyTorch weights file of the format of before 1.6")
            for _ in range(2):
                _Careful(file).load()
            tensors: dict[str, _Tensor] = _Careful(file).load()
            kinds = {tensor.storage: tensor.kind for tensor in tensors.values()}
            storages = {key: _values(file, kinds[key]) for key in _Careful(file).load() if key in kinds}
        return {name: _array(storages[tensor.storage], tensor) for name, tensor in tensors.items()}
    except (OSError, EOFError, pickle.UnpicklingError, KeyError, ValueError, AttributeError, TypeError) as error:
        raise ModelError(f"the weights file {path} cannot be read: {error}") from error


class _Careful(pickle.Unpickler):
    """Knows tensors, storages and dictionaries, and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in VALUES:
            return name
        return _refuse(f"it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> tuple[str, str]:
        if not isinstance(pid, tuple) or len(pid) < 3 or pid[0] != "storage":
            _refuse("it has a storage of another kind")
        return str(pid[1]), str(pid[2])


def _refuse(why: str) -> NoReturn:
    raise pickle.UnpicklingError(why)


def _tensor(storage: tuple[str, str], offset: int, shape: Any, strides: Any, *_rest: Any) -> _Tensor:
    kind, key = storage
    return _Tensor(key, kind, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _values(file: BinaryIO | io.BufferedReader, kind: str) -> npt.NDArray[Any]:
    dtype = np.dtype(VALUES[kind])
    length = int(np.frombuffer(file.read(8), "<i8")[0])
    data = file.read(length * dtype.itemsize)
    if len(data) != length * dtype.itemsize:
        raise ValueError("it ends early")
    return np.frombuffer(data, dtype)


def _array(values: npt.NDArray[Any], tensor: _Tensor) -> npt.NDArray[Any]:
    last = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True))
    if (math.prod(tensor.shape) and not (0 <= tensor.offset <= last < len(values))) or min(
        tensor.strides, default=0
    ) < 0:
        raise ValueError("a tensor lies outside its storage")
    strides = tuple(s * values.itemsize for s in tensor.strides)
    return np.lib.stride_tricks.as_strided(values[tensor.offset :], tensor.shape, strides, writeable=False).copy()
