"""Lists the colours of a picture as rows for colour operations: each of one entry.

An entry is a class in one role: lettering, background, or neither. An area's pixel has a row, and
so has each end of the mixes that lie between the areas.
"""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.areas import CLEAR_ALPHA
from services.refinement.engines.local.colour import Colours, Weights, contrast_ratio
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.planes import Planes
from services.refinement.engines.local.reading import Reading

ROLES: Final = 3
_PLAIN, TEXT, GROUND = range(ROLES)
ROWS_MAX: Final = 60_000
_COARSER_BITS: Final = (0, 1, 2, 3, 4)
UNEXPLAINED: Final = 0.02
ALPHA_MIN: Final = 1e-3
CONTACTS_MIN: Final = 6
_NOISE_MAX: Final = 0.14
_NEIGHBOURS: Final = np.ones((5, 5), dtype=np.uint8)
_LETTER_REACH: Final = np.ones((11, 11), dtype=np.uint8)


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """The distinct colours of a picture, each of one entry, and where they are.

    Attributes:
        colours: sRGB; the entries, then the rows.
        owner: the entry of each.
        keys: for each entry its class and role, as one number.
        shares: the share of the picture that each entry has.
        own: the places of the pixels that have a row of their own, in the flattened picture.
        index: their rows.
        first: the rows of the first ends of the edges, or -1 for a transparent one.
        second: the rows of the second ends.
    """

    colours: Colours
    owner: NDArray[np.intp]
    keys: NDArray[np.intp]
    shares: Weights
    own: NDArray[np.intp]
    index: NDArray[np.intp]
    first: NDArray[np.intp]
    second: NDArray[np.intp]


