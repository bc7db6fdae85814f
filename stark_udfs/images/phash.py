"""A perceptual hash: pictures that look alike differ in few bits, whatever their size, format and brightness.

Source: Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions", the hash by the discrete
cosine transform: 32 × 32 greys, the 8 × 8 lowest frequencies, one bit each: over their median or not.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from stark_udfs.images.protocols import Pixels

SIDE = 32  # px that are transformed
LOW = 8  # frequencies of each direction
DIGITS = 6  # that the frequencies are rounded to: a plain picture has noise for frequencies, and its hash should not


def phash(picture: Pixels) -> str:
    """64 bits as 16 hex digits, the lowest frequency first."""
    grey = Image.fromarray(picture).convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    values = np.asarray(grey, dtype=np.float64)
    frequencies = (waves() @ values @ waves().T).round(DIGITS)
    bits = (frequencies > np.median(frequencies)).ravel()
    return np.packbits(bits).tobytes().hex()


@cache
def waves() -> npt.NDArray[np.float64]:
    """The first rows of the cosine transform's matrix (DCT-II), shape (LOW, SIDE)."""
    frequency, place = np.arange(LOW)[:, None], np.arange(SIDE)[None, :]
    return np.asarray(np.cos(np.pi * frequency * (2 * place + 1) / (2 * SIDE)), dtype=np.float64)
