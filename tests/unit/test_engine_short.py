"""Prompts as people type them on the phone, in chats and in a second language."""

import pytest

from services.refinement.engines import Instruction
from services.refinement.engines.local.language.spelling import repaired
from services.refinement.engines.local.operations import (
    Background,
    Border,
    Contrast,
    Crop,
    Flatten,
    Flip,
    Lightness,
    LimitColours,
    Look,
    Operation,
    Outline,
    Padding,
    Recolour,
    RemoveShadow,
    Replace,
    Rotate,
    Saturation,
    Shadow,
    Sharpness,
    TransparentBackground,
    Warmth,
    Weight,
)
from services.refinement.engines.local.plan import Plan, make_plan


def plan_for(prompt: str) -> Plan:
    """What a prompt alone comes to."""
    return make_plan(Instruction(refinement_prompt=prompt))


def operations(prompt: str) -> list[Operation]:
    """The operations that a prompt alone leads to."""
    return [step.operation for step in plan_for(prompt).steps]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        *(("wite", "white"), ("blak", "black"), ("doun", "down"), ("brite", "bright")),
        *(("litle", "little"), ("drak", "dark"), ("leters", "letters"), ("thik", "thick")),
        *(("gren", "green"), ("txet", "text"), ("shado", "shadow"), ("thiker", "thicker")),
        *(("dissapears", "disappears"), ("les", "less"), ("boldr", "bolder")),
    ],
)
def test_short_words_are_told_by_their_sound_and_swapped_letters(word: str, meant: str) -> None:
    """A slip in a short word is put right where only one word can be meant."""
    assert repaired([word]) == [meant]


@pytest.mark.parametrize("word", ["thinker", "tick", "brow", "lock", "maker", "wheel", "litter"])
def test_a_word_that_may_mean_the_opposite_is_left_as_it_is(word: str) -> None:
    """A thinker may be thicker or thinner, and ordinary words are no slips at all."""
    assert repaired([word]) == [word]


@pytest.mark.parametrize(
    ("prompt", "wished"),
    [
        ("make teh bakground blak", [Background(colour="black")]),
        ("teh colours are to drak", [Lightness(amount=1.0)]),
        ("coulors to brite, tone it doun a litle", [Lightness(amount=-0.5)]),
        ("mak th blu drker", [Lightness(amount=-1.0, scope="blue")]),
        ("les contrast", [Contrast(amount=-1.0)]),
        ("bg 2 dark", [Lightness(amount=1.0, scope="background")]),
        ("to much red", [Saturation(amount=-1.0, scope="red")]),
        ("its to dul", [Saturation(amount=1.0)]),
    ],
)
def test_several_slips_in_a_clause_hide_no_wish(prompt: str, wished: list[Operation]) -> None:
    """Function words may be misspelt as well as those that say what to do."""
    assert operations(prompt) == wished


@pytest.mark.parametrize(
    ("prompt", "wished"),
    [
        ("everything same only the green make more dark", [Lightness(amount=-1.0, scope="green")]),
        ("the background make white", [Background(colour="white")]),
        ("only the blue make more light, rest same", [Lightness(amount=1.0, scope="blue")]),
        ("text make more bold please", [Weight(amount=1.0, scope="text")]),
        ("the red make a bit lighter", [Lightness(amount=0.5, scope="red")]),
        ("blue bird darker", [Lightness(amount=-1.0, scope="blue")]),
        ("star make gold", []),
        ("bird i want blue", []),
        ("the wave not so dark", []),
    ],
)
def test_a_noun_may_stand_before_its_order(prompt: str, wished: list[Operation]) -> None:
    """The order is about that noun: never about the whole logo, nor about what is unknown."""
    assert operations(prompt) == wished


@pytest.mark.parametrize(
    ("prompt", "wished"),
    [
        ("frame around it, black", [Border(amount=1.0, colour="black")]),
        ("frame round it, gold, thin", [Border(amount=0.5, colour="gold")]),
        ("add a border round it (black, thin)", [Border(amount=0.5, colour="black")]),
        ("blue outline around it, but thin", [Outline(amount=0.5, colour="blue")]),
        ("drop shadow yes but subtle!!", [Shadow(amount=0.5)]),
        ("shadow behind it please, only a subtle one", [Shadow(amount=0.5)]),
        ("background, navy", [Background(colour="navy")]),
        ("letters, thicker", [Weight(amount=1.0, scope="text")]),
        (
            "text, white. bg, navy",
            [
                Recolour(colours=("white",), scope="text"),
                Background(colour="navy"),
            ],
        ),
    ],
)
def test_what_stands_behind_a_noun_describes_it(prompt: str, wished: list[Operation]) -> None:
    """A colour or strength after the comma belongs to the thing before it, and to nothing else."""
    assert operations(prompt) == wished


