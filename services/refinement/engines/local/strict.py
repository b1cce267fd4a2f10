"""Tells a colour that was named from one that only passes for it: white from cream.

Families overlap on purpose, since a sun may be called yellow and orange too. Where a picture has
both a colour that is just what was named and one that has a better name of its own, the name means
the first alone.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.colour import Colours, Weights, from_lch, named
from services.refinement.engines.local.colour_scene import SHARE_MIN
from services.refinement.engines.local.named_colours import FAMILIES, NAMED

# In OKLab. White and black are what has hardly any colour and is as light or dark as can be.
_PURE: Final = {"white": "#ffffff", "black": "#000000"}
_PURE_DISTANCES: Final = {"white": 0.02, "black": 0.24}
_BETTER_NAME: Final = 0.6
_FAR_APART: Final = 0.03


def strictly(entries: Colours, shares: Weights, members: Weights, family: str) -> Weights:
    """Take out of a family's members what has a better name, if something has none better.

    Args:
        entries: E x 3, OKLCH.
        shares: E, how much of the picture each has.
        members: E, how much each belongs to the family.
        family: of the table; a `#rrggbb` is as strict as it can be.
    """
    if family not in FAMILIES:
        return members
    is_it = (members > 0) & (shares >= SHARE_MIN)
    is_own, is_other = _named_better(entries, family)
    is_own &= is_it
    is_other &= is_it
    if not is_own.any():
        return members
    lab = from_lch(entries)
    away = np.linalg.norm(lab[:, None] - lab[None, is_own], axis=-1).min(axis=1)
    return np.where(is_other & (away >= _FAR_APART), 0, members).astype(np.float32)


def _named_better(entries: Colours, family: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which entries a family names best, and which have a better name in another family."""
    lab = from_lch(entries)
    if family in _PURE:
        pure = from_lch(named(_PURE[family])[None])
        is_own = np.linalg.norm(lab - pure, axis=-1) <= _PURE_DISTANCES[family]
        return is_own, ~is_own
    families = np.array([of for _, of in NAMED.values()])
    names = from_lch(np.stack([named(name) for name in NAMED]))
    away = np.linalg.norm(lab[:, None] - names[None], axis=-1)
    own = away[:, families == family].min(axis=1)
    other = away[:, families != family].min(axis=1)
    return own < _BETTER_NAME * other, other < _BETTER_NAME * own
