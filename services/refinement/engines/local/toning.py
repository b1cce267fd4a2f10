"""Tones of colours: lighter and darker, fuller and duller, warmer and cooler, more and less apart.

Pure functions on rows of OKLCH. What is grey, white or black tells nothing about light or warmth,
so it changes little or not at all.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.colour import Colours, Weights, from_lch, ramp, to_lch

# Lightness moves towards these, and never arrives.
_LIGHTEST: Final = 0.95
_DARKEST: Final = 0.1
_LIGHTNESS_RATE: Final = 0.45
_HUE_PER_LIGHTNESS: Final = 70.0
# How far drifting goes: light browns end at the yellow of straw, dark yellows at brown.
_STRAW_HUE: Final = 84.0
_BROWN_HUE: Final = 52.0
# Yellowish greens look brown when dark, unless they turn towards green a little.
_GREEN_HUE: Final = 142.0
_GREEN_PER_DARKNESS: Final = 40.0
_TINT_LOSS: Final = 0.35
_TINT_POWER: Final = 0.5
_SHADE_POWER: Final = 0.25
_MORE_SATURATION: Final = 0.36
_LESS_SATURATION: Final = 0.75
_WARM_HUE: Final = 58.0
# Not quite opposite: towards a greener blue, tans would look sick.
_COOL_HUE: Final = 247.0
_WARM_TURN: Final = 12.0
_WARM_SHIFT: Final = 0.038
_WARM_CHROMA_GAIN: Final = 0.022
_AMBER_DEPTH: Final = 0.04
_GREY_WARMTH: Final = 0.42
_DARKER_DARKS: Final = 0.6
_LIGHTER_LIGHTS: Final = 0.35
_LESS_CONTRAST: Final = 0.35


def shaded(rows: Colours, lightness: NDArray[np.float32]) -> Colours:
    """Return colours at another lightness, as a painter would mix them.

    A brown that only gets lighter turns pink, a yellow that only gets darker turns green, and a
    yellowish green olive; so hue drifts. Nothing very light or very dark is very colourful.
    """
    edited = rows.copy()
    hue = rows[:, 2]
    change = lightness - rows[:, 0]
    # A red is bright and may turn pink; what is browner than that must not.
    lifting = ramp(hue, 10, 35) * (1 - ramp(hue, 68, 90)) * (1 - 0.7 * ramp(rows[:, 1], 0.14, 0.2))
    lowering = ramp(hue, 66, 92) * (1 - ramp(hue, 110, 116))
    lifted = np.minimum(hue + _HUE_PER_LIGHTNESS * change * lifting, np.maximum(hue, _STRAW_HUE))
    lowered = np.maximum(hue + _HUE_PER_LIGHTNESS * change * lowering, np.minimum(hue, _BROWN_HUE))
    greening = ramp(hue, 112, 120) * (hue < _GREEN_HUE)
    lowered -= _GREEN_PER_DARKNESS * change * greening
    lowered = np.where(greening > 0, np.minimum(lowered, _GREEN_HUE), lowered)
    edited[:, 0] = lightness
    edited[:, 2] = np.where(change > 0, lifted, lowered)
    relation = lightness / np.maximum(rows[:, 0], 0.1)
    # What is lighter looks duller at the same chroma; only full colours have enough of it.
    tint = relation.clip(1, 2) ** (_TINT_POWER * (1 - ramp(rows[:, 1], 0.1, 0.16)))
    tint *= 1 - _TINT_LOSS * ramp(lightness, 0.8, 1.0) * ramp(np.abs(change), 0, 0.1)
    shade = relation.clip(0, 1) ** _SHADE_POWER
    edited[:, 1] = rows[:, 1] * np.where(change > 0, tint, shade)
    return edited


def lightened(rows: Colours, amount: float) -> Colours:
    """Move a part of the way to the lightest tint, or for negative amounts to the darkest shade."""
    step = 1 - np.exp(-_LIGHTNESS_RATE * abs(amount))
    lightness = rows[:, 0]
    if amount > 0:
        change = np.maximum(_LIGHTEST - lightness, 0) * step
    else:
        # White parts of a dark logo are white still.
        change = np.minimum(_DARKEST - lightness, 0) * step * (1 - ramp(lightness, 0.9, 0.98))
    return shaded(rows, (lightness + change).astype(np.float32))


def saturated(rows: Colours, amount: float) -> Colours:
    """Raise or lower chroma; what is grey stays grey, for a hue of rounding errors is no hue."""
    edited = rows.copy()
    if amount > 0:
        edited[:, 1] *= 1 + _MORE_SATURATION * amount * ramp(rows[:, 1], 0.006, 0.024)
    else:
        edited[:, 1] *= np.exp(_LESS_SATURATION * amount)
    return edited


def warmed(rows: Colours, amount: float) -> Colours:
    """Turn hues towards orange, or towards blue, and shift everything a little that way.

    Paper white and ink black stay, greys move slightly.
    """
    pole = _WARM_HUE if amount > 0 else _COOL_HUE
    colourful = ramp(rows[:, 1], 0.01, 0.06)
    turned = rows.copy()
    # Strongest half-way round the wheel from nowhere: neither pole moves, nor what is opposite.
    turning = abs(amount) * _WARM_TURN * ramp(rows[:, 1], 0.03, 0.12)
    turned[:, 2] -= turning * np.sin(np.radians(rows[:, 2] - pole))
    strength = _GREY_WARMTH + (1 - _GREY_WARMTH) * colourful
    strength *= 1 - ramp(rows[:, 0], 0.86, 0.99) * (1 - 0.7 * colourful)
    strength *= ramp(rows[:, 0], 0.02, 0.3)
    shift = abs(amount) * _WARM_SHIFT * strength
    lab = from_lch(turned)
    lab[:, 1] += shift * np.cos(np.radians(pole))
    lab[:, 2] += shift * np.sin(np.radians(pole))
    shifted = to_lch(lab)
    gain = _WARM_CHROMA_GAIN * min(abs(amount), 2.0) * (2 - colourful)
    shifted[:, 1] = np.minimum(shifted[:, 1], rows[:, 1] + gain)
    if amount > 0:
        # Orange is darker than yellow; as light it is only pale.
        yellowness = ramp(rows[:, 0], 0.75, 0.88) * ramp(rows[:, 1], 0.08, 0.14)
        shifted[:, 0] -= _AMBER_DEPTH * min(amount, 2.0) * yellowness
    return shifted


def contrasted(rows: Colours, amount: float, middle: float) -> Colours:
    """Move lightness away from `middle`, or towards it; black and white stay where they are."""
    edited = rows.copy()
    lightness = rows[:, 0].clip(0, 1)
    if amount > 0:
        above = (lightness - middle) / max(1 - middle, 1e-3)
        below = (middle - lightness) / max(middle, 1e-3)
        lighter = middle + (1 - middle) * (
            1 - (1 - above.clip(0, 1)) ** (1 + _LIGHTER_LIGHTS * amount)
        )
        darker = middle - middle * (1 - (1 - below.clip(0, 1)) ** (1 + _DARKER_DARKS * amount))
        edited[:, 0] = np.where(lightness > middle, lighter, darker)
    else:
        edited[:, 0] = middle + (lightness - middle) * np.exp(_LESS_CONTRAST * amount)
    return edited


def middle_of(entries: Colours, shares: Weights) -> float:
    """Return the lightness half-way between the darkest and the lightest colour that counts."""
    counted = entries[shares >= min(0.002, float(shares.max(initial=0))), 0]
    return float(counted.min() + counted.max()) / 2 if counted.size else 0.5
