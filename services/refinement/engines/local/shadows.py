"""Removes soft shadows: what differs within an area that mostly has one colour."""

from typing import Final

import numpy as np

from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.planes import straight
from services.refinement.engines.local.scene import Scene
from services.refinement.engines.local.seams import find_seams

_SEAM_KEPT: Final = 0.85


def without_shadows(scene: Scene) -> Pixels:
    """Draw a scene without its shadows; gradients have no colour of their own, and stay.

    Edges keep their mix, so that what lies beside a shadow keeps its outline. Where only a shadow
    parts two shapes of one colour, a line of it stays.
    """
    areas = scene.areas
    roots = scene.roots[areas.components]
    is_flat = areas.flat[roots] & areas.covered
    shift = np.zeros_like(scene.planes)
    shift[is_flat] = areas.colours[roots[is_flat]] - scene.planes[is_flat]
    edges = scene.edges
    moves = shift.reshape(-1, 4)
    part = edges.part[:, None]
    moved = moves[edges.first_source] * (1 - part) + moves[edges.second_source] * part
    moves[edges.spots] = moved
    result = scene.planes + shift
    for seam in find_seams(scene):
        cover = seam.cover[..., None] * _SEAM_KEPT
        result = result * (1 - cover) + seam.colour * cover
    return straight(result.clip(0, 1))
