"""What is wished of a part that cannot be picked out never happens to the whole logo."""

import pytest

from services.refinement.engines import Instruction
from services.refinement.engines.local.operations import (
    Contrast,
    Flatten,
    Lightness,
    LimitColours,
    Monochrome,
    Operation,
    Outline,
    Recolour,
    RemoveShadow,
    Replace,
    Roundness,
    Saturation,
    Shades,
    Weight,
)
from services.refinement.engines.local.plan import Plan, make_plan

NOT_PICKED_OUT = "this engine cannot pick out"


def plan_of(prompt: str) -> Plan:
    """What a prompt alone leads to."""
    return make_plan(Instruction(refinement_prompt=prompt))


def operations(prompt: str) -> list[Operation]:
    """What is done for a prompt."""
    return [step.operation for step in plan_of(prompt).steps]


@pytest.mark.parametrize(
    ("prompt", "part"),
    [
        # Something is said of it.
        ("the star is too dark", "star"),
        ("the gizmo is too dark", "gizmo"),
        ("gizmo too dark", "gizmo"),
        ("the left wing is too thick", "wing"),
        ("the swan should be bigger", "swan"),
        ("star should be gold", "star"),
        ("it would be nice if the star was gold", "star"),
        ("what if the ladybird were red", "ladybird"),
        ("the tree isn't bright enough", "tree"),
        ("the dog looks too pixelated", "dog"),
        ("our lion looks too pale", "lion"),
        ("his hat should be red", "hat"),
        ("our mascot's scarf should be red", "scarf"),
        ("why are the antlers so thin?", "antlers"),
        ("I want the leaves greener", "leaf"),
        ("every ladybird should be red", "ladybird"),
        ("the ladybird gets lost", "ladybird"),
        # Something is to be done to it.
        ("make star gold", "star"),
        ("make the gizmo darker", "gizmo"),
        ("darken the beak", "beak"),
        ("lighten up the mountains a little", "mountains"),
        ("give the star a gold outline", "star"),
        ("outline the star in gold", "star"),
        ("rotate the star", "star"),
        ("how about making the ladybird red", "ladybird"),
        ("change ladybird colour to red", "ladybird"),
        # A few words describe it.
        ("gold star", "star"),
        ("thicker wings", "wings"),
        ("shield blue", "shield"),
        ("circle in blue", "circle"),
        ("pastel scarf", "scarf"),
        ("ladybird 20% lighter", "ladybird"),
        ("I'd prefer a red ladybird", "ladybird"),
        # Something belongs to it.
        ("the outline of the star is too thick", "star"),
        ("the star's outline is too thick", "star"),
        ("more contrast in the eyes", "eyes"),
        ("add a shadow under the star", "star"),
        ("less red in the scarf", "scarf"),
        ("use gold for the star", "star"),
        # It is a place, and has no colour to tell it by.
        ("the bit on top is too dark", "bit"),
        ("the top is too dark", "top"),
        ("the right half should be red", "half"),
    ],
)
def test_a_change_of_a_part_is_skipped(prompt: str, part: str) -> None:
    """Whatever noun stands where a change has its subject or object names a part."""
    plan = plan_of(prompt)

    assert plan.steps == ()
    assert f'{NOT_PICKED_OUT} "the {part}"' in plan.skipped[-1].reason


