"""What the local engine makes of prompts: kinds, directions, and what it will not do."""

import pytest

from services.refinement.engines import Instruction
from services.refinement.engines.local.operations import (
    Background,
    Contrast,
    Flatten,
    Lightness,
    LimitColours,
    Look,
    Operation,
    Recolour,
    RemoveShadow,
    Replace,
    Saturation,
    Shades,
    Simplify,
    Warmth,
)
from services.refinement.engines.local.plan import Plan, describe, make_plan

PROMPTS: list[tuple[str, list[Operation]]] = [
    (
        "Make the logo more minimalist and use lighter shades of brown",
        [Simplify(amount=1.0), Shades(colour="brown", amount=1.0)],
    ),
    ("Ditch the gradients and kill the drop-shadow", [Flatten(), RemoveShadow()]),
    (
        "Bring the saturation down a bit, it's too dark",
        [Saturation(amount=-0.5), Lightness(amount=1.0)],
    ),
    ("Replace the blue with forest green", [Replace(source="blue", target="forestgreen")]),
    (
        "Use navy and gold on a white background",
        [Background(colour="white"), Recolour(colours=("navy", "gold"))],
    ),
    ("Make it black and white, much simpler", [Look(look="black_and_white"), Simplify(amount=1.7)]),
    (
        "The colors feel garish and the icon is cluttered",
        [Saturation(amount=-1.0), Simplify(amount=1.0)],
    ),
    ("make the browns slightly warmer", [Warmth(amount=0.5, scope="brown")]),
    ("limit it to three colours, high contrast", [LimitColours(count=3), Contrast(amount=1.0)]),
    ("less saturated and contrasty", [Saturation(amount=-1.0), Contrast(amount=-1.0)]),
    ("pastel please, with a cream background", [Look(look="pastel"), Background(colour="cream")]),
    ("make it more vibrnat and a lot ligter", [Saturation(amount=1.0), Lightness(amount=1.7)]),
    ("use #f80 instead of green", [Replace(source="green", target="#ff8800")]),
    ("tone down the orange; invert nothing", [Saturation(amount=-1.0, scope="orange")]),
]

# A wish with a negation, a complaint or a double negation in it -> the attribute and direction that
# must come out of it, or None where nothing may.
DIRECTIONS = [
    ("too dark", Lightness, 1),
    ("not bright enough", Lightness, 1),
    ("it's not so bright", Lightness, -1),
    ("it could be less dark", Lightness, 1),
    ("reduce the darkness", Lightness, 1),
    ("don't make it darker", Lightness, None),
    ("it shouldn't be darker", Lightness, None),
    ("make it darker but not too dark", Lightness, -1),
    ("it looks dull", Saturation, 1),
    ("the saturation is too high", Saturation, -1),
    ("don't increase the saturation", Saturation, None),
    ("more muted colours", Saturation, -1),
    ("warm it up", Warmth, 1),
    ("cool it down", Warmth, -1),
    ("the blue feels cold", Warmth, 1),
    ("too little contrast", Contrast, 1),
    ("the contrast is too low", Contrast, 1),
    ("turn down the contrast", Contrast, -1),
    ("simplify it without losing contrast", Contrast, None),
]


def operations(plan: Plan) -> list[Operation]:
    """The operations of a plan, without the phrases."""
    return [step.operation for step in plan.steps]


def plan_for(prompt: str, theme: str | None = None) -> Plan:
    """The plan for a prompt with nothing to keep."""
    return make_plan(Instruction(refinement_prompt=prompt, theme_description=theme))


@pytest.mark.parametrize(("prompt", "expected"), PROMPTS)
def test_prompts_become_the_operations_they_ask_for(prompt: str, expected: list[Operation]) -> None:
    """Kind, direction, amount and scope come out as a person would read them."""
    found = operations(plan_for(prompt))

    assert found[: len(expected)] == expected


