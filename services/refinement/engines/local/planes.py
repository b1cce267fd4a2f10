"""Pictures as premultiplied planes, in which transparency is one more colour to mix with."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.colour import to_lab
from services.refinement.engines.local.palette import Pixels

_OPAQUE: Final = 255

# Red, green, blue multiplied by alpha, and alpha; 0 to 1 in the last axis.
Planes = NDArray[np.float32]


def premultiplied(pixels: Pixels) -> Planes:
    """Convert RGBA bytes to premultiplied planes from 0 to 1."""
    planes: Planes = pixels.astype(np.float32)
    planes /= _OPAQUE
    if pixels[..., 3].min(initial=_OPAQUE) < _OPAQUE:
        planes[..., :3] *= planes[..., 3:]
    return planes


def straight(planes: Planes) -> Pixels:
    """Convert premultiplied planes to RGBA bytes."""
    alpha = planes[..., 3:]
    colours = np.divide(planes[..., :3], alpha, out=np.zeros_like(planes[..., :3]), where=alpha > 0)
    merged = np.concatenate([colours, alpha], axis=-1)
    merged *= 255
    merged += 0.5
    pixels: Pixels = merged.clip(0, 255, out=merged).astype(np.uint8)
    return pixels


def features(colours: Planes) -> Planes:
    """Return premultiplied OKLab and alpha, in which distances are what the eye sees."""
    alpha = colours[..., 3:]
    plain = np.divide(colours[..., :3], alpha, out=np.zeros_like(colours[..., :3]), where=alpha > 0)
    lab = to_lab(plain.clip(0, 1)) * alpha
    return np.concatenate([lab, alpha], axis=-1).astype(np.float32)


def added_up(planes: Planes) -> NDArray[np.float32]:
    """Add up the four channels; numpy is slow at reducing so short an axis."""
    total: NDArray[np.float32] = planes[..., 0] + planes[..., 1] + planes[..., 2] + planes[..., 3]
    return total


def largest_part(planes: Planes) -> NDArray[np.float32]:
    """Return the largest of the four channels, as fast as `added_up`."""
    largest: NDArray[np.float32] = np.maximum(
        np.maximum(planes[..., 0], planes[..., 1]), np.maximum(planes[..., 2], planes[..., 3])
    )
    return largest
