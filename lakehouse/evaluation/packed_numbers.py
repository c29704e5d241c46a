"""Whole numbers in few characters of JSON: their little-endian bytes, compressed, in base64."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]


def pack(numbers: Whole) -> str:
    """The text of non-negative whole numbers below 2^31, of any shape."""
    return base64.b64encode(zlib.compress(np.ascontiguousarray(numbers, dtype="<i4").tobytes(), 6)).decode()


def unpack(text: str, shape: Sequence[int]) -> Whole:
    """The numbers of a text, in this shape; one place of it may be -1."""
    numbers = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype="<i4")
    return numbers.reshape(tuple(shape)).astype(np.int64)


def pack_floats(numbers: NDArray[np.float64]) -> str:
    """The text of doubles of any shape, to the last bit."""
    return base64.b64encode(zlib.compress(np.ascontiguousarray(numbers, dtype="<f8").tobytes(), 6)).decode()


def unpack_floats(text: str, shape: Sequence[int]) -> NDArray[np.float64]:
    """The doubles of a text, in this shape; one place of it may be -1."""
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype="<f8").reshape(tuple(shape)).astype(np.float64)
