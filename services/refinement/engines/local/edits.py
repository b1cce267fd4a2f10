"""Applies colour operations to the colours of a picture, in order, and keeps its ink legible."""

from typing import Final, TypeAlias

import numpy as np

from services.refinement.engines.local.colour import (
    Colours,
    Weights,
    blended,
    from_lch,
)
from services.refinement.engines.local.colour_scene import ColourScene
from services.refinement.engines.local.inks import duotone, monochrome
from services.refinement.engines.local.legibility import (
    ground_of,
    keep_apart,
    keep_legible,
    settle_ground,
)
from services.refinement.engines.local.looks import looked
from services.refinement.engines.local.operations import (
    Contrast,
    Duotone,
    Lightness,
    Look,
    Monochrome,
    Recolour,
    Replace,
    Saturation,
    Shades,
    Warmth,
)
from services.refinement.engines.local.recolouring import Edit, in_shades, recoloured, replaced
from services.refinement.engines.local.refusals import NotApplicable
from services.refinement.engines.local.toning import (
    contrasted,
    lightened,
    middle_of,
    saturated,
    warmed,
)

Toning: TypeAlias = Lightness | Saturation | Warmth | Contrast
# What is applied one after the other; replaces happen at once.
Single: TypeAlias = Toning | Recolour | Shades | Monochrome | Duotone | Look
ColourOperation: TypeAlias = Single | Replace

BLACK_AND_WHITE: Final = Look(look="black_and_white")
CHANGES_NOTHING: Final = "it changes nothing in this picture"

_VISIBLE_CHANGE: Final = 0.006
# Paper that is to be darker and night that is to be lighter are spared: the ink is meant.
_PAPER: Final = 0.85
_NIGHT: Final = 0.35
_BACKGROUND_WEIGHT: Final = 0.2


def apply_colours(
    scene: ColourScene, operations: tuple[ColourOperation, ...], *, paper: Colours | None
) -> tuple[str | None, ...]:
    """Edit a scene's rows by operations in order, then keep its ink legible.

    Args:
        scene: its `rows` are replaced; rows that no operation concerns stay to the bit.
        operations: what to do.
        paper: the OKLCH colour (three numbers) that the background is going to have, if another.

    Returns:
        For each operation None, or the reason it was not applied.
    """
    original = told_apart = scene.entries.copy()
    replaces = tuple(operation for operation in operations if isinstance(operation, Replace))
    replacing: list[str | None] = []
    reasons: list[str | None] = []
    for operation in operations:
        if isinstance(operation, Replace):
            # All of them with the first, or of two colours that change places one would be lost.
            replacing = replacing or _replace_at_once(scene, replaces)
            reasons.append(replacing.pop(0))
        else:
            reasons.append(_apply(scene, operation, paper))
        if paper is None and _is_overall(operation):
            settle_ground(scene, original)
        if operation == BLACK_AND_WHITE:
            # What is grey afterwards would be neither; what cannot be read is a matter of lines.
            original = scene.entries.copy()
        if isinstance(operation, Duotone) or operation == BLACK_AND_WHITE:
            told_apart = scene.entries.copy()
        else:
            keep_apart(scene, told_apart, may_join_letters=isinstance(operation, Recolour))
    may_be_pale = any(_makes_pale(operation) for operation in operations)
    keep_legible(scene, original, paper, may_be_pale=may_be_pale)
    return tuple(reasons)


def _apply(scene: ColourScene, operation: Single, paper: Colours | None) -> str | None:
    """Apply one operation, or return why it does not apply."""
    try:
        edit = _edited(scene, operation, paper)
    except NotApplicable as refusal:
        return refusal.reason
    return _put(scene, edit)


def _put(scene: ColourScene, edit: Edit) -> str | None:
    """Give the members their new colours, as far as they may change, or say that none does."""
    before = scene.rows
    after, members = edit
    scene.rows = blended(before, after, (members * (1 - scene.kept))[scene.owner])
    change = from_lch(scene.rows) - from_lch(before)
    return None if np.abs(change).max(initial=0) >= _VISIBLE_CHANGE else CHANGES_NOTHING


def _replace_at_once(scene: ColourScene, replaces: tuple[Replace, ...]) -> list[str | None]:
    """Turn several families into other colours, each by the colours as they are before any of it.

    An entry that is of two families goes with the one that it is more of, of equals the first.
    """
    edits: dict[int, Edit] = {}
    reasons: dict[int, str | None] = {}
    for place, operation in enumerate(replaces):
        try:
            edits[place] = replaced(scene, operation.source, operation.target)
        except NotApplicable as refusal:
            reasons[place] = refusal.reason
    if edits:
        chosen = np.stack([members for _, members in edits.values()]).argmax(axis=0)
        for rank, (place, (after, members)) in enumerate(edits.items()):
            own = (members * (chosen == rank)).astype(np.float32)
            reasons[place] = _put(scene, (after, own))
    return [reasons[place] for place in range(len(replaces))]


def _makes_pale(operation: ColourOperation) -> bool:
    is_lighter = isinstance(operation, Lightness) and operation.amount > 0
    return is_lighter or operation == Look(look="pastel")


def _is_overall(operation: ColourOperation) -> bool:
    """Say whether an operation means all colours alike, and no colour for the background."""
    if isinstance(operation, Look):
        return operation.look not in {"black_and_white", "invert"}
    if isinstance(operation, Monochrome):
        return True
    return isinstance(operation, Toning) and getattr(operation, "scope", None) is None


def _edited(scene: ColourScene, operation: Single, paper: Colours | None) -> Edit:
    """Return the rows as they would become, and how much each entry is concerned.

    Raises:
        NotApplicable: the picture has nothing for the operation to work on.
    """
    ground = ground_of(scene, scene.entries) if paper is None else paper.reshape(1, 3)
    match operation:
        case Recolour(colours=colours, scope=scope):
            return recoloured(scene, colours, scope, ground)
        case Shades(colour=colour, amount=amount):
            return in_shades(scene, colour, amount)
        case Monochrome(colour=colour):
            return monochrome(scene, colour)
        case Duotone(colours=colours):
            return duotone(scene, colours, ground)
        case Look(look=look):
            return looked(scene, look)
        case _:
            return _toned(scene, operation)


def _toned(scene: ColourScene, operation: Toning) -> Edit:
    match operation:
        case Lightness(amount=amount, scope=scope):
            return lightened(scene.rows, amount), _lit(scene, scope, amount)
        case Saturation(amount=amount, scope=scope):
            return saturated(scene.rows, amount), scene.members(scope)
        case Warmth(amount=amount, scope=scope):
            return warmed(scene.rows, amount), scene.members(scope)
        case Contrast(amount=amount):
            middle = middle_of(scene.entries, scene.shares)
            return contrasted(scene.rows, amount, middle), _contrasting(scene, amount)


def _lit(scene: ColourScene, scope: str | None, amount: float) -> Weights:
    members = scene.members(scope)
    background = scene.background
    if scope is None and background is not None and len(members) > 1:
        lightness = scene.entries[background, 0]
        if (amount < 0 and lightness > _PAPER) or (amount > 0 and lightness < _NIGHT):
            members[scene.ground()] = _BACKGROUND_WEIGHT
    return members


def _contrasting(scene: ColourScene, amount: float) -> Weights:
    """Less contrast is ink nearer to the paper, and not paper nearer to the ink."""
    members = scene.everything()
    if amount < 0 and scene.background is not None and len(members) > 1:
        members[scene.ground()] = 0
    return members
