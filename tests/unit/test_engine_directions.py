"""The directions the local engine reads from verbs, particles and small words that turn a sense."""

import itertools
from typing import Final

import pytest

from services.refinement.engines import Instruction
from services.refinement.engines.local.operations import (
    Contrast,
    Crop,
    Flip,
    Lightness,
    Operation,
    Padding,
    Roundness,
    Saturation,
    Shadow,
    Warmth,
    Weight,
)
from services.refinement.engines.local.plan import make_plan

QUALITIES: Final[dict[str, type[Operation]]] = {
    "saturation": Saturation,
    "contrast": Contrast,
    "brightness": Lightness,
    "warmth": Warmth,
    "margins": Padding,
    "stroke weight": Weight,
}
RAISING: Final = (
    *("increase {}", "raise {}", "boost {}", "bump {} up", "ramp up {}", "ramp {} up", "crank {}"),
    *("pump up {}", "dial up {}", "bring {} up", "push {} up", "beef up {}", "step up {}"),
    *("strengthen {}", "intensify {}", "nudge {} up", "kick {} up", "heighten {}"),
)
LOWERING: Final = (
    *("reduce {}", "lower {}", "ease off {}", "ease {} back", "back off {}", "back {} off"),
    *("dial down {}", "dial {} back", "ramp down {}", "knock back {}", "knock {} back"),
    *("bring {} down", "take {} down", "tone down {}", "pull {} back", "push {} back"),
    *("rein in {}", "rein {} in", "wind {} back", "scale {} back", "roll back {}", "slash {}"),
    *("turn down {}", "nudge {} down", "skim off some of {}", "drop {} down", "walk {} back"),
    *("shave some of {}", "halve {}", "chop {}", "dock {}", "slim down {}"),
)
FRAGMENTS: Final = (
    *("{} down", "{} back a touch", "{} off a bit", "{} down a notch", "{} back 20%"),
    *("{} a touch back", "{} back two notches"),
)
UNSURE: Final = ("dial in {}", "dial {} in", "move {}", "juggle {}", "pull {}", "{} under control")


def operations(prompt: str) -> list[Operation]:
    """Return what a prompt comes to."""
    plan = make_plan(Instruction(refinement_prompt=prompt))
    return [step.operation for step in plan.steps]


def signs(prompt: str, quality: type[Operation]) -> list[int]:
    """Return the direction of each operation of a prompt, which are all of one quality."""
    found = operations(prompt)
    assert {type(one) for one in found} <= {quality}, found
    return [1 if getattr(one, "amount", 0.0) > 0 else -1 for one in found]


@pytest.mark.parametrize(("verb", "noun"), list(itertools.product(RAISING, QUALITIES)))
def test_a_verb_of_increase_raises_each_quality(verb: str, noun: str) -> None:
    """Whatever quality a verb of increase names, there is to be more of it."""
    found = signs(verb.format("the " + noun), QUALITIES[noun])

    assert found == [1]


@pytest.mark.parametrize(("verb", "noun"), list(itertools.product(LOWERING, QUALITIES)))
def test_a_verb_of_decrease_lowers_each_quality(verb: str, noun: str) -> None:
    """Whatever quality a verb of decrease names, there is to be less of it."""
    found = signs(verb.format("the " + noun), QUALITIES[noun])

    assert found == [-1]


@pytest.mark.parametrize(("words", "noun"), list(itertools.product(FRAGMENTS, QUALITIES)))
def test_a_particle_behind_a_quality_lowers_it(words: str, noun: str) -> None:
    """A particle turns a quality named without a verb."""
    found = signs(words.format(noun), QUALITIES[noun])

    assert found == [-1]


@pytest.mark.parametrize(("verb", "noun"), list(itertools.product(UNSURE, QUALITIES)))
def test_a_verb_without_a_sure_way_asks_for_nothing(verb: str, noun: str) -> None:
    """Where it is not sure which way a verb goes, nothing is done."""
    assert operations(verb.format("the " + noun)) == []


@pytest.mark.parametrize("verb", ["mute", "soften", "drain", "kill", "lose", "ditch", "strip"])
@pytest.mark.parametrize("noun", ["saturation", "contrast", "brightness", "warmth"])
def test_a_verb_of_loss_lowers_a_quality(verb: str, noun: str) -> None:
    """To kill or mute a quality is to lower it, and no other."""
    assert signs(f"{verb} the {noun}", QUALITIES[noun]) == [-1]


@pytest.mark.parametrize("verb", [one for one in LOWERING if "rein" not in one])
def test_roundness_never_grows_by_a_verb_of_decrease(verb: str) -> None:
    """Corners cannot be made sharper, and are not rounded instead."""
    assert not any(isinstance(one, Roundness) for one in operations(verb.format("the roundness")))


