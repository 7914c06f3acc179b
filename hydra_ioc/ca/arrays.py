"""Values that are arrays: waveforms of doubles, of bytes and of strings; and which shape a PV's value has."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hydra_core.pvs import Element, Kind, PvSpec
from hydra_ioc.ca.shapes import LongText, Number, Shape, States, Text, cast, many, shown
from hydra_ioc.ca.wire import CHAR, DOUBLE, LONG, STRING, ConversionError, number_text, text

MAX_TEXTS = 1024
"""The longest array of numbers that is sent as strings: each takes 40 bytes and a formatting on the event loop."""


def shape_of(spec: PvSpec) -> Shape:
    """Return the shape of a PV's value."""
    match spec.kind:
        case Kind.AI | Kind.AO | Kind.CALC:
            return Number(DOUBLE, spec.precision)
        case Kind.LONGIN | Kind.LONGOUT:
            return Number(LONG)
        case Kind.MBBI | Kind.MBBO | Kind.BI | Kind.BO:
            return States(spec.states)
        case Kind.STRINGIN:
            return Text()
        case Kind.LSI:
            return LongText(spec.length)
        case Kind.WAVEFORM:
            return Texts(spec.length) if spec.element is Element.STRING else Array(spec)


class Array:
    """A waveform of doubles or of bytes, stored as a read-only one-dimensional numpy array."""

    __slots__ = ("length", "native", "precision")
    empty: object = np.empty(0, np.uint8)

    def __init__(self, spec: PvSpec) -> None:
        self.native = DOUBLE if spec.element is Element.DOUBLE else CHAR
        self.length, self.precision = spec.length, spec.precision

    def accept(self, value: object) -> npt.NDArray[Any]:
        """Return the array flat and read-only; it is copied unless it is so already."""
        try:
            array = np.asarray(value)
            if self.native == CHAR and array.size and array.dtype != np.uint8:
                _need_bytes(array)
            array = array.astype(np.float64 if self.native == DOUBLE else np.uint8, copy=False).reshape(-1)
        except (TypeError, ValueError) as error:
            raise ValueError(f"not an array for this waveform: {error}") from None
        if array.size > self.length:
            raise ValueError(f"{array.size} elements do not fit into a waveform of {self.length}")
        return array if _frozen(array) else _freeze(array.copy())

    def same(self, old: Any, new: Any) -> bool:
        """Tell whether two arrays are equal; NaN equals NaN."""
        return old is new or np.array_equal(old, new, equal_nan=self.native == DOUBLE)

    def elements(self, value: Any, native: int, pick: slice | None) -> tuple[int, bytes]:
        """Return the elements as another native type."""
        array = value[pick] if pick is not None else value
        if native != STRING:
            return array.size, cast(array, native)
        if array.size > MAX_TEXTS:
            raise ConversionError(f"{array.size} numbers are too many to be sent as strings")
        texts = (number_text(v, self.precision) if self.native == DOUBLE else str(v) for v in array.tolist())
        return array.size, b"".join(text(item) for item in texts)

    def put(self, native: int, count: int, data: bytes) -> object:
        """Return the array of finite numbers in a put."""
        array = np.array(many(native, count, data, self.length))
        if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
            raise ValueError("not an array of finite numbers")
        return self.accept(array)


class Texts:
    """A waveform of strings, stored as a tuple."""

    __slots__ = ("length", "native")
    empty: object = ()

    def __init__(self, length: int) -> None:
        self.native, self.length = STRING, length

    def accept(self, value: object) -> tuple[str, ...]:
        """Return the texts, each as it fits into a DBR_STRING."""
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ValueError(f"{shown(value)} is not a list of texts")
        if len(value) > self.length:
            raise ValueError(f"{len(value)} texts do not fit into a waveform of {self.length}")
        return tuple(Text().accept(item) for item in value)

    def same(self, old: Any, new: Any) -> bool:
        """Tell whether two tuples are equal."""
        return bool(old == new)

    def elements(self, value: Any, native: int, pick: slice | None) -> tuple[int, bytes]:
        """Return the texts as strings, or as the numbers they spell."""
        texts = value[pick] if pick is not None else value
        if native == STRING:
            return len(texts), b"".join(text(item) for item in texts)
        try:
            return len(texts), cast(np.array([float(item or 0) for item in texts]), native)
        except ValueError:
            raise ConversionError("not every element is a number") from None

    def put(self, native: int, count: int, data: bytes) -> object:
        """Return the strings of a put."""
        return self.accept([str(item) for item in many(native, count, data, self.length)])


def _need_bytes(array: npt.NDArray[Any]) -> None:
    if array.dtype.kind not in "iuf" or (array != np.floor(array)).any() or array.min() < 0 or array.max() > 255:
        raise ValueError(f"elements of type {array.dtype} are not all 0...255")


def _frozen(array: npt.NDArray[Any]) -> bool:
    base = array.base
    return not array.flags.writeable and (base is None or not getattr(getattr(base, "flags", None), "writeable", True))


def _freeze(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
