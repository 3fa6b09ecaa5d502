"""RVL, a lossless code of depth images (A. D. Wilson, "Fast Lossless Depth Image Compression", ISS 2017), read with numpy.

A stream of numbers: how many pixels are 0, how many are not, and for each of the latter the difference to the one before,
as often as needed. A number is written in groups of 3 bits, the lowest first, each in a nibble whose highest bit says
that another follows; eight nibbles make a little-endian 32-bit word, the first one at its top.
"""

from __future__ import annotations

import numpy as np

MOST_NIBBLES = 11  # of a number of 32 bits


def decode_rvl(data, count: int) -> np.ndarray:
    """Pixels (count,) uint16 of RVL ``data`` (bytes). Raises ValueError where these are not as many."""
    numbers = _numbers(data)
    differences, places = [], []  # slices of the numbers, and of the pixels that they are for
    at = filled = 0
    while filled < count:
        if at + 2 > len(numbers):
            raise ValueError(f"it ends after {filled} of {count} pixels")
        zeros, others = int(numbers[at]), int(numbers[at + 1])
        at, filled = at + 2, filled + zeros
        if filled + others > count:
            raise ValueError(f"it tells of {filled + others} pixels and more, its size is {count}")
        if at + others > len(numbers):
            raise ValueError(f"it ends after {filled + len(numbers) - at} of {count} pixels")
        differences.append(numbers[at : at + others])
        places.append(slice(filled, filled + others))
        at, filled = at + others, filled + others
    folded = np.concatenate(differences) if differences else np.zeros(0, np.int64)
    values = np.cumsum((folded >> 1) ^ -(folded & 1)).astype(np.uint16)  # it wraps as the encoder's 16 bits do
    pixels = np.zeros(count, np.uint16)
    used = 0
    for place in places:
        length = place.stop - place.start
        pixels[place] = values[used : used + length]
        used += length
    return pixels


def _numbers(data) -> np.ndarray:
    """All numbers of the stream (n,) int64; what fills the last word up reads as zeros. Raises ValueError."""
    words = np.frombuffer(data, "<u4", len(data) // 4).astype(">u4").view(np.uint8)
    nibbles = np.empty(2 * len(words), np.uint8)
    nibbles[0::2], nibbles[1::2] = words >> 4, words & 15
    ends = np.flatnonzero(nibbles < 8)
    if len(ends) == 0:
        return np.zeros(0, np.int64)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > MOST_NIBBLES:
        raise ValueError(f"a number of it takes {lengths.max()} groups of 3 bits, and 32 bits are {MOST_NIBBLES}")
    nibbles = nibbles[: ends[-1] + 1]
    group = np.arange(len(nibbles)) - np.repeat(starts, lengths)
    return np.add.reduceat((nibbles & 7).astype(np.int64) << (3 * group), starts)