@pytest.mark.parametrize(
    ("prompt", "sign"),
    [
        ("tighten the margins", -1),
        ("close in the margins", -1),
        ("close up the white space around it", -1),
        ("squeeze the margins", -1),
        ("pull the margins in", -1),
        ("bring the margins in a bit", -1),
        ("narrow the margins", -1),
        ("margins: -10", -1),
        ("make the margins half as wide", -1),
        ("loosen the margins", 1),
        ("open up the margins", 1),
        ("push the margins out", 1),
        ("let the margins out", 1),
        ("widen the margins", 1),
        ("expand the margins", 1),
    ],
)
def test_margins_have_verbs_of_their_own(prompt: str, sign: int) -> None:
    """What closes in makes margins narrower, what opens up makes them wider."""
    assert signs(prompt, Padding) == [sign]


@pytest.mark.parametrize("verb", ["kill", "lose", "ditch", "strip", "drop"])
def test_margins_that_go_are_cropped(verb: str) -> None:
    """To lose the margins is to crop to the logo."""
    assert operations(f"{verb} the margins") == [Crop()]


@pytest.mark.parametrize(
    ("prompt", "sign"),
    [
        ("fatten the strokes", 1),
        ("bulk up the lines", 1),
        ("thicken the lines", 1),
        ("slim the lines down", -1),
        ("thin out the lines", -1),
        ("the lines should be half as thick", -1),
        ("the lines look weak", 1),
    ],
)
def test_lines_are_fattened_or_slimmed(prompt: str, sign: int) -> None:
    """Verbs for the weight of lines go the way they say."""
    assert signs(prompt, Weight) == [sign]


@pytest.mark.parametrize(
    "prompt",
    [
        "trim the shadow",
        "push the shadow back",
        "shadow back a touch",
        "shadow a bit strong",
        "soften the shadow",
        "enough with the shadow",
        "off with the shadow",
        "shadow: keep",
        "away with the shadow",
    ],
)
def test_a_shadow_spoken_against_is_not_added(prompt: str) -> None:
    """What is to be less of a shadow never draws one."""
    assert not any(isinstance(one, Shadow) for one in operations(prompt))


@pytest.mark.parametrize(
    "prompt",
    [
        "Legal want us away from the red look",
        "More modern than vintage",
        "From dark text to white text",
        "The client wants the blue back.",
        "bit more in the blue",
        "Up the yellow",
        "Purple? Really? Blue was fine.",
        "My wife says it is not enough red in it.",
        "Please use exactly that for everything purple.",
        "Thin lines would make it look weak",
        "It's supposed to be sombre",
        "It isn't the text that's too dark, it's the icon",
        "Half of us want it darker, half want it lighter.",
        "You could go darker but I wouldn't.",
        "There is no room to go darker",
        "Couldn't live without the shadow",
        "Lose one of the blues",
        "Lighten the darkest blue",
        "Top darker",
        "Darker at the bottom",
        "Only the first letter in red",
        "The dot on the i should be red",
        "I want it more white the background",
        "make the black outline white",
        "the gold border should be thinner",
        "lighten the outline",
        "tighten the lines",
        "kern the letters tighter",
        "more space between symbol and text",
        "saturation 80%",
        "contrast: fine",
        "Revert the darkening",
    ],
)
def test_what_is_not_surely_wished_is_left_out(prompt: str) -> None:
    """An old colour, a part or a word that turns the sense leaves the logo as it is."""
    assert operations(prompt) == []


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Cool it off a little", Warmth(amount=-0.5)),
        ("Text is fine but too dark", Lightness(amount=1.0, scope="text")),
        ("Only the wordmark: darker please.", Lightness(amount=-1.0, scope="text")),
        ("Drop in a shadow", Shadow(amount=1.0)),
        ("There is too less contrast.", Contrast(amount=1.0)),
        ("Half as bright please", Lightness(amount=-1.0)),
        ("Amp down the colours", Saturation(amount=-1.0)),
    ],
)
def test_a_small_word_turns_its_clause(prompt: str, expected: Operation) -> None:
    """Particles and small words are heeded where they are understood."""
    assert operations(prompt) == [expected]


@pytest.mark.parametrize(
    "prompt",
    [
        "put a soft shadow under everything",
        "please put a shadow under it",
        "set a subtle shadow under the text",
        "get a shadow under there",
    ],
)
def test_a_place_is_no_particle(prompt: str) -> None:
    """What is put under the logo is added, and not lowered."""
    steps = [step.operation for step in make_plan(Instruction(refinement_prompt=prompt)).steps]

    assert [type(step) for step in steps] == [Shadow]


@pytest.mark.parametrize(
    "prompt",
    [
        "other way round please",
        "dark and light the other way round",
        "turn it the other way around",
    ],
)
def test_what_is_turned_round_has_to_be_said(prompt: str) -> None:
    """Without left and right these words mirror nothing, and round nothing off."""
    assert not [
        s
        for s in make_plan(Instruction(refinement_prompt=prompt)).steps
        if isinstance(s.operation, Flip | Roundness)
    ]