@pytest.mark.parametrize(
    "prompt",
    [
        *("the star is dull. make it gold", "keep the star but make it gold"),
        *("the star is too dark and too red", "the wings should be thicker and darker"),
        *("the star is nice but too dark", "the star is ugly, make it blue"),
        *("for the star use gold", "as for the star: make it gold", "the star? make it gold"),
        *("the crown could use more contrast", "in the star use gold"),
    ],
)
def test_what_goes_on_about_a_part_is_skipped_too(prompt: str) -> None:
    """A pronoun, or words without a noun of their own, are about the part named before."""
    plan = plan_of(prompt)

    assert plan.steps == ()
    assert NOT_PICKED_OUT in plan.skipped[-1].reason


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (
            "make the blue bird and the red fish green",
            [Replace(source="blue", target="green"), Replace(source="red", target="green")],
        ),
        (
            "the red bird and the blue fish should be green",
            [Replace(source="red", target="green"), Replace(source="blue", target="green")],
        ),
        ("replace the red star with a gold one", [Replace(source="red", target="gold")]),
        ("darken the red scarf", [Lightness(amount=-1.0, scope="red")]),
        ("darker red for the heart", [Shades(colour="red", amount=-1.0)]),
    ],
)
def test_a_colour_tells_which_part_is_meant(prompt: str, expected: list[Operation]) -> None:
    """What has a colour can be picked out by it."""
    assert operations(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("the design is too dark", [Lightness(amount=1.0)]),
        ("make the whole thing darker", [Lightness(amount=-1.0)]),
        ("everything is too dark", [Lightness(amount=1.0)]),
        ("the Acme logo is too dark", [Lightness(amount=1.0)]),
        ("make the logoo darker", [Lightness(amount=-1.0)]),
        ("wayyy brighter", [Lightness(amount=1.0)]),
        ("the visuals are too dark", [Lightness(amount=1.0)]),
        ("the bakery name should be brown", [Recolour(colours=("brown",), scope="text")]),
        ("the crest is too dark", [Lightness(amount=1.0, scope="foreground")]),
        ("the lines are too thin", [Weight(amount=1.0)]),
        ("make the letterforms bolder", [Weight(amount=1.0)]),
        ("give our design a gold outline", [Outline(amount=1.0, colour="gold")]),
        ("teal accents", [Recolour(colours=("teal",))]),
        ("a teal makeover", [Recolour(colours=("teal",))]),
        ("make the blingy gold darker", [Lightness(amount=-1.0, scope="yellow")]),
    ],
)
def test_words_for_the_whole_are_no_parts(prompt: str, expected: list[Operation]) -> None:
    """Nor are the parts that operations know."""
    assert operations(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("the investors find it too bright", [Lightness(amount=-1.0)]),
        ("the committee wants navy", [Recolour(colours=("navy",))]),
        ("our accountant says it's too colourful", [Saturation(amount=-1.0)]),
        ("make it lighter, Marek", [Lightness(amount=1.0)]),
    ],
)
def test_people_who_wish_are_no_parts(prompt: str, expected: list[Operation]) -> None:
    """A noun before a verb of wishing or saying is somebody."""
    assert operations(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("round off the corners of the shield", [Roundness(amount=1.0)]),
        ("remove the shadow from the scarf", [RemoveShadow()]),
        ("get rid of the gradient on the scarf", [Flatten()]),
        ("raise the contrast", [Contrast(amount=1.0)]),
    ],
)
def test_what_can_be_done_to_all_alike_is_done(prompt: str, expected: list[Operation]) -> None:
    """Rounding corners and taking shadows away harms no other part."""
    assert operations(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "colour"),
    [
        ("make the navy text on the badge white", "white"),
        ("paint the white letters on the ribbon black", "black"),
        ("turn the black lettering gold", "gold"),
        ("text be in white", "white"),
        ("let the text be in white", "white"),
    ],
)
def test_the_last_colour_is_what_the_text_becomes(prompt: str, colour: str) -> None:
    """A colour before the noun only says which text is there."""
    assert operations(prompt) == [Recolour(colours=(colour,), scope="text")]


@pytest.mark.parametrize(
    ("prompt", "last"),
    [
        ("make it navy, only those", LimitColours(count=1)),
        ("teal, coral and white. use only those", LimitColours(count=3)),
    ],
)
def test_those_are_the_colours_named_before(prompt: str, last: Operation) -> None:
    """No others than the ones that were named are to be used."""
    assert operations(prompt)[-1] == last


def test_those_two_are_a_duotone() -> None:
    """Also where they were only told of before; where none were, that is said."""
    told = operations("Our club wears maroon and white. Please use just those two.")
    wished = operations("navy and gold, use just those two")
    unnamed = plan_of("use just those two")

    assert [type(one).__name__ for one in (*told, *wished)] == ["Duotone", "Duotone"]
    assert unnamed.steps == ()
    assert "names no colours" in unnamed.skipped[0].reason


def test_one_colour_for_a_use_is_no_part() -> None:
    """A logo for the stamp is the whole logo."""
    assert Monochrome(colour="hotpink") in operations("One-colour logo in hot pink for the stamp")
