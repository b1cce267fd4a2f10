"""Colour arithmetic: sRGB, OKLab and OKLCH on numpy arrays, and staying inside what sRGB can show.

Arrays are float32 with a last axis of three: sRGB from 0 to 1; OKLab as L from 0 to 1, a, b; OKLCH
as L, chroma, hue in degrees.
"""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.named_colours import FAMILIES, NAMED

Colours: TypeAlias = NDArray[np.float32]
Weights: TypeAlias = NDArray[np.float32]

_RGB_TO_LMS: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    dtype=np.float32,
)
_LMS_TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    dtype=np.float32,
)
_LMS_TO_RGB: Final = np.linalg.inv(_RGB_TO_LMS.astype(np.float64)).astype(np.float32)
_LAB_TO_LMS: Final = np.linalg.inv(_LMS_TO_LAB.astype(np.float64)).astype(np.float32)
_LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)

# Where the straight piece of the transfer curve ends, in coded and in linear values.
_CURVE_FROM: Final = 0.04045
_LINEAR_FROM: Final = 0.0031308
_BISECTIONS: Final = 12
_GAMUT_TOLERANCE: Final = 0.002
# How far outside a family a colour may be and still belong to it a little: hue, chroma, lightness.
_HUE_MARGIN: Final = 14.0
_CHROMA_MARGIN: Final = 0.015
_LIGHTNESS_MARGIN: Final = 0.07
# How much of the chroma that mixing two hues loses is given back.
_CHROMA_KEPT: Final = 0.6


def to_linear(rgb: Colours) -> Colours:
    """Undo the sRGB transfer curve."""
    curved = ((rgb + 0.055) / 1.055) ** 2.4
    return np.where(rgb <= _CURVE_FROM, rgb / 12.92, curved).astype(np.float32)


def from_linear(linear: Colours) -> Colours:
    """Apply the sRGB transfer curve; values below 0 stay below 0."""
    curved = 1.055 * np.maximum(linear, _LINEAR_FROM) ** (1 / 2.4) - 0.055
    return np.where(linear <= _LINEAR_FROM, linear * 12.92, curved).astype(np.float32)


def to_lab(rgb: Colours) -> Colours:
    """Convert sRGB to OKLab."""
    lab: Colours = np.cbrt(to_linear(rgb) @ _RGB_TO_LMS.T) @ _LMS_TO_LAB.T
    return lab


def from_lab(lab: Colours) -> Colours:
    """Convert OKLab to sRGB, which may lie outside 0 to 1."""
    roots: Colours = lab @ _LAB_TO_LMS.T
    return from_linear(np.asarray(roots**3 @ _LMS_TO_RGB.T, dtype=np.float32))


def to_lch(lab: Colours) -> Colours:
    """Convert OKLab to OKLCH, hue from 0 to 360."""
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    return np.stack([lab[..., 0], chroma, hue], axis=-1).astype(np.float32)


def from_lch(lch: Colours) -> Colours:
    """Convert OKLCH to OKLab."""
    angle = np.radians(lch[..., 2])
    parts = [lch[..., 0], lch[..., 1] * np.cos(angle), lch[..., 1] * np.sin(angle)]
    return np.stack(parts, axis=-1).astype(np.float32)


def to_displayable(lch: Colours) -> Colours:
    """Convert rows of OKLCH to sRGB, lowering chroma where a colour cannot be shown."""
    bounded = lch.copy()
    bounded[:, 0] = bounded[:, 0].clip(0, 1)
    rgb = from_lab(from_lch(bounded))
    outside = np.flatnonzero(~_is_displayable(rgb))
    if outside.size:
        low = np.zeros(outside.size, dtype=np.float32)
        high = np.ones(outside.size, dtype=np.float32)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            trial = bounded[outside]
            trial[:, 1] *= middle
            fits = _is_displayable(from_lab(from_lch(trial)))
            low, high = np.where(fits, middle, low), np.where(fits, high, middle)
        bounded[outside, 1] *= low
        rgb[outside] = from_lab(from_lch(bounded[outside]))
    return rgb.clip(0, 1)


def blended(before: Colours, after: Colours, weight: Weights) -> Colours:
    """Mix OKLCH rows by weights from 0 to 1; those of weight 0 stay to the bit.

    Between two hues lies grey, so they are mixed in OKLab and not around the wheel, and get back
    some of the chroma this costs.
    """
    partial = (weight > 0) & (weight < 1)
    result = np.where((weight >= 1)[:, None], after, before)
    if partial.any():
        part = weight[partial, None]
        start, end = from_lch(before[partial]), from_lch(after[partial])
        mixed = to_lch(start + (end - start) * part)
        even = before[partial, 1] * (1 - part[:, 0]) + after[partial, 1] * part[:, 0]
        trusted = _CHROMA_KEPT * ramp(mixed[:, 1], 0.005, 0.02)
        mixed[:, 1] += trusted * np.maximum(even - mixed[:, 1], 0)
        result[partial] = mixed
    return result


def contrast_ratio(one: Colours, other: Colours) -> NDArray[np.float32]:
    """Return the WCAG contrast of sRGB colours, 1 to 21."""
    first = to_linear(one) @ _LUMINANCE
    second = to_linear(other) @ _LUMINANCE
    ratio: NDArray[np.float32] = (np.maximum(first, second) + 0.05) / (
        np.minimum(first, second) + 0.05
    )
    return ratio


def named(name: str) -> Colours:
    """Return a named colour, or `#rrggbb`, in OKLCH."""
    code = name if name.startswith("#") else NAMED[name][0]
    parts = [int(code[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return to_lch(to_lab(np.array(parts, dtype=np.float32)))


def membership(lch: Colours, family: str) -> Weights:
    """Say how much each colour, 0 to 1, belongs to a family of the table, or is near `#rrggbb`."""
    if family.startswith("#"):
        distance = np.linalg.norm(from_lch(lch) - from_lch(named(family)), axis=-1)
        return _ramp(0.12 - distance, 0.06)
    hue_low, hue_high, chroma_low, chroma_high, light_low, light_high = FAMILIES[family]
    # Hue as seen from the middle of the family, so that 350 and 10 are neighbours.
    middle = (hue_low + hue_high) / 2
    offset = np.abs((lch[..., 2] - middle + 180) % 360 - 180)
    weights: Weights = np.minimum.reduce(
        [
            _ramp((hue_high - hue_low) / 2 - offset, _HUE_MARGIN),
            _ramp(lch[..., 1] - chroma_low, min(_CHROMA_MARGIN, chroma_low or _CHROMA_MARGIN)),
            _ramp(chroma_high - lch[..., 1], _CHROMA_MARGIN),
            _ramp(lch[..., 0] - light_low, _LIGHTNESS_MARGIN),
            _ramp(light_high - lch[..., 0], _LIGHTNESS_MARGIN),
        ]
    )
    return weights


def ramp(value: NDArray[np.float32], low: float, high: float) -> Weights:
    """Rise from 0 at `low` to 1 at `high`."""
    return ((value - low) / (high - low)).clip(0, 1).astype(np.float32)


def _ramp(inside: NDArray[np.float32], margin: float) -> Weights:
    """Return 1 inside, falling to 0 a margin outside."""
    return (inside / margin + 1).clip(0, 1).astype(np.float32)


def _is_displayable(rgb: Colours) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = np.all(
        (rgb >= -_GAMUT_TOLERANCE) & (rgb <= 1 + _GAMUT_TOLERANCE), axis=-1
    )
    return inside