@pytest.mark.parametrize(("prompt", "kind", "direction"), DIRECTIONS)
def test_no_wish_is_turned_into_its_opposite(
    prompt: str, kind: type[Operation], direction: int | None
) -> None:
    """Negations, complaints and prohibitions keep their sense."""
    amounts = [
        getattr(operation, "amount", 0.0)
        for operation in operations(plan_for(prompt))
        if isinstance(operation, kind)
    ]

    if direction is None:
        assert amounts == []
    else:
        assert [amount > 0 for amount in amounts] == [direction > 0]


@pytest.mark.parametrize(
    "prompt", ["don't lose the gradients", "add a soft gradient", "never remove the shadow"]
)
def test_what_is_to_stay_or_to_be_added_is_not_removed(prompt: str) -> None:
    """A gradient or shadow goes only when it was asked to."""
    plan = plan_for(prompt)

    assert operations(plan) == []
    assert plan.skipped


@pytest.mark.parametrize(
    ("aspects", "kept"),
    [
        (("colors",), [Simplify(amount=1.0, may_merge_colours=False)]),
        (("color_scheme",), [Simplify(amount=1.0, may_merge_colours=False)]),
        (("shapes",), [Simplify(amount=1.0, may_drop_shapes=False), Lightness(amount=1.0)]),
        (("style",), [Lightness(amount=1.0)]),
        (("layout", "proportions"), [Simplify(amount=1.0), Lightness(amount=1.0)]),
    ],
)
def test_aspects_to_preserve_drop_operations_with_a_reason(
    aspects: tuple[str, ...], kept: list[Operation]
) -> None:
    """What must be preserved wins over what is asked for, and the plan says so."""
    plan = make_plan(Instruction(refinement_prompt="simpler and lighter", preserve_aspects=aspects))

    assert operations(plan) == kept
    assert len(plan.skipped) == 2 - len(kept)


def test_the_prompt_itself_may_ask_to_keep_things() -> None:
    """To keep the colours may be said in the prompt too; a named colour is kept alone."""
    plan = plan_for("keep the layout and colors but make it simpler and warmer")
    brown = plan_for("keep the brown tones, make the rest cooler")

    assert operations(plan) == [Simplify(amount=1.0, may_merge_colours=False)]
    assert [skipped.reason for skipped in plan.skipped] == ["the colours are to be kept"]
    assert operations(brown) == [Warmth(amount=-1.0)]
    assert brown.kept == ("brown",)


def test_what_cannot_be_done_is_said_and_what_is_not_understood_is_listed() -> None:
    """The plan accounts for every clause of the prompt."""
    plan = plan_for(
        "make it lighter, change the font, and add a friendly otter. somehow froblicate everything"
    )

    described = describe(plan)

    assert described["applied"] == [
        {
            "phrase": "make it lighter",
            "origin": "prompt",
            "operation": "lightness",
            "amount": 1.0,
            "scope": None,
        }
    ]
    assert [skipped["phrase"] for skipped in described["skipped"]] == [
        "change the font",
        "add a friendly otter",
    ]
    assert described["unmatched"] == ["somehow froblicate everything"]


def test_the_theme_only_resolves_vague_words() -> None:
    """The theme's colours are used when the prompt refers to them, and never otherwise."""
    theme = "Warm brown tones with a touch of cream"

    vague = plan_for("use on-brand colours", theme)
    exact = plan_for("make it simpler", theme)

    assert operations(vague) == [Recolour(colours=("brown", "cream"))]
    assert operations(exact) == [Simplify(amount=1.0)]


def test_of_two_opposite_wishes_the_later_one_counts() -> None:
    """A plan never does and undoes the same thing."""
    plan = plan_for("make it lighter. no, make it darker")

    assert operations(plan) == [Lightness(amount=-1.0)]
    assert [skipped.phrase for skipped in plan.skipped] == ["make it lighter"]


