"""What colour operations must not spoil: ink that can be read, shapes that can be told apart."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.colour import (
    Colours,
    Weights,
    contrast_ratio,
    from_lch,
    to_displayable,
)
from services.refinement.engines.local.colour_scene import MEMBER, ColourScene
from services.refinement.engines.local.toning import shaded

# The contrasts that WCAG asks of large shapes and of text.
LEGIBLE_SHAPE: Final = 3.0
LEGIBLE_TEXT: Final = 4.5
# Broad shapes of colour on light paper: nobody reads them, and pale is what is asked for.
PALE_SHAPE: Final = 1.9
_BROAD_SHARE_MIN: Final = 0.02
_CHROMATIC: Final = 0.03
_LIGHT_PAPER: Final = 0.85
_FLIPPED_TEXT: Final = 9.0
# Where nobody says what is lettering, ink with a small share of the picture may be.
_FINE_SHARE_MAX: Final = 0.08
# Rounding to eight bits takes a little contrast away.
_ROUNDING: Final = 1.02
_LIGHTNESS_STEPS: Final = 251
# Ink that has to move keeps this part of the differences in lightness it had.
_HIERARCHY: Final = 0.3
_ROOM_PART: Final = 0.6
_APART: Final = 0.08
_TOO_CLOSE: Final = 0.02
_NUDGE: Final = 0.035
_SEEN: Final = 0.004
_STEPS_BACK: Final = 13
_STEPS_BEYOND: Final = np.linspace(0.01, 0.1, 10)
_PASSES_MAX: Final = 4
_WHITE: Final = np.array([1.0, 0.0, 0.0], dtype=np.float32)
_BLACK: Final = np.array([0.0, 0.0, 0.0], dtype=np.float32)


def keep_legible(
    scene: ColourScene, original: Colours, paper: Colours | None, *, may_be_pale: bool = False
) -> None:
    """Move ink away from the final background where it could be read before and no longer can.

    Args:
        scene: its rows are replaced.
        original: the entries as they were before all operations.
        paper: the background's colour to come, if another than it has in the scene.
        may_be_pale: whether broad shapes may come as near to it as pastels do.
    """
    ground = _final_ground(scene, paper)
    before = ground_of(scene, original)
    if ground is None:
        return
    was = contrast_ratio(to_displayable(original), to_displayable(before))
    wanted = _wanted(scene, was)
    if may_be_pale and ground[0, 0] >= _LIGHT_PAPER:
        wanted = np.where(_is_broad(scene, original), np.minimum(wanted, PALE_SHAPE), wanted)
    now = contrast_ratio(to_displayable(scene.entries), to_displayable(ground))
    failing = np.flatnonzero((now < wanted) & (scene.kept < MEMBER) & scene.foreground())
    if not failing.size:
        return
    # Letters and lines that go from dark on light to light on dark are not to end as grey on dark.
    flips = (ground[0, 0] < original[:, 0]) != (before[0, 0] < original[:, 0])
    is_fine = (scene.text > MEMBER) | (scene.shares < _BROAD_SHARE_MIN)
    aim = np.where(flips & is_fine, np.minimum(was, _FLIPPED_TEXT), wanted)
    legible = np.array(
        [_nearest_legible(scene.entries[entry], ground, aim[entry]) for entry in failing],
        dtype=np.float32,
    )
    depth = np.abs(original[failing, 0] - before[0, 0])
    away = np.where(legible < ground[0, 0], -1, 1)
    room = np.where(away < 0, legible, 1 - legible)
    extra = np.minimum(_HIERARCHY * (depth - depth.min()), _ROOM_PART * room)
    change = np.zeros(len(scene.shares), dtype=np.float32)
    change[failing] = legible + away * extra - scene.entries[failing, 0]
    _shift(scene, change)


def keep_apart(scene: ColourScene, original: Colours, *, may_join_letters: bool) -> None:
    """Put a small difference back between foreground entries that had a clear one.

    The smaller of two moves, to the side where it was if there is room.

    Args:
        scene: its rows are replaced.
        original: the entries as they were when they could be told apart.
        may_join_letters: whether letters and shapes may take one colour, as where one is asked for.
    """
    inside = np.flatnonzero(scene.foreground())
    was_apart = np.triu(_distances(original[inside]) >= _APART, k=1)
    if may_join_letters:
        lettering = scene.text[inside] > MEMBER
        was_apart &= lettering[:, None] == lettering[None]
    weights = scene.shares + (scene.kept >= MEMBER)
    for _ in range(_PASSES_MAX):
        is_close = was_apart & (_distances(scene.entries[inside]) < _TOO_CLOSE)
        change = np.zeros(len(scene.shares), dtype=np.float32)
        for pair in inside[np.argwhere(is_close)]:
            still, moving = sorted(pair, key=lambda entry: -float(weights[entry]))
            away = 1 if original[moving, 0] >= original[still, 0] else -1
            if not 0 <= scene.entries[moving, 0] + away * _NUDGE <= 1:
                away = -away
            change[moving] = away * _NUDGE * (scene.kept[moving] < MEMBER)
        if not change.any():
            return
        _shift(scene, change)


def settle_ground(scene: ColourScene, original: Colours) -> None:
    """Take a background's change of lightness back as far as its ink would have to turn around.

    White letters on a tile that gets lighter and lighter would have to become black, and the
    picture another one. The background may end a little beyond where it was.

    Args:
        scene: its rows are replaced.
        original: the entries as they were before all operations.
    """
    background = scene.background
    if background is None or len(original) == 1 or scene.kept[background] >= MEMBER:
        return
    if np.abs(from_lch(scene.entries[background]) - from_lch(original[background])).max() < _SEEN:
        return
    shown = to_displayable(original)
    wanted = _wanted(scene, contrast_ratio(shown, shown[background])) * _ROUNDING
    wanted = np.where(scene.foreground() & (scene.kept < MEMBER), wanted, 0)
    is_light = original[:, 0] > original[background, 0]
    away = -1 if (wanted * is_light).sum() >= (wanted * ~is_light).sum() else 1
    own, back = float(scene.entries[background, 0]), float(original[background, 0])
    path = np.append(np.linspace(own, back, _STEPS_BACK), back + away * _STEPS_BEYOND).clip(0, 1)
    trials = shaded(
        np.repeat(scene.entries[background][None], len(path), axis=0), path.astype(np.float32)
    )
    grounds = to_displayable(trials)
    on_white = contrast_ratio(grounds, to_displayable(_WHITE[None]))
    on_black = contrast_ratio(grounds, to_displayable(_BLACK[None]))
    turning = np.where(is_light[:, None], on_white, on_black) < wanted[:, None]
    place = int(turning.sum(axis=0).argmin())
    moving = scene.ground() & (scene.kept < MEMBER)
    _shift(scene, np.where(moving, path[place] - own, 0).astype(np.float32))


def ground_of(scene: ColourScene, entries: Colours) -> Colours:
    """Return the OKLCH colour, 1 x 3, that ink is seen against.

    On transparency that is white or black, whichever the ink was made for.
    """
    if scene.background is not None:
        return entries[scene.background : scene.background + 1]
    shown = to_displayable(entries)
    shares = scene.shares
    on_white = float((np.log(contrast_ratio(shown, to_displayable(_WHITE[None]))) * shares).sum())
    on_black = float((np.log(contrast_ratio(shown, to_displayable(_BLACK[None]))) * shares).sum())
    return (_WHITE if on_white >= on_black else _BLACK)[None]


def _is_broad(scene: ColourScene, original: Colours) -> NDArray[np.bool_]:
    """Say which entries are colourful and have a large share, alone or with others like them."""
    is_shape = (scene.text <= MEMBER) & (original[:, 1] >= _CHROMATIC)
    like = _distances(original) < _APART
    together = like @ (scene.shares * is_shape)
    broad: NDArray[np.bool_] = is_shape & (together >= _BROAD_SHARE_MIN)
    return broad


def _final_ground(scene: ColourScene, paper: Colours | None) -> Colours | None:
    if paper is not None:
        return paper.reshape(1, 3)
    return None if scene.background is None else ground_of(scene, scene.entries)


def _wanted(scene: ColourScene, before: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the contrast each entry is owed: nothing if it never could be read."""
    fine = scene.text > MEMBER if scene.text.any() else scene.shares < _FINE_SHARE_MAX
    wanted = np.where(before >= LEGIBLE_SHAPE, LEGIBLE_SHAPE, 0)
    wanted = np.where(fine & (before >= LEGIBLE_TEXT), LEGIBLE_TEXT, wanted)
    return wanted.astype(np.float32)


def _nearest_legible(colour: Colours, ground: Colours, wanted: float) -> float:
    """Return the lightness nearest to a colour's own that can be read, or else the best one."""
    trials = np.linspace(0, 1, _LIGHTNESS_STEPS, dtype=np.float32)
    shades = shaded(np.repeat(colour[None], len(trials), axis=0), trials)
    ratios = contrast_ratio(to_displayable(shades), to_displayable(ground))
    fitting = trials[ratios >= wanted * _ROUNDING]
    if not fitting.size:
        return float(trials[ratios.argmax()])
    return float(fitting[np.abs(fitting - colour[0]).argmin()])


def _shift(scene: ColourScene, change: Weights) -> None:
    """Change the lightness of entries and all their rows; the other rows stay to the bit."""
    own = change[scene.owner]
    moved = own != 0
    rows = scene.rows.copy()
    rows[moved] = shaded(rows[moved], (rows[moved, 0] + own[moved]).clip(0, 1))
    scene.rows = rows


def _distances(entries: Colours) -> NDArray[np.float32]:
    lab = from_lch(entries)
    distances: NDArray[np.float32] = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    return distances
