"""The grammar of the local engine over whole paradigms: directions, spelling, scopes, any input."""

import itertools
import sys
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.refinement.engines import Instruction
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.spelling import repaired
from services.refinement.engines.local.operations import (
    Background,
    Border,
    Contrast,
    Crop,
    Duotone,
    Flatten,
    Flip,
    Lightness,
    LimitColours,
    Monochrome,
    Operation,
    Outline,
    Padding,
    Recolour,
    RemoveShadow,
    Replace,
    Rotate,
    Saturation,
    Shadow,
    Simplify,
    TransparentBackground,
    Upscale,
    Warmth,
    Weight,
)
from services.refinement.engines.local.plan import Plan, make_plan

CALLS_MAX: Final = 1_500_000

# An adjective, its comparative, a verb for it, a noun for it, and the way it goes.
QUALITIES: Final[tuple[tuple[str, str, str, str, type[Operation], int], ...]] = (
    ("dark", "darker", "darken it", "darkness", Lightness, -1),
    ("bright", "brighter", "brighten it", "brightness", Lightness, 1),
    ("light", "lighter", "lighten it", "lightness", Lightness, 1),
    ("saturated", "more saturated", "saturate it", "saturation", Saturation, 1),
    ("vibrant", "more vibrant", "intensify it", "vibrancy", Saturation, 1),
    ("muted", "more muted", "mute it", "", Saturation, -1),
    ("warm", "warmer", "warm it up", "warmth", Warmth, 1),
    ("cold", "colder", "cool it down", "coldness", Warmth, -1),
    ("thick", "thicker", "thicken it", "thickness", Weight, 1),
    ("thin", "thinner", "", "", Weight, -1),
    ("contrasty", "more contrasty", "", "contrast", Contrast, 1),
)
# Each leaves the quality as it is: whatever comes of it, it is nothing of that kind.
PROHIBITIONS: Final = (
    *("don't make it {comparative}", "please do not make it {comparative}", "never {comparative}"),
    *("it shouldn't be {comparative}", "it must not get {comparative}", "not {comparative}"),
    *("without making it {comparative}", "avoid making it {comparative}", "no {comparative}"),
    *("we don't want it {comparative}", "I would not go {comparative}", "not too {adjective}"),
    *("nothing too {adjective}", "don't {verb}", "do not {verb}", "never {verb}"),
    *("please don't {verb}", "don't increase the {noun}", "don't reduce the {noun}"),
    *("without losing {noun}", "without touching the {noun}", "don't touch the {noun}"),
)
# Each asks for less of the quality.
LESSENINGS: Final = (
    *("less {adjective}", "make it less {adjective}", "it's too {adjective}", "too {adjective}"),
    *("way too {adjective}", "it is far too {adjective}", "not so {adjective}"),
    *(
        "I don't want it so {adjective}",
        "it looks a bit too {adjective}",
        "why is it so {adjective}?",
    ),
    *("could it be less {adjective}", "reduce the {noun}", "turn down the {noun}"),
    *("bring the {noun} down", "too much {noun}", "less {noun}", "cut back on the {noun}"),
    *("I hate how {adjective} it is", "dial back the {noun}", "there is too much {noun}"),
    *("tone down the {noun}", "the {noun} is too high", "lower the {noun}"),
)
# Each asks for more of it.
INCREASES: Final = (
    *("{comparative}", "make it {comparative}", "could it be {comparative}?", "{verb}"),
    *("it's not {adjective} enough", "not {adjective} enough", "it could be {comparative}"),
    *("much {comparative} please", "slightly {comparative}", "a bit {comparative}"),
    *("more {noun}", "increase the {noun}", "boost the {noun}", "bring up the {noun}"),
    *("it needs more {noun}", "too little {noun}", "not enough {noun}", "{comparative}, please"),
    *("why not go {comparative}", "can't you make it {comparative}?", "it lacks {noun}"),
    *("wouldn't it look better {comparative}?", "the {noun} is too low", "don't forget to {verb}"),
)

