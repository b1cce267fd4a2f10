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
from services.refinement.engines.local.planes import Planes, features, premultiplied

_COVERED_SHARE_MIN: Final = 0.1
_HALF: Final = 0.5
_NOISE_LEVELS: Final = (3, 24)
_NOISE_SHARE_MIN: Final = 0.03
_BORDER_SHARE_MIN: Final = 0.6
_SOFT_STEP_MAX: Final = 0.025
_PHOTO_AREA_MIN: Final = 0.05
_PHOTO_SHARE_MIN: Final = 0.3
_PHOTO_DEGREE: Final = 3
_PHOTO_DISTANCE: Final = 0.09
_PHOTO_SAMPLES: Final = 2000
_SOFT_LENGTH_MIN: Final = 4
_PART_MAX: Final = 0.2


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as areas and edges.

    Attributes:
        planes: the picture, premultiplied; without the noise that it may have had.
        areas: its smooth areas.
        roots: for each area itself, or the area of which it is a softly bounded part.
        labels: the class of each area's pixels, and `NO_CLASS` between the areas.
        cover: the class that covers most of each pixel.
        colours: the classes' colours, C x 4, premultiplied.
        edges: the pixels between the areas.
        own: the class of the background; None where the border is of several.
        is_noisy: whether there was noise.
    """

    planes: Planes
    areas: Areas
    roots: NDArray[np.intp]
    labels: NDArray[np.uint8]
    cover: NDArray[np.uint8]
    colours: Planes
    edges: Edges
    own: int | None
    is_noisy: bool

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
    cleaned = without_noise(pixels)
    planes = premultiplied(cleaned)
    areas = find_areas(planes)
    if areas.covered.mean() < _COVERED_SHARE_MIN or _is_photo(planes, areas):
        return None
    classes, colours = classify(planes, areas)
    edges, colours = explain_edges(planes, areas, classes, colours)
    roots = _softly_joined(planes, areas, edges)
    labels = classes[roots][areas.components].astype(np.uint8)
    labels[~areas.covered] = NO_CLASS
    edges = msgspec.structs.replace(
        edges,
        first=_class_of(edges.first, edges.first_source, labels),
        second=_class_of(edges.second, edges.second_source, labels),
    )
    cover = labels.copy()
    cover.reshape(-1)[edges.spots] = np.where(edges.part >= _HALF, edges.second, edges.first)
    return Scene(
        planes=planes,
        areas=areas,
        roots=roots,
        labels=labels,
        cover=cover,
        colours=colours,
        edges=edges,
        own=_background_class(cover),
        is_noisy=cleaned is not pixels,
    )


def _is_photo(planes: Planes, areas: Areas) -> bool:
    """Say whether most of a picture is smooth, and yet no gradient that anyone would draw."""
    height, width = areas.components.shape
    unlike = 0
    is_large = ~areas.flat & (areas.sizes > _PHOTO_AREA_MIN * areas.components.size)
    for area in np.flatnonzero(is_large):
        spots = np.flatnonzero(areas.components == area)
        spots = spots[:: max(1, len(spots) // _PHOTO_SAMPLES)]
        across, down = spots % width / width - _HALF, spots // width / height - _HALF
        terms = [
            across**one * down**other
            for one in range(_PHOTO_DEGREE + 1)
            for other in range(_PHOTO_DEGREE + 1 - one)
        ]
        surface = np.stack(terms, axis=-1)
        values = planes.reshape(-1, 4)[spots]
        fitted = surface @ np.linalg.lstsq(surface, values, rcond=None)[0]
        apart = float(np.sqrt(((values - fitted) ** 2).sum(axis=-1).mean()))
        unlike += int(areas.sizes[area]) if apart > _PHOTO_DISTANCE else 0
    return unlike > _PHOTO_SHARE_MIN * areas.components.size


def _class_of(
    classes: NDArray[np.uint8], sources: NDArray[np.intp], labels: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    own = labels.reshape(-1)[sources]
    return np.where(own == NO_CLASS, classes, own).astype(np.uint8)


def _softly_joined(planes: Planes, areas: Areas, edges: Edges) -> NDArray[np.intp]:
    """Return for each area itself, or the much larger area that it fades into.

    A shadow in a picture with noise falls into pieces, parted by edges that nobody can see.
    """
    count = len(areas.sizes)
    roots = np.arange(count)
    owners = areas.components.reshape(-1)
    pair = owners[edges.first_source].astype(np.int64), owners[edges.second_source]
    rows = np.flatnonzero((pair[0] > 0) & (pair[1] > 0) & (pair[0] != pair[1]))
    if not rows.size:
        return roots
    flat = planes.reshape(-1, 4)
    ends = features(flat[edges.first_source[rows]]), features(flat[edges.second_source[rows]])
    step = np.linalg.norm(ends[0] - ends[1], axis=-1)
    low, high = np.minimum(*pair)[rows], np.maximum(*pair)[rows]
    codes, places = np.unique(low * count + high, return_inverse=True)
    lengths = np.bincount(places)
    is_soft = np.bincount(places, weights=step) / lengths < _SOFT_STEP_MAX
    is_soft &= lengths >= _SOFT_LENGTH_MIN
    links = np.stack([codes[is_soft] // count, codes[is_soft] % count], axis=-1)
    sizes = areas.sizes[links]
    links = np.where((sizes[:, :1] >= sizes[:, 1:]), links, links[:, ::-1])
    is_part = areas.flat[links[:, 0]] & (sizes.min(axis=1) < _PART_MAX * sizes.max(axis=1))
    # From the largest on, so that a part of a part gets the root of both.
    for larger, smaller in links[is_part][np.argsort(-areas.sizes[links[is_part, 0]])]:
        if roots[smaller] == smaller:
            roots[smaller] = roots[larger]
    return roots


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
