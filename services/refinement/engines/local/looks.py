"""Treatments of all colours that have a name, as functions on rows of OKLCH."""

from collections.abc import Callable
from typing import Final

import numpy as np

from services.refinement.engines.local.colour import Colours, from_lch, ramp, to_lch
from services.refinement.engines.local.colour_scene import ColourScene
from services.refinement.engines.local.inks import black_and_white
from services.refinement.engines.local.operations import LookName
from services.refinement.engines.local.recolouring import Edit

_SEPIA_HUE: Final = 73.0
_SEPIA_CHROMA: Final = 0.058
_FADED_BLACK: Final = 0.13
_FADED_WHITE: Final = 0.975
_FADED_CHROMA: Final = 0.74
_FADED_TINT: Final = np.array([0.0, 0.003, 0.02], dtype=np.float32)
_EARTH_HUE: Final = 66.0
_EARTH_REACH: Final = 42.0
_EARTH_WIDTH: Final = 60.0
_EARTH_CHROMA_MAX: Final = 0.115
_EARTH_TINT: Final = np.array([0.0, 0.002, 0.012], dtype=np.float32)
_NEON_CHROMA: Final = 0.25
# At which lightness sRGB shows each hue most colourful: red, yellow, green, cyan, blue, magenta.
_FULLEST_HUES: Final = (-32.0, 29.0, 110.0, 142.0, 195.0, 264.0, 328.0, 389.0)
_FULLEST_LIGHTNESS: Final = (0.70, 0.63, 0.97, 0.87, 0.90, 0.45, 0.70, 0.63)
_NEON_ON_DARK: Final = (0.72, 0.88)
_NEON_ON_LIGHT: Final = (0.5, 0.66)
_DARK_GROUND: Final = 0.45
_NIGHT: Final = 0.15


def looked(scene: ColourScene, look: LookName) -> Edit:
    """Apply a look; all entries are concerned, but for neon, which leaves the ground alone."""
    match look:
        case "black_and_white":
            return black_and_white(scene)
        case "neon":
            ground = None if scene.background is None else scene.entries[scene.background]
            is_dark = ground is not None and ground[0] < _DARK_GROUND
            lit = (
                scene.foreground() & ~scene.ground()
                if len(scene.shares) > 1
                else scene.foreground()
            )
            return _neon(scene.rows, is_dark=is_dark), lit.astype(np.float32)
        case _:
            return _LOOKS[look](scene.rows), scene.everything()


def grey(rows: Colours) -> Colours:
    """Take all colour away."""
    edited = rows.copy()
    edited[:, 1] = 0
    return edited


def _pastel(rows: Colours) -> Colours:
    edited = rows.copy()
    colourful = ramp(rows[:, 1], 0.01, 0.05)
    edited[:, 0] += ((0.66 + 0.27 * rows[:, 0]).clip(0, 0.93) - rows[:, 0]).clip(0) * (
        0.35 + 0.65 * colourful
    )
    edited[:, 1] = np.minimum(rows[:, 1] * 0.8, 0.1)
    return edited


def _sepia(rows: Colours) -> Colours:
    edited = rows.copy()
    edited[:, 1] = _SEPIA_CHROMA * (1 - ((rows[:, 0] - 0.58) / 0.52) ** 2).clip(0.12, 1)
    edited[:, 2] = _SEPIA_HUE
    edited[:, 0] = 0.06 + rows[:, 0] * 0.91
    return edited


def _vintage(rows: Colours) -> Colours:
    """Fade as prints do: duller, blacks lifted, whites a little yellow."""
    lab = from_lch(rows)
    faded = lab.copy()
    faded[:, 0] = _FADED_BLACK + (_FADED_WHITE - _FADED_BLACK) * lab[:, 0].clip(0, 1)
    faded[:, 1:] *= _FADED_CHROMA
    strength = 1 - 0.45 * ramp(rows[:, 0], 0.85, 1.0)
    return to_lch((faded + strength[:, None] * _FADED_TINT).astype(np.float32))


def _earthy(rows: Colours) -> Colours:
    """Pull hues to ochre, olive and terracotta; blues, furthest from earth, end nearly grey."""
    edited = rows.copy()
    apart = (rows[:, 2] - _EARTH_HUE + 180) % 360 - 180
    edited[:, 2] = _EARTH_HUE + _EARTH_REACH * np.tanh(apart / _EARTH_WIDTH)
    likeness = 1 - 0.65 * ramp(np.abs(apart), 90, 180)
    chroma = rows[:, 1] * 0.85 * likeness
    edited[:, 1] = _EARTH_CHROMA_MAX * np.tanh(chroma / _EARTH_CHROMA_MAX)
    edited[:, 0] = rows[:, 0] - 0.05 * ramp(rows[:, 1], 0.03, 0.12) * ramp(rows[:, 0], 0.55, 0.8)
    return to_lch((from_lch(edited) + _EARTH_TINT).astype(np.float32))


def _neon(rows: Colours, *, is_dark: bool) -> Colours:
    """Make colours shine: as full as they get, and on a dark ground as light as that takes."""
    edited = rows.copy()
    colourful = ramp(rows[:, 1], 0.02, 0.07)
    fullest = np.interp(rows[:, 2], _FULLEST_HUES, _FULLEST_LIGHTNESS).astype(np.float32)
    bright = fullest.clip(*(_NEON_ON_DARK if is_dark else _NEON_ON_LIGHT))
    edited[:, 0] += 0.7 * colourful * np.maximum(bright - rows[:, 0], 0)
    edited[:, 1] += colourful * np.maximum(_NEON_CHROMA - rows[:, 1], 0)
    return edited


def _inverted(rows: Colours) -> Colours:
    """Turn light and dark around, and hues to the other side of the wheel.

    White becomes night and not a hole, and dark ink becomes light enough to shine on it.
    """
    edited = rows.copy()
    edited[:, 0] = 1 - (1 - _NIGHT) * rows[:, 0].clip(0, 1) ** 1.25
    edited[:, 2] = (rows[:, 2] + 180) % 360
    return edited


_LOOKS: Final[dict[str, Callable[[Colours], Colours]]] = {
    "grayscale": grey,
    "pastel": _pastel,
    "sepia": _sepia,
    "vintage": _vintage,
    "earthy": _earthy,
    "invert": _inverted,
}
