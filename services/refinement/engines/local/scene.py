"""Reads a picture as a scene: areas of classes, and what lies between them as mixes of two."""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.areas import (
    CLEAR_ALPHA,
    NO_CLASS,
    Areas,
    classify,
    find_areas,
)
from services.refinement.engines.local.edges import Edges, end_colours, explain_edges
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.planes import Planes, premultiplied

_COVERED_SHARE_MIN: Final = 0.1
_HALF: Final = 0.5
_NOISE_LEVELS: Final = (3, 24)
_NOISE_SHARE_MIN: Final = 0.05
_BORDER_SHARE_MIN: Final = 0.6


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as areas and edges.

    Attributes:
        planes: the picture, premultiplied; without the noise that it may have had.
        areas: its smooth areas.
        labels: the class of each area's pixels, and `NO_CLASS` between the areas.
        cover: the class that covers most of each pixel.
        colours: the classes' colours, C x 4, premultiplied.
        edges: the pixels between the areas.
        own: the class of the background; None where the border is of several.
    """

    planes: Planes
    areas: Areas
    labels: NDArray[np.uint8]
    cover: NDArray[np.uint8]
    colours: Planes
    edges: Edges
    own: int | None

    @property
    def is_clear(self) -> bool:
        """Whether the background is transparent."""
        return self.own is not None and bool(self.colours[self.own, 3] < CLEAR_ALPHA)

    def ends(self) -> tuple[Planes, Planes]:
        """Return the colours of both ends of the edges."""
        flat = self.planes.reshape(-1, 4)
        covered = self.areas.covered.reshape(-1)
        edges = self.edges
        return (
            end_colours(flat, covered, edges.first_source, edges.first, self.colours),
            end_colours(flat, covered, edges.second_source, edges.second, self.colours),
        )


def find_scene(pixels: Pixels) -> Scene | None:
    """Read RGBA pixels; None for a picture that has hardly any smooth area, a photo or noise."""
    planes = premultiplied(without_noise(pixels))
    areas = find_areas(planes)
    if areas.covered.mean() < _COVERED_SHARE_MIN:
        return None
    classes, colours = classify(planes, areas)
    edges, colours = explain_edges(planes, areas, classes, colours)
    labels = classes[areas.components].astype(np.uint8)
    labels[~areas.covered] = NO_CLASS
    cover = labels.copy()
    cover.reshape(-1)[edges.spots] = np.where(edges.part >= _HALF, edges.second, edges.first)
    return Scene(
        planes=planes,
        areas=areas,
        labels=labels,
        cover=cover,
        colours=colours,
        edges=edges,
        own=_background_class(cover),
    )


def without_noise(pixels: Pixels) -> Pixels:
    """Remove grain and the ripples of lossy compression, where there are any."""
    grey = cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_RGB2GRAY)
    bend = np.abs(cv2.Laplacian(grey, cv2.CV_16S, ksize=1))
    is_rough = (bend >= _NOISE_LEVELS[0]) & (bend <= _NOISE_LEVELS[1])
    if is_rough.mean() < _NOISE_SHARE_MIN * (bend <= _NOISE_LEVELS[1]).mean():
        return pixels
    colours = np.ascontiguousarray(pixels[..., :3])
    for _ in range(2):
        colours = np.asarray(
            cv2.bilateralFilter(colours, 5, sigmaColor=28, sigmaSpace=2), dtype=np.uint8
        )
    return np.concatenate([colours, pixels[..., 3:]], axis=-1)


def _background_class(cover: NDArray[np.uint8]) -> int | None:
    border = np.concatenate([cover[0], cover[-1], cover[:, 0], cover[:, -1]])
    counts = np.bincount(border)
    own = int(counts.argmax())
    return own if counts[own] >= _BORDER_SHARE_MIN * border.size else None
