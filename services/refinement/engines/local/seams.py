"""Finds seams: lines where a shape lies over another of its own colour, told apart by a shadow.

Without the shadow both would become one shape; the seam is what is kept of it.
"""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.planes import Planes, features
from services.refinement.engines.local.scene import Scene

_STEP_MIN: Final = 0.04
_FAINT: Final = 0.015
_LENGTH_MIN: Final = 12
_HALF_WIDTH_SHARE: Final = 0.0028
_HALF_WIDTH_MIN: Final = 1.1
_SOFTNESS: Final = 0.5


class Seam(msgspec.Struct, frozen=True, kw_only=True):
    """The seams of one class: how much of each pixel they cover, and their colour."""

    label: int
    cover: NDArray[np.float32]
    colour: Planes


def find_seams(scene: Scene) -> list[Seam]:
    """Find the seams of a scene, at most one entry for each class."""
    areas = scene.areas
    if not areas.covered.any():
        return []
    _, nearest = cv2.distanceTransformWithLabels(
        (~areas.covered).view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    origin = np.zeros(int(nearest.max()) + 1, dtype=np.intp)
    origin[nearest[areas.covered]] = np.flatnonzero(areas.covered)
    owners = areas.components.reshape(-1)[origin][nearest]
    width = scene.labels.shape[1]
    spots, steps, darker = [], [], []
    for stride, one, other in (
        (1, np.s_[:, :-1], np.s_[:, 1:]),
        (width, np.s_[:-1], np.s_[1:]),
    ):
        is_border = (owners[one] != owners[other]) & (scene.cover[one] == scene.cover[other])
        places = np.zeros(owners.shape, dtype=np.bool_)
        places[one] = is_border
        found = np.flatnonzero(places)
        sources = origin[nearest.reshape(-1)[found]], origin[nearest.reshape(-1)[found + stride]]
        beside = scene.labels.reshape(-1)
        is_seam = beside[sources[0]] == beside[sources[1]]
        is_seam &= beside[sources[0]] == scene.cover.reshape(-1)[found]
        flat = scene.planes.reshape(-1, 4)
        ends = [flat[source[is_seam]] for source in sources]
        spots.append(found[is_seam])
        steps.append(np.linalg.norm(features(ends[0]) - features(ends[1]), axis=-1))
        darker.append(np.where((_light(ends[0]) < _light(ends[1]))[:, None], *ends))
    return _seams_of(scene, np.concatenate(spots), np.concatenate(steps), np.concatenate(darker))


def _light(colours: Planes) -> NDArray[np.float32]:
    total: NDArray[np.float32] = colours[:, :3].sum(axis=-1)
    return total


def _seams_of(
    scene: Scene, spots: NDArray[np.intp], steps: NDArray[np.float32], darker: Planes
) -> list[Seam]:
    """Keep the lines that are long and could be seen, and say how much they cover."""
    seams: list[Seam] = []
    is_faint = steps < _FAINT
    spots, steps, darker = spots[~is_faint], steps[~is_faint], darker[~is_faint]
    line = np.zeros(scene.labels.shape, dtype=np.uint8)
    line.reshape(-1)[spots] = 1
    _, numbers = cv2.connectedComponents(line, connectivity=8)
    group = numbers.reshape(-1)[spots]
    visible = np.bincount(group, weights=steps >= _STEP_MIN, minlength=1) >= _LENGTH_MIN
    is_kept = visible[group]
    spots, darker = spots[is_kept], darker[is_kept]
    labels = scene.cover.reshape(-1)[spots]
    for label in np.unique(labels):
        own = labels == label
        dark = darker[own]
        darkest = dark[_light(dark) <= np.median(_light(dark))]
        seams.append(
            Seam(
                label=int(label),
                cover=_covered(scene, spots[own]),
                colour=darkest.mean(axis=0).astype(np.float32),
            )
        )
    return seams


def _covered(scene: Scene, spots: NDArray[np.intp]) -> NDArray[np.float32]:
    line = np.ones(scene.labels.shape, dtype=np.uint8)
    line.reshape(-1)[spots] = 0
    distance = cv2.distanceTransform(line, cv2.DIST_L2, 5)
    half_width = max(_HALF_WIDTH_MIN, _HALF_WIDTH_SHARE * max(line.shape))
    cover: NDArray[np.float32] = (half_width + _SOFTNESS - distance).clip(0, 1)
    # A seam ends where its shape does, and covers nothing else there.
    label = scene.cover.reshape(-1)[spots[0]]
    return np.where(scene.cover == label, cover, 0).astype(np.float32)