def test_a_long_prompt_of_noise_is_read_quickly_and_plans_nothing() -> None:
    """Reading is linear: a prompt at its limit full of near misses takes no time."""
    plan = plan_for("ligght brovn sattur whyte " * 20)

    assert len(plan.steps) <= 2


@pytest.mark.parametrize(
    ("prompt", "operation"),
    [
        ("make the background dark blue", Background(colour="darkblue")),
        ("light grey background", Background(colour="lightgray")),
        ("replace blue with dark green", Replace(source="blue", target="darkgreen")),
    ],
)
def test_a_dark_or_light_colour_is_one_colour(prompt: str, operation: Operation) -> None:
    """Dark blue is a colour; it is not blue, made darker together with what lies on it."""
    plan = make_plan(Instruction(refinement_prompt=prompt))

    assert [(step.operation, step.phrase) for step in plan.steps] == [(operation, prompt)]


@pytest.mark.parametrize(
    ("prompt", "operation"),
    [
        ("make the blue square orange", Replace(source="blue", target="orange")),
        ("the orange star gold", Replace(source="orange", target="gold")),
        ("make the red apple darker", Lightness(amount=-1.0, scope="red")),
        ("the green of the leaf darker", Lightness(amount=-1.0, scope="green")),
        ("swap the navy background for a light sand colour", Background(colour="#efe6d5")),
        ("change the navy background to sand", Background(colour="sand")),
        ("make the bakery name gold", Recolour(colours=("gold",), scope="text")),
        ("make the mood darker", Lightness(amount=-1.0)),
        ("the partners would like the blue darker", Lightness(amount=-1.0, scope="blue")),
        ("is there any way to make it red?", Recolour(colours=("red",))),
        ("any chance you could make it red?", Recolour(colours=("red",))),
        ("I was wondering if you could make it red", Recolour(colours=("red",))),
    ],
)
def test_what_a_colour_picks_out_is_all_that_changes(prompt: str, operation: Operation) -> None:
    """A colour beside a noun tells the part, and the noun of a known part or the whole is read."""
    plan = make_plan(Instruction(refinement_prompt=prompt))

    assert operations(plan) == [operation]
    assert not plan.skipped


@pytest.mark.parametrize(
    ("prompt", "part"),
    [
        ("make only the triangle green", "triangle"),
        ("turn the star gold", "star"),
        ("make the ears and the eyes blue", "eyes"),
        ("make the cup white and the coffee black", "coffee"),
        ("make the triangle bigger", "triangle"),
        ("make the square blue", "square"),
        ("the star should be gold", "star"),
        ("change the colour of the star to gold", "star"),
    ],
)
def test_a_part_without_a_name_here_is_skipped(prompt: str, part: str) -> None:
    """What cannot be picked out is not changed, and neither is the whole logo in its place."""
    plan = make_plan(Instruction(refinement_prompt=prompt))

    assert not plan.steps
    assert f'cannot pick out "the {part}"' in plan.skipped[-1].reason


@pytest.mark.parametrize(
    "prompt", ["gold outline around the text only", "make the red triangle bigger"]
)
def test_a_part_is_neither_outlined_nor_sized_alone(prompt: str) -> None:
    """Lines go around the whole logo, and parts keep their sizes."""
    plan = make_plan(Instruction(refinement_prompt=prompt))

    assert not plan.steps
    assert len(plan.skipped) == 1


def test_a_subject_that_the_description_names_is_no_unknown_part() -> None:
    """The logo's description says which noun is the logo."""
    plan = make_plan(Instruction(refinement_prompt="make the fox darker", logo_description="a fox"))

    assert [type(operation) for operation in operations(plan)] == [Lightness]


def test_what_people_like_is_still_no_wish() -> None:
    """To tell what others like is no order, however polite."""
    plan = make_plan(Instruction(refinement_prompt="people like red"))

    assert not plan.steps
