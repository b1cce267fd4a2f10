"""Deals a logo's colours out to black and white, so that what lies side by side stays apart.

Two colours cannot always tell apart all neighbours that more colours did. What counts is how long
two colours touch, how clearly they differ, and that lighter is white and darker black.
"""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.colour import Colours, from_lch, ramp
from services.refinement.engines.local.colour_scene import MEMBER, ColourScene

Sides: TypeAlias = NDArray[np.bool_]
Table: TypeAlias = NDArray[np.float32]

# Distances in OKLab: less than the first goes unnoticed, more than the second is clear.
_LIKE: Final = 0.04
_CLEAR: Final = 0.16
_MIDDLE: Final = 0.58
_LETTERING_WORTH: Final = 6.0
# A lighter colour that becomes black beside a darker one that becomes white.
_TURNED_WORTH: Final = 0.9
_TURNED: Final = (0.03, 0.2)
# How much a colour's own lightness says against all of its borders.
_OWN_WORTH: Final = 0.2
# And how much it says in broad areas, which make a logo look dark or light.
_BROAD_WORTH: Final = 0.2
_OWN_RANGE: Final = 0.2
_SMALLEST: Final = 1e-6
_ROUNDS_MAX: Final = 80
_STARTS_MAX: Final = 12


def sides_apart(scene: ColourScene) -> Sides | None:
    """Say which entries become white; None where nobody knows which of them touch.

    What is transparent counts as white paper.
    """
    if scene.contacts is None or len(scene.shares) == 1:
        return None
    lightness = np.append(scene.entries[:, 0], np.float32(1))
    borders = _borders(scene, scene.contacts)
    turned = ramp(lightness[:, None] - lightness[None], *_TURNED) * borders * _TURNED_WORTH
    own = _own_worth(scene, lightness, borders)
    fixed = np.zeros(len(lightness), dtype=np.bool_)
    fixed[-1] = True
    if scene.background is not None:
        fixed[scene.background] = True
    levels = np.unique(lightness)
    best, least = lightness > _MIDDLE, np.inf
    for level in levels[:: 1 + len(levels) // _STARTS_MAX]:
        start = lightness >= level
        start[fixed] = lightness[fixed] > _MIDDLE
        sides = _settled(start, fixed, borders, turned, own)
        cost = _cost(sides, borders, turned, own)
        if cost < least - _SMALLEST:
            best, least = sides, cost
    return best[:-1]


def _own_worth(scene: ColourScene, lightness: Table, borders: Table) -> Table:
    """Return how much each entry's lightness says for white, and against it where negative."""
    own = (lightness - _MIDDLE).clip(-_OWN_RANGE, _OWN_RANGE) / _OWN_RANGE
    ink = scene.shares * scene.foreground()
    broad = np.append(ink, np.float32(0)) / max(float(ink.sum()), _SMALLEST)
    # A broad dark field on white is the body of the logo.
    paper = lightness[-1 if scene.background is None else scene.background] > _MIDDLE
    broad *= (own > 0) != paper
    worth: Table = own * (_OWN_WORTH * borders.sum(axis=1) + _BROAD_WORTH * broad)
    return worth.astype(np.float32)


def differences(entries: Colours) -> Table:
    """Return how clearly each two colours differ, 0 to 1."""
    lab = from_lch(entries)
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    return ramp(apart.astype(np.float32), _LIKE, _CLEAR)


def _borders(scene: ColourScene, contacts: NDArray[np.intp]) -> Table:
    """Return the part of all borders that each two entries share, as far as they differ."""
    paper = np.array([[1, 0, 0]], dtype=np.float32)
    borders = differences(np.concatenate([scene.entries, paper])) * contacts
    lettering = np.append(scene.text, np.float32(0)) > MEMBER
    borders *= np.where(lettering[:, None] | lettering[None], np.float32(_LETTERING_WORTH), 1)
    together = float(borders.sum()) / 2
    return (borders / max(together, _SMALLEST)).astype(np.float32)


def _settled(sides: Sides, fixed: Sides, borders: Table, turned: Table, own: Table) -> Sides:
    """Turn over the entry that gains most until none does."""
    sides = sides.copy()
    for _ in range(_ROUNDS_MAX):
        is_same = sides[:, None] == sides[None]
        gain = (borders * is_same).sum(axis=1) - (borders * ~is_same).sum(axis=1)
        sign = np.where(sides, 1, -1)
        gain -= sign * (turned @ sides - turned.T @ ~sides + 2 * own)
        gain[fixed] = 0
        entry = int(gain.argmax())
        if gain[entry] <= _SMALLEST:
            break
        sides[entry] = not sides[entry]
    return sides


def _cost(sides: Sides, borders: Table, turned: Table, own: Table) -> float:
    together = float(borders[sides[:, None] == sides[None]].sum()) / 2
    against = float(turned[~sides[:, None] & sides[None]].sum())
    return together + against - float(own[sides].sum()) + float(own[~sides].sum())