ORDINARY: Final = sorted(
    words(
        "about above across after again against along already always among another answer around "
        "because become before began behind being below between beyond board boards brand brands "
        "bread break bring broad brought brush build built business call came care carry catch "
        "cause central certain chance change charge check child children choice choose church "
        "city class clean clear client close coffee company complete computer connected consider "
        "contact contain continue contract control correct cost could country couple course cover "
        "create cross crowd current customer danger daughter dear decide deliver design desk "
        "different direct doctor dollar door doubt dream dress drink drive during each early "
        "earth easily east edge effect either else email enough entire equal error especially "
        "even evening ever every exactly example except expect explain express extra eyes face "
        "facebook fact family famous farm father favour feather feel figure file final finally "
        "find finger finish first fish flame flash floor flower focus follow food foot force "
        "forest forget form forward found four frame free friend from front future game garden "
        "general girl give glad glass going good grade grand great greet ground group grow guess "
        "hair half hand happen happy hard head health hear heart heavy hello help here high "
        "history hold home honest hope horse hospital hotel hour house however hundred husband "
        "idea imagine important inside instagram instead interest invent island issue itself join "
        "just keep kind king kitchen know label lady land language large last later latter laugh "
        "launch lead learn least leave legal letter level life light likely line link links list "
        "listen little live lived local logo long look loose lose lots love lunch machine main "
        "maker make manage many margin mark market master matter maybe mean meaning meet member "
        "mental message metal middle might mile mind minute miss moment money month moon more "
        "morning mother mountain mouth move movie music must name nation natural nature near "
        "nearest need never newspaper next night nobody north note nothing notice number ocean "
        "offer office often once only open opinion orange order original other outside over page "
        "paint pair paper parent part party past paste pay peace people perfect perhaps person "
        "phone photo phrase picture piece place plain plan plane plant plate play please point "
        "poor popular position possible pound power practice prefer prepare present presented "
        "pretty previous price print printed printer prize problem produce product project proud "
        "prove provide public quality quarter question quick quiet quilt quite quote radio raise "
        "range rapid rather ratio reach read reader ready real really reason receive recent "
        "record refer remain remember repeat replica report require rest result right river road "
        "rock room rough round route rule safe said sale same sample sand scale scene school "
        "scope score season second section see seem sell send sense sentence serve service set "
        "settle several shake shall shame shape share sharing sharp shelf ship shirt shoot shop "
        "short should shoulder shout show shower side sight sign similar simple since sister "
        "situation size skill skin sleep small smart smell smile smoke snow social society soft "
        "solid solve some soon sorry sort sound source south space spare speak special speech "
        "speed spell spend split sport spring square staff stage stairs stake stand star start "
        "state station stay steam steel step stick still stock stone stop store storm story "
        "straight strange stranger street strength strike string strip student study stuff style "
        "subject such sudden sugar suit summer sunny super supply support sure surface sweet "
        "system table take talk tall taste teach team teeth tell term test tests thank that theme "
        "there thick thin thing think third those thought three through throw ticket tight time "
        "tiny title today together tomorrow tooth total touch tough toward tower town trace trade "
        "train transfer travel treat tree trial trick trip truck true trust truth twice type "
        "under understand unit until upper urban usage usual value various very video village "
        "visit vital voice waiting wall warm warning waste watch water week weigh weight well "
        "west wheel where which while white whole whose wide wife wind window wine wish with "
        "woman wonder wood word work world worry worth would write wrong year yesterday young "
        "youth"
    )
)


def plan_for(prompt: str) -> Plan:
    """The plan for a prompt alone."""
    return make_plan(Instruction(refinement_prompt=prompt))


def ways(prompt: str, kind: type[Operation]) -> list[int]:
    """Which way the operations of a kind go that a prompt leads to: 1 and -1."""
    found = (step.operation for step in plan_for(prompt).steps if isinstance(step.operation, kind))
    return [1 if getattr(one, "amount", 0.0) > 0 else -1 for one in found]


def spoken(templates: tuple[str, ...]) -> list[tuple[str, type[Operation], int]]:
    """Every template with every quality that has the form it asks for."""
    prompts = []
    for template, quality in itertools.product(templates, QUALITIES):
        adjective, comparative, verb, noun, kind, way = quality
        if ("{verb}" in template and not verb) or ("{noun}" in template and not noun):
            continue
        prompt = template.format(adjective=adjective, comparative=comparative, verb=verb, noun=noun)
        prompts.append((prompt, kind, way))
    return prompts


@pytest.mark.parametrize(("prompt", "kind", "way"), spoken(PROHIBITIONS))
def test_what_is_forbidden_is_not_done_and_not_turned_round(
    prompt: str, kind: type[Operation], way: int
) -> None:
    """A prohibition changes nothing of what it is about."""
    assert ways(prompt, kind) == [], way


