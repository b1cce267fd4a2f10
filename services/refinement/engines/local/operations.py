"""The operations of the local engine, as a tagged union of plain values.

`amount` is signed and 1 for an ordinary wish ("lighter"), about 0.5 for "slightly" and 1.7 for
"much". `scope` is None for everything, a colour family or `#rrggbb`, or one of `background`,
`foreground` (all but the background) and `text`.
"""

from typing import Literal, TypeAlias

import msgspec

LookName: TypeAlias = Literal[
    "black_and_white", "grayscale", "pastel", "sepia", "invert", "vintage", "neon", "earthy"
]


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
    scope: str | None = None


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


class TransparentBackground(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="transparent_background"
):
    """Make the background transparent; soft shadows on it stay, as translucent black."""


class Monochrome(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="monochrome"
):
    """Use shades of one colour only; None is the logo's own main colour."""

    colour: str | None = None


class Duotone(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="duotone"):
    """Use two colours and nothing else, but for paper that neither of them is near."""

    colours: tuple[str, str]


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


class Weight(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="weight"):
    """Thicker (positive) or thinner lines and letters."""

    amount: float
    scope: str | None = None


class Roundness(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="roundness"):
    """Round the corners of shapes; letters stay."""

    amount: float


class Smoothness(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="smoothness"
):
    """Even out ragged edges."""

    amount: float


class Sharpness(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="sharpness"):
    """Sharper (positive) or softer edges."""

    amount: float


class Shadow(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="shadow"):
    """Put a soft shadow under the logo."""

    amount: float


class Outline(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="outline"):
    """Draw a line around the logo; without a colour, in one that stands out from both sides."""

    amount: float
    colour: str | None = None


class Border(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="border"):
    """Draw a frame around the picture; without a colour, in the logo's main one."""

    amount: float
    colour: str | None = None


class Padding(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="padding"):
    """More (positive) or less room around the logo."""

    amount: float


class Crop(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="crop"):
    """Cut away the empty margins."""


class Centre(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="centre"):
    """Move the logo to the middle of the picture."""


class Square(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="square"):
    """Make the picture square, by more background and without losing any of the logo."""


class Rotate(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="rotate"):
    """Turn the picture clockwise, by -360 to 360 degrees."""

    degrees: float


class Flip(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="flip"):
    """Mirror left and right (`horizontal`) or top and bottom (`vertical`)."""

    axis: Literal["horizontal", "vertical"]


class Upscale(msgspec.Struct, frozen=True, kw_only=True, tag_field="operation", tag="upscale"):
    """Give the picture more pixels: `factor` times as many on each side, 1.25 to 4.

    Where a side in pixels is asked for, that is what counts. Of an operation that was carried out,
    `factor` says what was reached.
    """

    factor: float
    side_px: int | None = None


Operation: TypeAlias = (
    Lightness
    | Saturation
    | Warmth
    | Contrast
    | Recolour
    | Shades
    | Replace
    | Background
    | TransparentBackground
    | Monochrome
    | Duotone
    | Look
    | Simplify
    | Flatten
    | RemoveShadow
    | LimitColours
    | Weight
    | Roundness
    | Smoothness
    | Sharpness
    | Shadow
    | Outline
    | Border
    | Padding
    | Crop
    | Centre
    | Square
    | Rotate
    | Flip
    | Upscale
)
