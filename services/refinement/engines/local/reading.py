"""Reads a picture once for all operations that leave its geometry alone."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.background import find_ground
from services.refinement.engines.local.lettering import Lettering, find_lettering
from services.refinement.engines.local.masks import Mask, pieces_of, reaches_border
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


def background_of(plain: Mask, reading: Reading | None) -> Mask:
    """Say which pixels of the background's colour are background, and no part of the logo.

    Without a reading that knows a background, those are what hangs together with the border.

    Args:
        plain: where the picture has the background's colour, closely.
        reading: of the same picture; None for a photo.
    """
    if reading is not None and reading.ground.any():
        return plain & reading.ground
    labels, boxes = pieces_of(plain, connectivity=4)
    outer: Mask = reaches_border(boxes, plain.shape)[labels]
    return outer
