"""Which kinds of sentence may wish for what they name."""

import pytest

from services.refinement.engines import Instruction
from services.refinement.engines.local.language.clauses import clauses_of
from services.refinement.engines.local.language.licence import licence_of
from services.refinement.engines.local.language.phrases import PHRASES
from services.refinement.engines.local.language.sentence_kinds import Licence
from services.refinement.engines.local.language.tokens import tokens_of
from services.refinement.engines.local.operations import (
    Background,
    Border,
    Contrast,
    Lightness,
    Monochrome,
    Operation,
    Padding,
    Recolour,
    RemoveShadow,
    Replace,
    Saturation,
    Shadow,
    TransparentBackground,
    Weight,
)
from services.refinement.engines.local.plan import make_plan


def operations(prompt: str) -> list[Operation]:
    """What a prompt alone leads to."""
    plan = make_plan(Instruction(refinement_prompt=prompt))
    return [step.operation for step in plan.steps]


@pytest.mark.parametrize(
    ("clause", "kind"),
    [
        ("please use navy", Licence.ORDER),
        ("can you make it navy", Licence.ORDER),
        ("the text should be white", Licence.ORDER),
        ("white background", Licence.FRAGMENT),
        ("navy and gold", Licence.FRAGMENT),
        ("the blue is too loud", Licence.COMPLAINT),
        ("the lines came out too thin", Licence.COMPLAINT),
        ("my daughter loves purple", Licence.STATEMENT),
        ("last time you made it pink", Licence.REPORT),
        ("my husband said green", Licence.REPORT),
        ("it will be printed on green shirts", Licence.CONTEXT),
        ("we are a small bakery", Licence.CONTEXT),
        ("if you add a border", Licence.CONDITION),
        ("I don't mind the red", Licence.INDIFFERENCE),
        ("the sun can stay yellow", Licence.INDIFFERENCE),
    ],
)
def test_closed_classes_of_words_tell_the_kind_of_a_sentence(clause: str, kind: Licence) -> None:
    """Tense, person and connectives decide, whatever else the clause names."""
    (only,) = clauses_of(tokens_of(clause), clause)

    assert licence_of(only) is kind


@pytest.mark.parametrize(
    "prompt",
    [
        *("last time you made it pink", "we tried orange once and nobody liked it"),
        *("our old logo was red and white", "it will be printed on black mugs"),
        *("my daughter loves purple", "I'm not sure about the gold", "any colour but brown"),
        *("if you add a border keep it thin", "you gave me neon", "whatever colour you want"),
        *("it's dark enough", "it used to be darker", "do we need the shadow?"),
        *("why the grey background?", "I'd hate to lose the gradient", "the gradient has to stay"),
        *("we are a small bakery", "the white background can stay", "stop making it pink"),
    ],
)
def test_what_is_only_mentioned_is_not_done(prompt: str) -> None:
    """What is told, supposed, allowed or rejected is never wished for."""
    assert operations(prompt) == []


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("I asked for navy and got purple", [Recolour(colours=("navy",))]),
        ("it goes on black shirts, so make it white", [Recolour(colours=("white",))]),
        ("border off, shadow out", [RemoveShadow()]),
        ("take the shadow off the letters", [RemoveShadow()]),
        ("there's a shadow behind it, can you remove that", [RemoveShadow()]),
        ("the shadow is nice but too strong", [RemoveShadow()]),
        ("no red, just blue", [Saturation(amount=-2.0, scope="red"), Monochrome(colour="blue")]),
        ("instead of gold use silver", [Replace(source="yellow", target="silver")]),
        ("silver rather than gold", [Replace(source="yellow", target="silver")]),
        ("light blue background rather than white", [Background(colour="lightblue")]),
        ("red where it's blue now", [Replace(source="blue", target="red")]),
        ("the green is ugly, go with teal", [Replace(source="green", target="teal")]),
        ("forget the shadow", [RemoveShadow()]),
        ("no to the border, yes to the shadow", [Shadow(amount=1.0)]),
        ("don't forget the shadow", [Shadow(amount=1.0)]),
        ("the white text should be cream", [Recolour(colours=("cream",), scope="text")]),
        (
            "red parts blue, grey parts black",
            [
                Replace(source="red", target="blue"),
                Replace(source="gray", target="black"),
            ],
        ),
        ("add a small margin", [Padding(amount=0.5)]),
        ("we don't need the background", [TransparentBackground()]),
    ],
)
def test_a_wish_stands_beside_what_is_told_or_rejected(
    prompt: str, expected: list[Operation]
) -> None:
    """Only the wish is done, and what is rejected goes where it can."""
    assert operations(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (
            "the yellow text is hard to see, make it dark grey",
            [Recolour(colours=("darkgray",), scope="text")],
        ),
        (
            "the letters are faint, make them bolder",
            [Weight(amount=1.0, scope="text")],
        ),
        (
            "darker bg lighter letters",
            [
                Lightness(amount=-1.0, scope="background"),
                Lightness(amount=1.0, scope="text"),
            ],
        ),
        ("the hairlines are faint; they need to be twice as strong", [Weight(amount=1.0)]),
        ("make the thin lines heavier", [Weight(amount=1.0)]),
    ],
)
def test_pronouns_stand_for_the_part_that_was_spoken_of(
    prompt: str, expected: list[Operation]
) -> None:
    """A pronoun is what was found fault with; an adjective may only say which part."""
    assert [step for step in operations(prompt) if not isinstance(step, Contrast)] == expected


def test_a_reason_adds_nothing_to_the_remedy() -> None:
    """To be easier to read is why, and a style is how: what is asked for is done alone."""
    readable = operations("make the text black so it is easier to read")
    elegant = operations("more elegant please, maybe silver on black")

    assert readable == [Recolour(colours=("black",), scope="text")]
    assert elegant == [Background(colour="black"), Recolour(colours=("silver",))]


def test_a_point_of_a_list_that_is_to_be_ignored_is_left_out() -> None:
    """The other points count, that one does not."""
    found = operations("ignore the second point\n1) add a border\n2) add a shadow\n3) darker")

    assert found == [Border(amount=1.0), Lightness(amount=-1.0)]
    assert not any(isinstance(one, Shadow) for one in found)


def test_every_phrase_of_the_table_can_be_read() -> None:
    """No phrase is hidden by how prompts are cut into words, or by a longer one."""
    unread = [
        phrase
        for phrase, word in PHRASES.items()
        if [token.word for token in tokens_of(" ".join(phrase))] != [word]
    ]

    assert unread == []
