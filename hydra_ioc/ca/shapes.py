"""What a PV's value can be: a number, a state, a text or a long text (`arrays` has the rest).

A shape checks values before they are stored, and turns them into the elements of any native DBR type and back.
"""

import struct
from collections.abc import Sequence
from math import isfinite
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from hydra_ioc.ca.wire import (
    CHAR,
    DOUBLE,
    ENUM,
    LONG,
    NUMPY,
    SIZE,
    STRING,
    ConversionError,
    number_text,
    text,
)

_INT32 = range(-(1 << 31), 1 << 31)


class Shape(Protocol):
    """What a PV's value may be. `length` is the largest number of elements of the native type."""

    native: int
    length: int
    empty: object
    """The value before anything was posted."""

    def accept(self, value: object) -> object:
        """Return the value as it is stored. Raises ValueError when it does not fit."""
        ...

    def same(self, old: Any, new: Any) -> bool:
        """Tell whether two stored values are equal."""
        ...

    def elements(self, value: Any, native: int, pick: slice | None) -> tuple[int, bytes]:
        """Return number and bytes of the elements as another native type. Raises ConversionError."""
        ...

    def put(self, native: int, count: int, data: bytes) -> object:
        """Return the stored value that a client's put means. Raises ValueError with the reason to refuse it."""
        ...


class Number:
    """One double or one 32-bit integer."""

    __slots__ = ("length", "native", "precision")
    empty: object = 0

    def __init__(self, native: int, precision: int = 0) -> None:
        self.native, self.length, self.precision = native, 1, precision

    def accept(self, value: object) -> float | int:
        """Return a float, or for an integer PV an int of 32 bits."""
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"{shown(value)} is not a number") from None
        if self.native == DOUBLE:
            return number
        if not isfinite(number) or int(number) not in _INT32:
            raise ValueError(f"{shown(value)} is not an integer of 32 bits")
        return int(value)  # type: ignore[call-overload,no-any-return]

    def same(self, old: Any, new: Any) -> bool:
        """Tell whether two numbers are equal; NaN equals NaN."""
        return bool(old == new or (old != old and new != new))

    def elements(self, value: Any, native: int, pick: slice | None) -> tuple[int, bytes]:
        """Return the number as another native type."""
        if native == DOUBLE:
            return 1, struct.pack(">d", value)
        if native == STRING:
            return 1, text(number_text(value, self.precision) if self.native == DOUBLE else str(value))
        if native == LONG and self.native == LONG:
            return 1, struct.pack(">i", value)
        return 1, cast(np.array([value]), native)

    def put(self, native: int, count: int, data: bytes) -> object:
        """Return the finite number in a put of one element."""
        value = one(native, count, data)
        number = self.accept(value.strip() if isinstance(value, str) else value)
        if not isfinite(number):
            raise ValueError(f"{number} is not a finite number")
        return number


class States:
    """An enumeration: an index into `names`."""

    __slots__ = ("length", "names", "native")
    empty: object = 0

    def __init__(self, names: Sequence[str]) -> None:
        if any(len(name) > 25 or not name.isascii() for name in names):
            raise ValueError(f"state names are ASCII of at most 25 characters, got {names}")
        self.native, self.length, self.names = ENUM, 1, tuple(names)

    def accept(self, value: object) -> int:
        """Return the index of a state given by index or name."""
        if isinstance(value, str):
            if value in self.names:
                return self.names.index(value)
            raise ValueError(f"{shown(value)} is none of the states {', '.join(self.names)}")
        try:
            index = int(value)  # type: ignore[call-overload]
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"{shown(value)} is neither index nor name of a state") from None
        if index != value or not 0 <= index < len(self.names):
            raise ValueError(f"{shown(value)} is not a state: there are {len(self.names)}")
        return int(index)

    def same(self, old: Any, new: Any) -> bool:
        """Tell whether two indexes are equal."""
        return bool(old == new)

    def elements(self, value: Any, native: int, pick: slice | None) -> tuple[int, bytes]:
        """Return the index as a number, or the state's name as a string."""
        if native == STRING:
            return 1, text(self.names[value] if value < len(self.names) else "Illegal Value")
        if native == ENUM:
            return 1, struct.pack(">H", value)
        return 1, cast(np.array([value]), native)

    def put(self, native: int, count: int, data: bytes) -> object:
        """Return the index of a state put as its name, or as its index in any numeric type or in digits."""
        value = one(native, count, data)
        if isinstance(value, str) and value not in self.names and value.strip().isdecimal():
            return self.accept(int(value))
        return self.accept(value)


