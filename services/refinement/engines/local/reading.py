"""Reads a picture once for all operations that leave its geometry alone."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.background import find_ground
from services.refinement.engines.local.lettering import Lettering, find_lettering
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.pieces import Pieces, find_pieces
from services.refinement.engines.local.scene import Scene, find_scene


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as a scene, with what its pieces mean.

    Attributes:
        scene: areas, edges and classes.
        pieces: connected pieces of one class; None where there are as many as in a texture.
        lettering: the letters among them.
        text: where letters are.
        ground: where the background is.
    """

    scene: Scene
    pieces: Pieces | None
    lettering: Lettering | None
    text: NDArray[np.bool_]
    ground: NDArray[np.bool_]


def read(pixels: Pixels) -> Reading | None:
    """Read RGBA pixels; None for a photo or noise."""
    scene = find_scene(pixels)
    return None if scene is None else read_scene(scene)


def read_scene(scene: Scene) -> Reading:
    """Find what the pieces of a scene mean."""
    pieces = find_pieces(scene.cover, len(scene.colours))
    lettering = None if pieces is None else find_lettering(pieces, scene.own)
    ground = find_ground(scene, pieces, lettering)
    text = np.zeros_like(ground) if lettering is None else lettering.mask & ~ground
    return Reading(scene=scene, pieces=pieces, lettering=lettering, text=text, ground=ground)
