"""What the local engine reads of a sentence by the one before it."""

import pytest

from services.refinement.engines import Instruction
from services.refinement.engines.local.operations import (
    Background,
    Border,
    Lightness,
    Operation,
    Outline,
    Replace,
    Saturation,
    Upscale,
    Warmth,
)
from services.refinement.engines.local.plan import make_plan


def operations(prompt: str) -> list[Operation]:
    """Return what a prompt comes to."""
    plan = make_plan(Instruction(refinement_prompt=prompt))
    return [step.operation for step in plan.steps]


@pytest.mark.parametrize(
    "prompt",
    [
        "The shadow is fine, but lose that line around the logo",
        "The shadow is fine, but remove those dots",
        "The shadow is nice but get rid of that box around the logo",
        "The border is great, but get rid of this ring",
        "My sister says less pink, I say more pink",
        "Would a red one be bad?",
        "Would a darker one be bad?",
        "Would it be weird to go blue?",
        "Do you prefer red or blue? I prefer neither",
        "Navy or teal? Neither.",
        "Black or white? I like neither of them",
        "The blue is great; a red would do",
        "The logo is too large for the print",
        "make it warmer without changing how it looks",
        "Push the blues back",
        "The outline is white and the text is black. I prefer black",
    ],
)
def test_what_was_not_wished_is_left_alone(prompt: str) -> None:
    """What is fine, declined, only wondered about or not sure changes nothing."""
    assert operations(prompt) == []


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("The blue should not be lighter, it should be deeper", Lightness(amount=-1, scope="blue")),
        ("The red must not be darker, it must be brighter", Lightness(amount=1, scope="red")),
        ("The green isn't right, make it darker", Lightness(amount=-1, scope="green")),
        ("White background doesn't work, make it cream", Background(colour="cream")),
        ("The black background is wrong, make it navy", Background(colour="navy")),
        ("He says more red, I say less red", Saturation(amount=-1.0, scope="red")),
        ("Push the yellows", Saturation(amount=1.0, scope="yellow")),
        ("Make me an outline white around the logo", Outline(amount=1.0, colour="white")),
        (
            "One colleague wanted a black outline, another a white one; I'd take white",
            Outline(amount=1.0, colour="white"),
        ),
        (
            "One wanted a red outline, one a blue one, I'd go with blue",
            Outline(amount=1.0, colour="blue"),
        ),
        (
            "Half the team wants a gold border, half a silver one. I'd pick silver.",
            Border(amount=1.0, colour="silver"),
        ),
        (
            "We find the pink childish; a dusty rose would do",
            Replace(source="pink", target="dustyrose"),
        ),
        (
            "The blue is childish, a navy would be nicer",
            Replace(source="blue", target="navy"),
        ),
        ("enlarge it by 50%", Upscale(factor=1.5)),
        ("Make it bigger by 30%", Upscale(factor=1.3)),
        ("The logo is too small for the poster", Upscale(factor=2.0)),
        ("Our logo is too small when printed on a banner", Upscale(factor=2.0)),
        ("Can you give me a bigger version?", Upscale(factor=2.0)),
        (
            "Our logo is too small for the banner. Can you fix that without changing how it looks?",
            Upscale(factor=2.0),
        ),
    ],
)
def test_a_sentence_is_about_what_was_named_before(prompt: str, expected: Operation) -> None:
    """A pronoun, a choice or a suggestion concerns what the sentence before it named."""
    assert operations(prompt) == [expected]


def test_one_colour_is_lowered_and_the_other_raised() -> None:
    """Each verb of a sentence moves its own object."""
    assert operations("Ease the reds back and push the blues") == [
        Saturation(amount=-1.0, scope="red"),
        Saturation(amount=1.0, scope="blue"),
    ]


def test_what_goes_on_is_about_the_same_part() -> None:
    """A second comparison is about the part that the pronoun before it stands for."""
    prompt = "The brown looks a bit dead, could you make it warmer and a bit richer?"

    assert operations(prompt) == [
        Warmth(amount=1.0, scope="brown"),
        Saturation(amount=0.5, scope="brown"),
    ]
