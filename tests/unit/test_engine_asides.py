"""What only tells why, where or what there is carries no wish of its own."""

import pytest

from services.refinement.engines.local.language.grammar import read
from services.refinement.engines.local.operations import (
    Background,
    Border,
    Flatten,
    Flip,
    Lightness,
    Operation,
    Outline,
    Padding,
    Recolour,
    RemoveShadow,
    Replace,
    Simplify,
    Smoothness,
    Weight,
)


def kinds_of(prompt: str) -> list[type[Operation]]:
    """Return the kinds of operation a prompt is read as, in its order."""
    return [type(wish.operation) for wish in read(prompt).wishes]


@pytest.mark.parametrize(
    ("prompt", "kinds"),
    [
        ("Add a thin white outline so it stands out on dark shirts", [Outline]),
        ("make the background navy to match our green van", [Background]),
        ("make the text white because the wall is dark", [Recolour]),
        ("make the yellow darker so that it's readable on white", [Lightness]),
        ("for our navy uniforms we need a white version", [Recolour]),
        ("for dark mode, make the text white", [Recolour]),
        ("we need it to work on dark shirts", []),
        ("the sign hangs on a red brick wall", []),
    ],
)
def test_a_reason_or_a_place_asks_for_nothing(prompt: str, kinds: list[type[Operation]]) -> None:
    """Colours and adjectives of a purpose, or of what the logo stands on, are no wishes."""
    assert kinds_of(prompt) == kinds


@pytest.mark.parametrize(
    ("prompt", "kinds"),
    [
        ("flip the black lettering to white", [Recolour]),
        ("flip the black to white", [Replace]),
        ("flip to dark", [Lightness]),
        ("flip blue and red", [Replace, Replace]),
    ],
)
def test_flipping_to_a_colour_mirrors_nothing(prompt: str, kinds: list[type[Operation]]) -> None:
    """To flip something to a colour is to recolour it."""
    assert kinds_of(prompt) == kinds


@pytest.mark.parametrize(
    ("prompt", "kinds"),
    [
        ("this still has a glow and a frame round it", [Flatten]),
        ("there's still a faint shadow under the leaf", [RemoveShadow]),
        ("the logo comes with a frame", []),
        ("It came with a frame and a shadow", []),
        ("the sheet has 3 cm of dead space on every side", []),
        ("it has three colours", []),
        ("it has thick lines, I want thin ones", [Weight]),
        ("it has no shadow", []),
    ],
)
def test_what_there_is_is_not_added(prompt: str, kinds: list[type[Operation]]) -> None:
    """To tell what a logo has is no wish for it; that it still has it may be one against it."""
    assert kinds_of(prompt) == kinds


@pytest.mark.parametrize(
    "prompt",
    [
        "is this high res?",
        "it's not that I don't like the gradient",
        "it's not that the red is wrong",
        "most people prefer blue",
        "the 'o' should be red",
        "white background is ugly",
    ],
)
def test_what_cannot_be_told_apart_asks_for_nothing(prompt: str) -> None:
    """Questions, denials, what others like and single letters are left alone."""
    assert not kinds_of(prompt)


def test_only_the_last_order_counts() -> None:
    """What people want who do not agree is overruled by what is to be tried."""
    wishes = read("my partner wants red, I want blue, let's try purple").wishes

    assert [wish.operation for wish in wishes] == [Recolour(colours=("purple",))]


def test_a_colour_behind_a_border_is_that_of_the_border() -> None:
    """A colour that only follows a line says which colour the line is to have."""
    (wish,) = read("add a border, red").wishes

    assert isinstance(wish.operation, Border)
    assert wish.operation.colour == "red"


def test_what_is_replaced_is_not_added() -> None:
    """What something is wished instead of is taken away, or left alone."""
    assert kinds_of("Instead of the drop shadow give it a thin outline") == [RemoveShadow, Outline]
    assert Border not in kinds_of("instead of a border add a shadow")


@pytest.mark.parametrize(
    ("prompt", "kinds"),
    [
        ("clean up the jagged edges", [Smoothness]),
        ("edges look pixelated, clean that up", [Smoothness]),
        ("clean up the logo and smooth the edges", [Simplify, Smoothness]),
        ("mirror it but keep the text readable", [Flip]),
        ("make it so it has a white background", [Background]),
        ("leave a small margin", [Padding]),
    ],
)
def test_what_only_goes_with_a_wish_adds_none(prompt: str, kinds: list[type[Operation]]) -> None:
    """To clean edges is to smooth them, and what is to stay readable needs no more contrast."""
    reading = read(prompt)

    assert [type(wish.operation) for wish in reading.wishes] == kinds
    assert not reading.refused


@pytest.mark.parametrize(
    ("prompt", "ground"),
    [
        ("light blue text on a dark background", ["charcoal"]),
        ("navy text on a light background please", ["offwhite"]),
        ("the white text on a dark background is hard to read", []),
    ],
)
def test_the_ground_that_coloured_text_is_wished_on_is_made(prompt: str, ground: list[str]) -> None:
    """It is wished with the text, unless something is only told of both."""
    operations = [wish.operation for wish in read(prompt).wishes]

    assert [one.colour for one in operations if isinstance(one, Background)] == ground


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ("make it red without the border", "cannot be taken out"),
        ("without a border", "asks not to"),
        ("remove the text", "an engine that draws the logo anew"),
    ],
)
def test_a_reason_says_what_was_asked(prompt: str, reason: str) -> None:
    """What is there and is to go is no prohibition."""
    refused = read(prompt).refused

    assert [reason in why for _, why in refused] == [True]


@pytest.mark.parametrize("prompt", ["leave everything else", "leave everything else alone"])
def test_leaving_all_else_is_honoured(prompt: str) -> None:
    """It asks for nothing, and is no phrase that was not understood."""
    reading = read(prompt)

    assert not reading.wishes
    assert not reading.refused
    assert not reading.unmatched
