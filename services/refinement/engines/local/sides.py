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
_ROUNDS_MAX: Final = 40


def sides_apart(scene: ColourScene) -> Sides | None:
    """Say which entries become white; None where nobody knows which of them touch.

    What is transparent counts as paper, white if the scene has no background of its own.
    """
    if scene.contacts is None or len(scene.shares) == 1:
        return None
    lightness = _with_paper(scene)
    borders = _borders(scene)
    turned = ramp(lightness[:, None] - lightness[None], *_TURNED) * borders
    own = (lightness - _MIDDLE).clip(-_OWN_RANGE, _OWN_RANGE) / _OWN_RANGE
    ground = 0 if scene.background is None else scene.shares[scene.background]
    broad = np.append(scene.shares * scene.foreground(), np.float32(0))
    paper = lightness[-1 if scene.background is None else scene.background] > _MIDDLE
    # A broad dark field on white is the body of the logo.
    broad *= (own > 0) != paper
    own *= _OWN_WORTH * borders.sum(axis=1) + _BROAD_WORTH * broad / max(1 - float(ground), 1e-6)
    fixed = np.zeros(len(lightness), dtype=np.bool_)
    fixed[-1] = True
    if scene.background is not None:
        fixed[scene.background] = True
    best, least = lightness > _MIDDLE, np.inf
    for level in np.unique(lightness):
        start = lightness >= level
        start[fixed] = (lightness > _MIDDLE)[fixed]
        sides, cost = _settled(start, fixed, borders, turned, own)
        if cost < least - _SMALLEST:
            best, least = sides, cost
    return best[:-1]


def differences(entries: Colours) -> Table:
    """Return how clearly each two colours differ, 0 to 1."""
    lab = from_lch(entries)
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    return ramp(apart.astype(np.float32), _LIKE, _CLEAR)


def _with_paper(scene: ColourScene) -> NDArray[np.float32]:
    """Return the lightness of the entries, and of what shows through where it is transparent."""
    return np.append(scene.entries[:, 0], np.float32(1))


def _borders(scene: ColourScene) -> Table:
    """Return the part of all borders that each two entries share, as far as they differ."""
    assert scene.contacts is not None
    paper = np.array([[1, 0, 0]], dtype=np.float32)
    borders = differences(np.concatenate([scene.entries, paper])) * scene.contacts
    lettering = np.append(scene.text, np.float32(0)) > MEMBER
    borders *= np.where(lettering[:, None] | lettering[None], np.float32(_LETTERING_WORTH), 1)
    together = float(borders.sum()) / 2
    return (borders / max(together, 1e-6)).astype(np.float32)


def _settled(
    sides: Sides, fixed: Sides, borders: Table, turned: Table, own: Table
) -> tuple[Sides, float]:
    """Turn over the entry that gains most until none does."""
    cost = _cost(sides, borders, turned, own)
    for _ in range(_ROUNDS_MAX):
        trials = []
        for entry in np.flatnonzero(~fixed):
            trial = sides.copy()
            trial[entry] = not trial[entry]
            trials.append((_cost(trial, borders, turned, own), int(entry)))
        gain = min(trials, default=(np.inf, 0))
        if gain[0] >= cost - _SMALLEST:
            break
        cost = gain[0]
        sides = sides.copy()
        sides[gain[1]] = not sides[gain[1]]
    return sides, cost


def _cost(sides: Sides, borders: Table, turned: Table, own: Table) -> float:
    together = float(borders[sides[:, None] == sides[None]].sum()) / 2
    against = _TURNED_WORTH * float(turned[~sides[:, None] & sides[None]].sum())
    return together + against - float(own[sides].sum()) + float(own[~sides].sum())