@pytest.mark.parametrize(("prompt", "kind", "way"), spoken(LESSENINGS))
def test_to_complain_of_something_is_to_ask_for_less(
    prompt: str, kind: type[Operation], way: int
) -> None:
    """Complaints and requests for less never lead to more."""
    assert ways(prompt, kind) == [-way]


@pytest.mark.parametrize(("prompt", "kind", "way"), spoken(INCREASES))
def test_what_is_lacking_or_wished_for_is_increased(
    prompt: str, kind: type[Operation], way: int
) -> None:
    """Requests for more, and complaints of too little, never lead to less."""
    assert ways(prompt, kind) == [way]


@pytest.mark.parametrize(
    ("prompt", "operations"),
    [
        ("use navy and gold", [Recolour(colours=("navy", "gold"))]),
        ("only navy and gold", [Duotone(colours=("navy", "gold"))]),
        ("just two colours: navy and white", [Duotone(colours=("navy", "white"))]),
        ("monochrome blue", [Monochrome(colour="blue")]),
        ("in one colour", [Monochrome()]),
        ("shades of blue only", [Monochrome(colour="blue")]),
        ("make the text white", [Recolour(colours=("white",), scope="text")]),
        ("gold icon on black", [Recolour(colours=("gold",), scope="foreground")]),
        ("put it on black", [Background(colour="black")]),
        ("swap out the red for teal", [Replace(source="red", target="teal")]),
        ("knock out the background", [TransparentBackground()]),
        ("add a thin black border", [Border(amount=0.5, colour="black")]),
        ("put a white outline around it", [Outline(amount=1.0, colour="white")]),
        ("give it some breathing room", [Padding(amount=1.0)]),
        ("bigger", [Padding(amount=-1.0)]),
        ("trim the edges", [Crop()]),
        ("rotate 90 degrees counterclockwise", [Rotate(degrees=-90.0)]),
        ("flip it", [Flip(axis="horizontal")]),
        ("make it 3x larger", [Upscale(factor=3.0)]),
        ("give it a subtle shadow", [Shadow(amount=0.5)]),
        ("no shadow, no gradient", [RemoveShadow(), Flatten()]),
        ("too many colours", [LimitColours(count=3)]),
        ("way too busy", [Simplify(amount=1.7)]),
        ("50% lighter", [Lightness(amount=2.0)]),
        ("saturation: -25%", [Saturation(amount=-1.0)]),
    ],
)
def test_each_kind_of_wish_has_its_operation(prompt: str, operations: list[Operation]) -> None:
    """The whole taxonomy can be asked for in a few words."""
    found = [step.operation for step in plan_for(prompt).steps]

    assert found[: len(operations)] == operations


