"""Words that turn the sense of a clause are heeded, or what it says is not done."""

import pytest

from services.refinement.engines import Instruction
from services.refinement.engines.local.language import grammar
from services.refinement.engines.local.language.clauses import Clause, clauses_of
from services.refinement.engines.local.language.tokens import tokens_of
from services.refinement.engines.local.language.turning_words import drop_unheeded
from services.refinement.engines.local.language.wishes import Reading
from services.refinement.engines.local.operations import (
    Border,
    Duotone,
    Lightness,
    LimitColours,
    Operation,
    Padding,
    Recolour,
    Saturation,
    Upscale,
)
from services.refinement.engines.local.plan import make_plan


def operations(prompt: str) -> list[Operation]:
    """What a prompt alone leads to."""
    plan = make_plan(Instruction(refinement_prompt=prompt))
    return [step.operation for step in plan.steps]


def read_blindly(clause: Clause, reading: Reading) -> None:
    """Read a clause as a production would that knows one word and no negation."""
    if "darker" in clause.words:
        reading.wish(clause, Lightness(amount=-1.0))


@pytest.mark.parametrize(
    "prompt",
    [
        *("do not go darker", "never darker", "darker never", "darker not"),
        *("hardly darker", "no darker", "without going darker"),
    ],
)
def test_a_step_that_overlooks_a_negation_is_dropped(prompt: str) -> None:
    """Whatever made it: without the word it would have been the same."""
    (clause,) = clauses_of(tokens_of(prompt), prompt)
    reading = Reading()
    read_blindly(clause, reading)

    drop_unheeded(clause, 0, reading, read_blindly)

    assert reading.wishes == []
    assert reading.unmatched == [clause.phrase]


def test_what_stands_before_a_negation_is_kept() -> None:
    """Where the words before it lead to the step alone, it turns something else."""
    prompt = "darker without that harsh feel"
    clause = clauses_of(tokens_of(prompt), prompt)[0]
    reading = Reading()
    read_blindly(clause, reading)

    drop_unheeded(clause, 0, reading, read_blindly)

    assert len(reading.wishes) == 1


@pytest.mark.parametrize(
    "prompt",
    [
        *("refuse to use red", "under no condition use red", "least of all red"),
        *("quit making it darker", "I doubt it should be brighter", "forbid red"),
        *("neither darker nor lighter", "it's neither warm nor cold"),
        *("instead of a white background", "red is out of the question"),
        *("red? no", "red: no", "white? absolutely not", "a gold border? no thanks"),
        *("darkening is off the table", "navy is the last thing we want"),
    ],
)
def test_what_is_refused_is_not_done(prompt: str) -> None:
    """However the refusal is worded, and wherever it stands."""
    assert operations(prompt) == []


@pytest.mark.parametrize(
    "prompt",
    [
        *("darker would be wrong", "darker would be terrible", "a darker version would be bad"),
        *("red would look awful", "it would be a mistake to make it darker"),
        *("anything darker is bad", "anything brighter would hurt the eyes"),
        *("why would you make it darker", "I would hate it darker"),
        *("I'd hate a navy background", "making the text white would be a mistake"),
    ],
)
def test_what_would_be_bad_is_not_done(prompt: str) -> None:
    """To suppose something and find it bad is to reject it."""
    assert operations(prompt) == []


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("no more than four colours", [LimitColours(count=4)]),
        ("don't use more than three colours", [LimitColours(count=3)]),
        ("make it teal, instead of navy", [Recolour(colours=("teal",))]),
        ("lighter rather than darker", [Lightness(amount=1.0)]),
        ("instead of darker, make it lighter", [Lightness(amount=1.0)]),
        ("brighten? no, darken", [Lightness(amount=-1.0)]),
        ("not bright enough", [Lightness(amount=1.0)]),
        ("it's not so bright", [Lightness(amount=-1.0)]),
        ("why is it so dark", [Lightness(amount=1.0)]),
        ("why not make it darker", [Lightness(amount=-1.0)]),
        ("ban purple", [Saturation(amount=-2.0, scope="purple")]),
        ("use only navy and white", [Duotone(colours=("navy", "white"))]),
    ],
)
def test_a_turning_word_that_is_heeded_does_no_harm(prompt: str, expected: list[Operation]) -> None:
    """It has made its difference."""
    assert operations(prompt) == expected


@pytest.mark.parametrize(
    "prompt",
    [
        *("anything but purple", "any colour but purple", "make it anything but purple"),
        *("anything, but purple", "everything but purple", "anything other than purple"),
        *("any colour except purple", "use anything but purple for the text"),
        *("whatever, just not purple", "paint it in anything but purple"),
    ],
)
def test_the_one_colour_that_is_ruled_out_is_not_used(prompt: str) -> None:
    """All others would do, so none is asked for."""
    assert operations(prompt) == []


@pytest.mark.parametrize(
    "prompt",
    [
        *("people like red", "customers like red", "my friends like red", "the kids adore pink"),
        *("our neighbours love orange", "most people prefer blue", "children like bright colours"),
    ],
)
def test_the_taste_of_others_asks_for_nothing(prompt: str) -> None:
    """It is told, not wished."""
    assert operations(prompt) == []


@pytest.mark.parametrize(
    "prompt", ["leave the margins", "keep a small margin", "retain the margins", "keep the padding"]
)
def test_margins_to_keep_are_not_called_forbidden(prompt: str) -> None:
    """They stay, and the reason says what one may ask for."""
    plan = make_plan(Instruction(refinement_prompt=prompt))

    assert plan.steps == ()
    assert [skipped.reason for skipped in plan.skipped] == [
        "margins stay as they are unless they are cropped: ask for more padding to have wider ones"
    ]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("leave a small margin", Padding(amount=0.5)),
        ("leave a little margin", Padding(amount=0.5)),
        ("3 times bigger", Upscale(factor=3.0)),
        ("three times bigger", Upscale(factor=3.0)),
        ("twice bigger", Upscale(factor=2.0)),
        ("two times the size", Upscale(factor=2.0)),
        ("a frame from gold", Border(amount=1.0, colour="gold")),
        ("add a border out of navy", Border(amount=1.0, colour="navy")),
        ("change the border from black to gold", Border(amount=1.0, colour="gold")),
        ("the logo be blue", Recolour(colours=("blue",))),
    ],
)
def test_odd_wordings_of_plain_wishes_are_understood(prompt: str, expected: Operation) -> None:
    """Numbers in words, materials after "from", and a bare "be"."""
    assert operations(prompt) == [expected]


def test_how_often_something_was_asked_is_no_size() -> None:
    """Only what is bigger by so many times is enlarged."""
    assert operations("we have asked three times for more space") != [Upscale(factor=3.0)]


def test_reading_twice_leaves_no_trace() -> None:
    """The second reading of a clause goes into a reading of its own."""
    reading = grammar.read("no red and no shadow, but navy text")

    assert len(reading.wishes) == len({str(wish) for wish in reading.wishes})
    assert len(reading.unmatched) == len(set(reading.unmatched))