def find_rows(pixels: Pixels, reading: Reading, *, is_to_have_paper: bool) -> Rows:
    """Give each area's pixel, each unexplained pixel and each end of a mix its row.

    A transparent background that is to have paper gets an entry, with the colour it was made for.
    """
    scene = reading.scene
    keys, (first_keys, second_keys) = _keys(reading)
    count = len(scene.colours) * ROLES
    counts = np.bincount(keys[keys >= 0], minlength=count)
    is_used = counts > 0
    for end_keys in (first_keys, second_keys):
        is_used[end_keys[end_keys >= 0]] = True
    if scene.own is not None and scene.is_clear and is_to_have_paper:
        is_used[scene.own * ROLES + GROUND] = True
    used = np.flatnonzero(is_used)
    if not used.size:
        used = np.zeros(1, dtype=np.intp)
    entry_of = np.zeros(count, dtype=np.intp)
    entry_of[used] = np.arange(len(used))
    has_row = scene.areas.covered.reshape(-1).copy()
    has_row[scene.edges.spots[scene.edges.errors > UNEXPLAINED]] = True
    own = np.flatnonzero(has_row & (keys >= 0))
    distinct, places = _distinct(pixels.reshape(-1, 4)[own], entry_of[keys[own]])
    parts = [distinct >> 16 & 255, distinct >> 8 & 255, distinct & 255]
    colours = (np.stack(parts, axis=-1) / 255).astype(np.float32)
    if scene.is_noisy:
        # An edit of each shade of the noise would make more of it than an edit of what it is of.
        plain = _straight(scene.colours)[keys[own] // ROLES]
        noise = shown(pixels.reshape(-1, 4)[own]) - plain
        is_noise = np.abs(noise).max(axis=-1) <= _NOISE_MAX
        is_noise |= ~scene.areas.covered.reshape(-1)[own]
        places = np.where(is_noise, entry_of[keys[own]] - len(used), places)
    index = np.full(keys.size, -1, dtype=np.int32)
    index[own] = places + len(used)

    def rows_of(sources: NDArray[np.intp], end_keys: NDArray[np.intp]) -> NDArray[np.intp]:
        is_area = scene.areas.covered.reshape(-1)[sources]
        return np.where(is_area, index[sources], np.where(end_keys < 0, -1, entry_of[end_keys]))

    entry_colours = _straight(scene.colours[used // ROLES])
    if is_to_have_paper and scene.is_clear:
        outlines = np.concatenate([first_keys[second_keys < 0], second_keys[first_keys < 0]])
        beside = np.bincount(outlines[outlines >= 0], minlength=count)[used] >= CONTACTS_MIN
        is_clear = scene.colours[used // ROLES, 3] < CLEAR_ALPHA
        entry_colours[is_clear] = _imagined_paper(entry_colours[beside])
    return Rows(
        colours=np.concatenate([entry_colours, colours]),
        owner=np.concatenate([np.arange(len(used)), (distinct >> 24).astype(np.intp)]),
        keys=used,
        shares=(counts[used] / max(counts.sum(), 1)).astype(np.float32),
        own=own,
        index=index[own].astype(np.intp),
        first=rows_of(scene.edges.first_source, first_keys),
        second=rows_of(scene.edges.second_source, second_keys),
    )


def _keys(reading: Reading) -> tuple[NDArray[np.intp], tuple[NDArray[np.intp], ...]]:
    """Return class and role of each pixel, and of both ends of each edge; -1 where transparent."""
    scene = reading.scene
    role = np.where(reading.ground, GROUND, np.where(reading.text, TEXT, _PLAIN)).reshape(-1)
    cover = scene.cover.reshape(-1).astype(np.intp)
    is_clear = scene.colours[:, 3] < CLEAR_ALPHA
    keys = np.where(is_clear[cover], -1, cover * ROLES + role)
    # A thin stroke's pixel is often covered by something else; what is near says what it is.
    near_ground = cv2.dilate(reading.ground.view(np.uint8), _NEIGHBOURS).reshape(-1) > 0
    near_text = cv2.dilate(reading.text.view(np.uint8), _LETTER_REACH).reshape(-1) > 0

    def keys_of(classes: NDArray[np.uint8], sources: NDArray[np.intp]) -> NDArray[np.intp]:
        chosen = classes.astype(np.intp)
        is_own = chosen == (-1 if scene.own is None else scene.own)
        nearby = np.where(
            is_own,
            np.where(near_ground[sources], GROUND, _PLAIN),
            np.where(near_text[sources], TEXT, _PLAIN),
        )
        roles = np.where(cover[sources] == chosen, role[sources], nearby)
        return np.where(is_clear[chosen], -1, chosen * ROLES + roles)

    edges = scene.edges
    ends = (
        keys_of(edges.first, edges.first_source),
        keys_of(edges.second, edges.second_source),
    )
    return keys, ends


def _imagined_paper(inks: Colours) -> Colours:
    """Return white or black: the one on which all of the inks can be read."""
    papers = np.array([[1, 1, 1], [0, 0, 0]], dtype=np.float32)
    on_white, on_black = (
        float(contrast_ratio(inks, np.broadcast_to(paper, inks.shape)).min(initial=np.inf))
        for paper in papers
    )
    chosen: Colours = papers[int(on_black > on_white)]
    return chosen


def _distinct(
    pixels: Pixels, entries: NDArray[np.intp]
) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Return the distinct colours, with their entries above 24 bits, and each pixel's place."""
    wide = pixels.astype(np.int32)
    distinct, places = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.intp)
    for bits in _COARSER_BITS:
        plain = wide >> bits << bits
        codes = (plain[:, 0] << 16) | (plain[:, 1] << 8) | plain[:, 2]
        codes |= entries.astype(np.int32) << 24
        # Neighbours are mostly alike; sorting the runs is much less than sorting the pixels.
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        distinct, of_runs = np.unique(codes[starts], return_inverse=True)
        places = np.repeat(of_runs, np.diff(starts, append=len(codes)))
        if len(distinct) <= ROWS_MAX:
            break
    return distinct, places


def shown(pixels: Pixels) -> Colours:
    """Return the sRGB of pixels, without alpha."""
    return (pixels[:, :3] / np.float32(255)).astype(np.float32)


def _straight(planes: Planes) -> Colours:
    return (planes[:, :3] / np.maximum(planes[:, 3:], ALPHA_MIN)).clip(0, 1).astype(np.float32)