@pytest.mark.parametrize(
    ("prompt", "aspects", "kept"),
    [
        ("everything but the text should be lighter", ("text",), ()),
        ("don't touch the icon but make it warmer", ("symbols",), ()),
        ("lighter, without changing the colours", ("colors",), ()),
        ("leave the background alone", ("background",), ()),
        ("keep the green as is but make the rest darker", (), ("green",)),
        ("same shapes, warmer", ("shapes",), ()),
    ],
)
def test_what_stays_is_part_of_the_plan(
    prompt: str, aspects: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    """What a prompt wants to keep is kept as an aspect or a colour family."""
    plan = plan_for(prompt)

    assert (plan.aspects, plan.kept) == (aspects, kept)


def test_a_style_is_several_operations_and_yields_to_what_is_kept() -> None:
    """The plan says which operations a style came to; of a style, too, kept colours stay."""
    free = plan_for("make it elegant")
    kept = plan_for("make it elegant but keep the colours")

    assert {step.source for step in free.steps} == {"style:elegant"}
    assert [type(step.operation) for step in free.steps] == [Saturation, Weight]
    assert [type(step.operation) for step in kept.steps] == [Weight]


def test_the_description_only_says_what_the_subject_is_called() -> None:
    """A noun of the description names the icon; the description asks for nothing."""
    description = "A dark fox head with a wordmark"

    named = make_plan(
        Instruction(refinement_prompt="make the fox lighter", logo_description=description)
    )
    silent = make_plan(Instruction(refinement_prompt="thanks!", logo_description=description))

    assert [step.operation for step in named.steps] == [Lightness(amount=1.0, scope="foreground")]
    assert silent == Plan()


@pytest.mark.parametrize(
    "prompt",
    [
        *("change the font", "use a serif typeface", "change the name to Foxy", "make it 3d"),
        *("add a mountain behind it", "hand-drawn please", "animate it", "bigger text"),
        *("move the text below the icon", "replace the tree with a boat", "remove the tagline"),
    ],
)
def test_what_another_engine_could_do_is_skipped_with_a_reason(prompt: str) -> None:
    """It is understood, and said to be impossible here."""
    plan = plan_for(prompt)

    assert plan.steps == ()
    assert len(plan.skipped) == 1
    assert "engine" in plan.skipped[0].reason


@pytest.mark.parametrize(
    "prompt", ["hi team, thanks!", "what font is this?", "Dear all, hope you are well."]
)
def test_courtesy_and_questions_are_neither_wishes_nor_riddles(prompt: str) -> None:
    """They leave no trace in the plan."""
    assert plan_for(prompt) == Plan()


@pytest.mark.parametrize(
    "prompt", ["haz el logo más claro por favor", "qwpo zxmcn asdlk", "mach das Logo bitte heller"]
)
def test_what_is_not_english_is_unmatched(prompt: str) -> None:
    """No word of it is taken for a wish by chance."""
    plan = plan_for(prompt)

    assert plan.steps == ()
    assert plan.unmatched == (prompt,)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("vibrnat", "vibrant"),
        ("ligter", "lighter"),
        ("backround", "background"),
        ("minmalist", "minimalist"),
        ("transparant", "transparent"),
        ("gradeint", "gradient"),
        ("colurs", "colours"),
        ("oragne", "orange"),
        ("ovre", "ovre"),
    ],
)
def test_typing_errors_are_put_right(word: str, meant: str) -> None:
    """One slip does not hide a wish; very short words are left alone."""
    assert repaired([word])[0] in {meant, meant.replace("ou", "o")}


def test_ordinary_words_are_never_put_right() -> None:
    """Correct English does not turn into a wish."""
    changed = {word: new for word in ORDINARY if (new := repaired([word])[0]) != word}

    assert changed == {}


@given(st.text(max_size=2000))
@example("°²")
def test_any_text_has_a_plan_and_always_the_same(text: str) -> None:
    """No input makes reading fail, and nothing but the input decides."""
    instruction = Instruction(refinement_prompt=text, theme_description=text, logo_description=text)

    assert make_plan(instruction) == make_plan(instruction)


@given(
    st.lists(
        st.sampled_from(
            sorted(
                words(
                    "not no too less more make the text background red navy #fff and , . but with "
                    "without keep except darker dark contrast shadow border remove add 3 % colours "
                    "rotate only margin edges square centre flip upscale crop space huge tiny "
                    "instead of replace it is looks shades lighter : - + ? bigger space"
                )
            )
        ),
        max_size=300,
    )
)
def test_any_heap_of_words_of_the_grammar_has_a_plan(heap: list[str]) -> None:
    """However the words of the grammar are thrown together, reading them ends in a plan."""
    plan = plan_for(" ".join(heap))

    assert isinstance(plan, Plan)


@pytest.mark.parametrize(
    "unit",
    [
        *("#fff ", "not ", "no not the blue and ", "ligght brovn ", "a", '"', "#", "remove the "),
        *("make it red blue and ", "rgb(1,2,3) ", "too dark, ", "1.1.", "'", "'s", "except "),
        *(
            "the boss says too dark, ",
            '"too dark" says he ',
            "red or blue, ",
            "what is red to blue ",
        ),
        *("I disagree. ", "only the red: ", "a frame, thin, ", "not the shadow helps, ", "up the "),
        *("she wants red but I want blue ", "all but the red, it ", "red in favour of blue "),
    ],
)
def test_hostile_prompts_take_no_time(unit: str) -> None:
    """Reading is linear: twice the prompt is hardly more than twice the work, whatever it says."""
    half, whole = ((unit * 2000)[:length] for length in (1000, 2000))
    plan_for(whole)

    work = calls_in(lambda: plan_for(whole))

    assert work < 2.5 * calls_in(lambda: plan_for(half)) + 2000
    assert work < CALLS_MAX


def calls_in(task: Callable[[], object]) -> int:
    """How many functions a task calls: a measure of work that does not depend on the machine."""
    count = 0

    def counting(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        task()
    finally:
        sys.setprofile(before)
    return count