def test_points_of_a_list_in_one_line_are_read_apart() -> None:
    """Numbers that count up open points; others are numbers."""
    listed = operations("4 things: 1 blue bird darker 2 name thicker 3 white background 4 crop it")

    assert listed == [
        Lightness(amount=-1.0, scope="blue"),
        Weight(amount=1.0, scope="text"),
        Background(colour="white"),
        Crop(),
    ]
    assert operations("limit to 2 colours") == [LimitColours(count=2)]


@pytest.mark.parametrize(
    ("prompt", "wished"),
    [
        ("rm bg", [TransparentBackground()]),
        ("rm shadow", [RemoveShadow()]),
        ("rot 90 ccw", [Rotate(degrees=-90.0)]),
        ("rotate: -45", [Rotate(degrees=-45.0)]),
        ("s/blue/green/", [Replace(source="blue", target="green")]),
        ("sed s/black/white/g", [Replace(source="black", target="white")]),
        ("contrast++", [Contrast(amount=1.0)]),
        ("brightness--", [Lightness(amount=-1.0)]),
        ("sat -20%", [Saturation(amount=-0.8)]),
        ("hflip", [Flip(axis="horizontal")]),
        ("lighten(blue, 25%)", [Lightness(amount=1.0, scope="blue")]),
        ("blur(2px)", [Sharpness(amount=-1.0)]),
        ("brightness: 80%", []),
        ("hue-rotate(90)", []),
    ],
)
def test_code_is_read_as_the_order_it_stands_for(prompt: str, wished: list[Operation]) -> None:
    """A value that may mean more or less leads to nothing."""
    assert operations(prompt) == wished


@pytest.mark.parametrize(
    ("prompt", "wished"),
    [
        ("its crooked, leans like 5 degrees to the left. straighten it", [Rotate(degrees=5.0)]),
        ("the logo leans 3 degrees to the right, please straighten", [Rotate(degrees=-3.0)]),
        ("its tilted 5 degrees counterclockwise", [Rotate(degrees=5.0)]),
        ("it leans to the right, rotate it 5 degrees", [Rotate(degrees=-5.0)]),
        ("turn it 5 degrees clockwise, it leans to the left", [Rotate(degrees=5.0)]),
        ("make it lean 5 degrees to the right", [Rotate(degrees=5.0)]),
        ("straighten it by 5 degrees clockwise", [Rotate(degrees=5.0)]),
        ("its 4 degrees off, fix pls", []),
        ("it leans to the left", []),
    ],
)
def test_what_leans_is_turned_the_other_way(prompt: str, wished: list[Operation]) -> None:
    """Where the way or the angle is not said there is no turn; an order to lean is done."""
    assert operations(prompt) == wished


@pytest.mark.parametrize(
    ("prompt", "wished"),
    [
        ("it came out mirrored, name reads backwards, put it back", [Flip(axis="horizontal")]),
        ("everything is back to front, fix it", [Flip(axis="horizontal")]),
        ("last time it came out mirrored", []),
        ("dont mirror it", []),
        ("looks like a funeral home. we sell ice cream!!", [Saturation(amount=1.0)]),
        ("looks like a circus", [Saturation(amount=-1.0)]),
        ("make it look like a circus", []),
        ("theres loads of empty round it, cut that off", [Crop()]),
        ("the letters are too pale nobody can read them", [Lightness(amount=-1.0, scope="text")]),
        ("our van is white so the white letters you cant see them", [Contrast(amount=1.0)]),
        ("the writing is same colour like the background, it dissapears", [Contrast(amount=1.0)]),
        ("the gradient in the bird prints horrible, make it flat", [Flatten()]),
        ("need some space round it", [Padding(amount=1.0)]),
        ("the print came out too dark", [Lightness(amount=1.0)]),
        ("can you make it look old, like a sign", [Look(look="vintage")]),
        ("colours warmer like a fresh bread", [Warmth(amount=1.0)]),
    ],
)
def test_a_complaint_leads_to_what_puts_it_right(prompt: str, wished: list[Operation]) -> None:
    """However it is worded; what is told of another time, or wished for, is no complaint."""
    assert operations(prompt) == wished


