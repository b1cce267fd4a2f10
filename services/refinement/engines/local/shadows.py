"""Removes soft shadows: what differs within an area that mostly has one colour."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.planes import Planes, straight
from services.refinement.engines.local.reading import Reading
from services.refinement.engines.local.seams import find_seams

_SEAM_KEPT: Final = 0.85
_SHADE_SHARE_MAX: Final = 0.006
_SHADE_DEPTH: Final = (0.03, 0.7)
_SHADE_ERROR_MAX: Final = 0.03
_PURE: Final = 0.95
_PURE_PIXELS_MAX: Final = 60
_LETTERED_MAX: Final = 0.2


def without_shadows(reading: Reading) -> Pixels:
    """Draw a picture without its shadows; gradients have no colour of their own, and stay.

    Edges keep their mix, so that what lies beside a shadow keeps its outline. Where only a shadow
    parts two shapes of one colour, a line of it stays.
    """
    scene = reading.scene
    areas = scene.areas
    targets = areas.colours.copy()
    is_flat = areas.flat.copy()
    ground = _ground_colour(reading)
    by_class = np.zeros_like(scene.colours)
    if ground is not None:
        is_shade = _shaded_areas(reading, ground)
        targets[is_shade], is_flat[is_shade] = ground, True
        shaded = _shaded_classes(reading, ground)
        by_class[shaded] = ground - scene.colours[shaded]
    is_moved = is_flat[scene.roots] & (areas.sizes > 0)
    shift: Planes = targets[scene.roots][areas.components]
    shift -= scene.planes
    shift[~is_moved[areas.components]] = 0
    edges = scene.edges
    moves = shift.reshape(-1, 4)
    covered = areas.covered.reshape(-1)

    def move_of(sources: NDArray[np.intp], classes: NDArray[np.uint8]) -> Planes:
        return np.where(covered[sources][:, None], moves[sources], by_class[classes])

    part = edges.part[:, None]
    first = move_of(edges.first_source, edges.first)
    second = move_of(edges.second_source, edges.second)
    moves[edges.spots] = first * (1 - part) + second * part
    shift += scene.planes
    for seam in find_seams(scene):
        own = np.flatnonzero(seam.cover)
        cover = seam.cover.reshape(-1)[own, None] * _SEAM_KEPT
        moves[own] = moves[own] * (1 - cover) + seam.colour * cover
    return straight(shift.clip(0, 1, out=shift))


def _ground_colour(reading: Reading) -> Planes | None:
    """Return the colour of the largest area of background, if that is opaque."""
    scene = reading.scene
    if scene.own is None or scene.is_clear:
        return None
    owners = scene.areas.components[reading.ground]
    counts = np.bincount(owners[owners > 0], minlength=1)
    colour: Planes = scene.areas.colours[int(counts.argmax())]
    return colour if counts.any() else None


def _is_shade(colours: Planes, ground: Planes) -> NDArray[np.bool_]:
    """Say which colours are the ground's, only darker."""
    plain = ground[:3]
    lit = colours[:, :3] @ plain / max(float(plain @ plain), 1e-6)
    apart = np.linalg.norm(colours[:, :3] - lit[:, None] * plain, axis=-1)
    shade: NDArray[np.bool_] = (
        (1 - lit > _SHADE_DEPTH[0])
        & (1 - lit < _SHADE_DEPTH[1])
        & (apart < _SHADE_ERROR_MAX)
        & (colours[:, 3] > 1 - _SHADE_ERROR_MAX)
    )
    return shade


def _shaded_areas(reading: Reading, ground: Planes) -> NDArray[np.bool_]:
    """Find small areas of shadow, enclosed by letters say, that no plain background reaches."""
    scene = reading.scene
    areas = scene.areas
    # A class of shade that is large is a hard shadow or a grey shape; half of it is worse than all.
    cover = np.bincount(scene.cover.reshape(-1), minlength=len(scene.colours))
    is_hard = _is_shade(scene.colours, ground) & (cover > _SHADE_SHARE_MAX * scene.cover.size)
    classes = np.zeros(len(areas.sizes), dtype=np.intp)
    classes[areas.components[areas.covered]] = scene.labels[areas.covered]
    lettered = np.bincount(
        areas.components[reading.text], minlength=len(areas.sizes)
    ) > _LETTERED_MAX * np.maximum(areas.sizes, 1)
    is_soft = (areas.purity < _PURE) | (areas.sizes <= _PURE_PIXELS_MAX)
    is_small = areas.sizes <= _SHADE_SHARE_MAX * areas.components.size
    is_shade = _is_shade(areas.colours, ground) & ~is_hard[classes] & (areas.sizes > 0)
    return is_shade & is_soft & is_small & ~lettered


def _shaded_classes(reading: Reading, ground: Planes) -> NDArray[np.bool_]:
    """Find classes that only shadows between the areas have."""
    scene = reading.scene
    sizes = np.bincount(scene.cover.reshape(-1), minlength=len(scene.colours))
    lettered = np.bincount(scene.cover[reading.text], minlength=len(scene.colours))
    is_small = sizes <= _SHADE_SHARE_MAX * scene.cover.size
    return _is_shade(scene.colours, ground) & is_small & (lettered <= _LETTERED_MAX * sizes)