class Text:
    """A string of at most `size` - 1 characters; longer ones, and characters outside ASCII, are cut and replaced."""

    __slots__ = ("length", "native", "size")
    empty: object = ""

    def __init__(self, size: int = 40) -> None:
        self.native, self.length, self.size = STRING, 1, size

    def accept(self, value: object) -> str:
        """Return the text as it fits into a DBR_STRING."""
        if not isinstance(value, str):
            raise ValueError(f"{shown(value)} is not a text")
        return _ascii(value)[: self.size - 1]

    def same(self, old: Any, new: Any) -> bool:
        """Tell whether two texts are equal."""
        return bool(old == new)

    def elements(self, value: Any, native: int, pick: slice | None) -> tuple[int, bytes]:
        """Return the text as a string, as characters with their NUL, or as the number it spells."""
        if native == STRING:
            return 1, text(value)
        if native == CHAR:
            return len(value) + 1, value.encode() + b"\0"
        try:
            return 1, cast(np.array([float(value or 0)]), native)
        except ValueError:
            raise ConversionError(f"{value!r} is not a number") from None

    def put(self, native: int, count: int, data: bytes) -> object:
        """Return the text of a put of one string or of characters; one that is too long is refused."""
        value = characters(data[:count]) if native == CHAR else str(one(native, count, data))
        if len(value) >= self.size:
            raise ValueError(f"a text of {len(value)} characters is too long: {self.size - 1} fit")
        return self.accept(value)


class LongText(Text):
    """A text of up to `length` - 1 characters, served as a waveform of characters that ends with its NUL."""

    __slots__ = ()

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.native, self.length = CHAR, length

    def elements(self, value: Any, native: int, pick: slice | None) -> tuple[int, bytes]:
        """Return the characters as numbers, or the first 39 of them as one string."""
        count, data = super().elements(value, STRING if native == STRING else CHAR, None)
        if native == STRING:
            return count, data
        data = data[pick] if pick is not None else data
        return len(data), data if native == CHAR else cast(np.frombuffer(data, "u1"), native)


def cast(array: npt.NDArray[np.generic], native: int) -> bytes:
    """Return numbers as big-endian elements of a native type; what does not fit wraps as in C."""
    with np.errstate(invalid="ignore", over="ignore"):
        return array.astype(NUMPY[native], copy=False).tobytes()


def many(native: int, count: int, data: bytes, most: int) -> list[float] | list[str]:
    """Return the elements of a put, numbers or texts. Raises ValueError when type, count or size are wrong."""
    if not STRING <= native <= DOUBLE:
        raise ValueError("a put needs a plain DBR type")
    size = SIZE[native]
    if not 1 <= count <= most or len(data) < (1 if native == STRING and count == 1 else count * size):
        raise ValueError(f"{count} elements in {len(data)} bytes do not fit: 1 to {most} may be put")
    if native == STRING:
        return [characters(data[at : at + size]) for at in range(0, count * size, size)]
    return np.frombuffer(data, NUMPY[native], count).tolist()  # type: ignore[no-any-return]


def one(native: int, count: int, data: bytes) -> float | str:
    """Return the one element of a put. Raises ValueError as `many` does."""
    return many(native, count, data, 1)[0]


def characters(data: bytes) -> str:
    """Return the text up to the first NUL, with characters outside ASCII replaced."""
    return data.split(b"\0", 1)[0].decode("ascii", "replace").replace("\ufffd", "?")


def _ascii(value: str) -> str:
    return value.split("\0", 1)[0].encode("ascii", "replace").decode()


def shown(value: object) -> str:
    """Return a value as an error message shows it, cut to 60 characters."""
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