@pytest.mark.parametrize(
    ("prompt", "wished"),
    [
        ("make the black background navy", [Background(colour="navy")]),
        ("make the dark background light", [Lightness(amount=1.0, scope="background")]),
        ("the star should be red not orange", [Replace(source="orange", target="red")]),
        ("white star please, now its grey and dirty", [Replace(source="gray", target="white")]),
        ("bird now blue, want red", [Replace(source="blue", target="red")]),
        (
            "bird dont look good in blue, do it in turquoise",
            [
                Replace(source="blue", target="turquoise"),
            ],
        ),
        ("white goes black and black goes white", [Look(look="invert")]),
        (
            "red goes blue and blue goes red",
            [
                Replace(source="red", target="blue"),
                Replace(source="blue", target="red"),
            ],
        ),
        (
            "more blue less green",
            [
                Saturation(amount=1.0, scope="blue"),
                Saturation(amount=-1.0, scope="green"),
            ],
        ),
        ("make it blue, wait no, green", [Recolour(colours=("green",))]),
        ("thicker. no wait thinner", [Weight(amount=-1.0)]),
        ("instead blue make green", [Replace(source="blue", target="green")]),
        ("reddish brown please", [Recolour(colours=("brown",))]),
        ("the red scares people, softer", [Saturation(amount=-1.0, scope="red")]),
        ("remove the frame, white background", [Background(colour="white")]),
        ("for text use red", [Recolour(colours=("red",), scope="text")]),
        (
            "background white letters black",
            [
                Background(colour="white"),
                Recolour(colours=("black",), scope="text"),
            ],
        ),
    ],
)
def test_the_last_colour_is_the_wish_and_the_old_one_says_where(
    prompt: str, wished: list[Operation]
) -> None:
    """A colour that is there describes; it is never kept in place of the one wished for."""
    assert operations(prompt) == wished


@pytest.mark.parametrize(
    ("prompt", "wished"),
    [
        ("no more shadow", [RemoveShadow()]),
        ("no more gradients", [Flatten()]),
        ("not so red", [Saturation(amount=-1.0, scope="red")]),
        ("dont make it so reddish", [Saturation(amount=-1.0, scope="red")]),
        ("so red!", [Saturation(amount=-1.0, scope="red")]),
        ("less bluish", [Saturation(amount=-1.0, scope="blue")]),
        ("out with the red", [Saturation(amount=-2.0, scope="red")]),
        ("no red, blue", [Saturation(amount=-2.0, scope="red")]),
        ("yes to shadow no to border", [Shadow(amount=1.0)]),
        ("it goes on black, so white please", [Recolour(colours=("white",))]),
        ("darker not lighter", [Lightness(amount=-1.0)]),
        ("letters fatter but not so fat like before", [Weight(amount=1.0, scope="text")]),
        ("dont go darker on the text, go lighter", [Lightness(amount=1.0, scope="text")]),
        ("dont touch the colours just make the writing bold", [Weight(amount=1.0, scope="text")]),
    ],
)
def test_a_negation_turns_what_it_belongs_to(prompt: str, wished: list[Operation]) -> None:
    """It ends what is there, limits a wish or contrasts with it, and reaches no further."""
    assert operations(prompt) == wished


@pytest.mark.parametrize(
    "prompt",
    [
        *("take the star out", "bird has no eye. add eye", "diff font pls this one is ugly af"),
        *("what font is that?? looks like a wedding card. change it", "make the font rounder"),
        *("bird color must be same as letters color", "change the phone number to 0161 555 0142"),
        *("change the blue", "another blue", "text red please, bigger letters"),
    ],
)
def test_what_cannot_be_done_is_said(prompt: str) -> None:
    """Such a wish is skipped with a reason, and not passed over."""
    assert plan_for(prompt).skipped


@pytest.mark.parametrize(
    "prompt",
    [
        *("text to bright", "bg to dark", "make it thinker", "more clear the blue"),
        *("ignore the shadow", "can you make the green not like poison", "the white letters"),
        *("customers think we are a pharmacy because of the green", "the problem is the yellow"),
        *("frobnicate gizmo blue widget", "zork shadow"),
    ],
)
def test_what_is_not_surely_understood_is_not_done(prompt: str) -> None:
    """One known word among unknown ones, or one that may mean the opposite, leads to nothing."""
    assert operations(prompt) == []


def test_a_colour_that_is_to_pop_is_done_to_that_colour() -> None:
    """What is wished of a colour happens to no other."""
    assert operations("make the red pop") == [Saturation(amount=1.0, scope="red")]
