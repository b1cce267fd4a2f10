"""Traces flat pictures into SVG: paths with a fill, and nothing else. Runs in a studio's child."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import cv2
import numpy as np
import vtracer
from numpy.typing import NDArray
from PIL import Image

from services.refinement.engines import Vector
from services.refinement.engines.local.palette import Pixels
from services.refinement.pictures import PictureFacts, encode_png

SVG: Final = "image/svg+xml"
BYTES_MAX: Final = 1024 * 1024
PATHS_MAX: Final = 3000

# What leaves nothing but areas of one colour each; whatever else is done to them later.
_FLATTENING: Final = frozenset({"simplify", "flatten", "limit_colours", "duotone"})
_FLATTENING_LOOK: Final = "black_and_white"

_COLOURS_MAX: Final = 64
_COLOUR_SHARE_MIN: Final = 1 / 2000
_COLOUR_PIXELS_MIN: Final = 16
_SOLID_SHARE_MIN: Final = 0.5
# Tracing takes seconds for this many pixels at borders of areas, and minutes for ten times as many.
_EDGES_MAX: Final = 150_000
_ENLARGEMENT_MAX: Final = 3
_TRACED_SIDE_MAX: Final = 3072
_CLEAR: Final = 0
_OPAQUE: Final = 255

_PATH: Final = re.compile(
    r'<path d="[MLCZ0-9 .,-]+" fill="#[0-9A-F]{6}" transform="translate\(-?[0-9.]+,-?[0-9.]+\)"/>'
)
_FILL: Final = re.compile(r'fill="#([0-9A-F]{6})"')

_Indices = NDArray[np.intp]


def vector_of(pixels: Pixels, plan: Mapping[str, Any]) -> Vector | None:
    """The SVG of a refined picture; None if its plan, as described, did not make it flat."""
    if not any(_flattens(operation) for operation in plan["applied"]):
        return None
    body = trace(pixels, bytes_max=BYTES_MAX)
    if body is None:
        return None
    height, width, _ = pixels.shape
    facts = PictureFacts(
        content_type=SVG,
        width=width,
        height=height,
        bytes=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
    )
    return Vector(body=body, picture=facts)


def trace(pixels: Pixels, *, bytes_max: int) -> bytes | None:
    """Trace RGBA pixels; the same pixels give the same bytes.

    None if they are not areas of few colours, or if the SVG would have more than `bytes_max` bytes
    or `PATHS_MAX` paths.
    """
    height, width, _ = pixels.shape
    scale = max(1, min(_ENLARGEMENT_MAX, _TRACED_SIDE_MAX // max(height, width)))
    flat = _enlarge(pixels, scale)
    if flat is None:
        return None
    colours, enlarged = flat
    # The tracer leaves clear pixels out only if it meets enough of them: a clear row sees to that.
    padding = int((enlarged[..., 3] == _CLEAR).any())
    enlarged = np.pad(enlarged, ((padding, 0), (0, 0), (0, 0)))
    traced: str = vtracer.convert_raw_image_to_svg(
        encode_png(Image.fromarray(enlarged)),
        img_format="png",
        hierarchical="cutout" if padding else "stacked",
        filter_speckle=scale + 1,
        color_precision=8,
        layer_difference=0,
        splice_threshold=10,
        length_threshold=10.0,
        path_precision=1,
    )
    paths = [line for line in traced.splitlines() if line.startswith("<path ")]
    # What is stored is served: it is held to this, whatever the tracer of the day may write.
    if len(paths) > PATHS_MAX or not all(map(_PATH.fullmatch, paths)):
        return None
    paths = _with_exact_fills(paths, colours)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 {padding} {width * scale} {height * scale}">'
    )
    body = "\n".join((head, *paths, "</svg>\n")).encode()
    return body if len(body) <= bytes_max else None


def _flattens(operation: Mapping[str, Any]) -> bool:
    name = operation["operation"]
    return name in _FLATTENING or (name == "look" and operation["look"] == _FLATTENING_LOOK)


def _enlarge(pixels: Pixels, scale: int) -> tuple[Pixels, Pixels] | None:
    """The colours, and the areas of them enlarged, hard-edged where soft edges had their middle.

    Soft edges would be traced as areas of their own. None if there are too many colours or edges,
    or too much that is of no such colour.
    """
    alpha = pixels[..., 3:].astype(np.uint16)
    composed = np.concatenate([pixels[..., :3] * alpha // _OPAQUE, alpha], axis=-1, dtype=np.uint8)
    colours, solid = _solid_colours(composed)
    if len(colours) > _COLOURS_MAX or (solid >= 0).mean() < _SOLID_SHARE_MIN:
        return None
    nearest = _nearest(solid)
    near = list(_neighbours(nearest))
    is_edge = np.any([one != nearest for one in near], axis=0)
    if np.count_nonzero(is_edge) > _EDGES_MAX:
        return None
    edges = _repeat(is_edge, scale)
    chosen = _repeat(nearest, scale)
    size = (nearest.shape[1] * scale, nearest.shape[0] * scale)
    smooth = cv2.resize(composed, size, interpolation=cv2.INTER_CUBIC)
    wanted = smooth[edges].astype(np.int16)
    best = np.full(len(wanted), np.iinfo(np.int16).max, dtype=np.int16)
    winners = chosen[edges]
    for one in near:
        candidates = _repeat(one, scale)[edges]
        apart = np.abs(colours[candidates] - wanted).sum(axis=-1, dtype=np.int16)
        winners = np.where(apart < best, candidates, winners)
        best = np.minimum(best, apart)
    chosen[edges] = winners
    exact = colours.astype(np.uint8)
    return exact, exact[chosen]


def _solid_colours(composed: Pixels) -> tuple[NDArray[np.int16], _Indices]:
    """The colours of areas, clear ones included, and which of them each pixel has; -1 for none."""
    codes = np.ascontiguousarray(composed).view(np.uint32)[..., 0]
    values, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
    colours = values.view(np.uint8).reshape(-1, 4)
    pixels_min = max(_COLOUR_PIXELS_MIN, codes.size * _COLOUR_SHARE_MIN)
    is_full = (colours[:, 3] == _OPAQUE) | (colours[:, 3] == _CLEAR)
    kept = np.flatnonzero((counts >= pixels_min) & is_full)
    numbers = np.full(len(values), -1, dtype=np.intp)
    numbers[kept] = np.arange(len(kept))
    return colours[kept].astype(np.int16), numbers[inverse.reshape(codes.shape)]


def _nearest(solid: _Indices) -> _Indices:
    """Give each pixel without a colour that of the nearest pixel with one."""
    _, labels = cv2.distanceTransformWithLabels(
        (solid < 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    known = np.zeros(int(labels.max()) + 1, dtype=np.intp)
    known[labels[solid >= 0]] = solid[solid >= 0]
    nearest: _Indices = known[labels]
    return nearest


def _with_exact_fills(paths: list[str], colours: Pixels) -> list[str]:
    """Undo the tracer's rounding, which is a level or two off: brands have exact colours."""
    levels = colours[colours[:, 3] == _OPAQUE][:, :3].astype(np.int16)

    def exact(match: re.Match[str]) -> str:
        fill = np.frombuffer(bytes.fromhex(match[1]), dtype=np.uint8)
        nearest = levels[np.abs(levels - fill).sum(axis=1).argmin()]
        return 'fill="#{:02X}{:02X}{:02X}"'.format(*nearest)

    return [_FILL.sub(exact, path) for path in paths]


def _neighbours(indices: _Indices) -> Iterator[_Indices]:
    height, width = indices.shape
    padded = np.pad(indices, 1, mode="edge")
    for down in range(3):
        for right in range(3):
            yield padded[down : down + height, right : right + width]


def _repeat(cells: NDArray[Any], scale: int) -> NDArray[Any]:
    return cells.repeat(scale, axis=0).repeat(scale, axis=1)
