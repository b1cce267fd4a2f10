"""The operations of the local engine, as a tagged union of plain values.

`amount` is signed and 1 for an ordinary wish ("lighter"), about 0.5 for "slightly" and 1.7 for
"much". `scope` is None for everything, a colour family, or `background`.
"""

from typing import Literal, TypeAlias

import msgspec

LookName: TypeAlias = Literal["black_and_white", "grayscale", "pastel", "sepia", "invert"]


class Lightness(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="lightness"):
    """Lighter (positive) or darker."""

    amount: float
    scope: str | None = None


class Saturation(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="saturation"
):
    """More (positive) or less colourful."""

    amount: float
    scope: str | None = None


class Warmth(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="warmth"):
    """Warmer (positive) or cooler."""

    amount: float
    scope: str | None = None


class Contrast(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="contrast"):
    """More (positive) or less difference between light and dark."""

    amount: float


class Recolour(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="recolour"):
    """Colour the logo in these colours: names of the table, or `#rrggbb`."""

    colours: tuple[str, ...]


class Shades(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="shades"):
    """Use lighter (positive) or darker shades of a colour, in which the logo may already be."""

    colour: str
    amount: float


class Replace(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="replace"):
    """Turn one colour family into a colour."""

    source: str
    target: str


class Background(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="background"
):
    """Give the background a colour."""

    colour: str


class Look(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="look"):
    """A treatment of all colours that has a name."""

    look: LookName


class Simplify(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="simplify"):
    """Flat areas, fewer colours, no specks; letters and strokes stay."""

    amount: float
    may_merge_colours: bool = True
    may_drop_shapes: bool = True


class Flatten(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="flatten"):
    """Turn gradients into flat areas."""


class RemoveShadow(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="remove_shadow"
):
    """Remove soft shadows from areas that are flat otherwise."""


class LimitColours(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="limit_colours"
):
    """Flat areas in at most `count` colours, the background's among them."""

    count: int


Operation: TypeAlias = (
    Lightness
    | Saturation
    | Warmth
    | Contrast
    | Recolour
    | Shades
    | Replace
    | Background
    | Look
    | Simplify
    | Flatten
    | RemoveShadow
    | LimitColours
)
