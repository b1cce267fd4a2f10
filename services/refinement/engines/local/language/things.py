"""Reads wishes about things that are put on a logo or taken off it.

Shadows, gradients, outlines, frames, the background as a whole. To complain about a thing is to ask
for less of it, which for shadows and gradients is none; a thing that is forbidden is not added, and
what may not be removed stays.
"""

from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.quantities import amount_in
from services.refinement.engines.local.language.spelling import is_known
from services.refinement.engines.local.language.styles import STYLES
from services.refinement.engines.local.language.tokens import colour_of
from services.refinement.engines.local.language.wishes import ASKED_NOT_TO, Reading
from services.refinement.engines.local.operations import (
    Border,
    Crop,
    Flatten,
    Outline,
    RemoveShadow,
    Shadow,
    TransparentBackground,
)

_NO_GRADIENTS: Final = "gradients cannot be added by this engine"
_NO_THING_REMOVED: Final = (
    "lines around things cannot be taken out by this engine: that needs one that paints over them, "
    "with an image model"
)
_NO_SOFTER_SHADOW: Final = "a shadow can only be added or removed by this engine"
_DESCRIBING_MAX: Final = 4
_INSERTING: Final = (
    words_of.ADDING - frozenset({"some", "more", "have", "has", "having", "had"})
) | frozenset({"around", "round"})
_LINE_CHANGES: Final = frozenset({"thick", "thin", "heavy", "bold"})
_DRAWING: Final = _INSERTING - words("need needs want wants")
_AROUND: Final = frozenset({"around", "round", "surrounding"})
_BARE_WORDS_MAX: Final = 4
_BEFORE_VERB: Final = frozenset({"", "please", "you", "to", "also", "just", "and", "we", "then"})
_CHANGING: Final = words("be change make turn paint colour color in should")
_CHANGED: Final = words("change turn swap switch go shift convert")
_EMPTY: Final = words("empty blank unused white excess extra dead surplus")
_SUGGESTING: Final = words("perhaps maybe please and or also just well so would could might then")
_TRANSPARENT: Final = frozenset({"transparent", "transparency", "translucent"})
_INDEFINITE: Final = frozenset({"a", "an", "some", "subtle", "soft", "thin", "please", "nice"})


def read_things(clause: Clause, reading: Reading) -> None:
    """Read what a clause wishes of shadows, gradients, outlines, frames and transparency."""
    _read_empty_edges(clause, reading)
    _read_transparency(clause, reading)
    _read_shadow(clause, reading)
    _read_gradient(clause, reading)
    _read_lines(clause, reading)


def wants_less(clause: Clause) -> bool:
    """Say whether a clause asks for less of what it names, or complains about it."""
    mood = clause.mood
    if mood.guards:
        return False
    is_complaint = (mood.complains or clause.has(words_of.JUDGING)) and not mood.wishes
    judged = is_complaint and (
        clause.has(words_of.JUDGING) or clause.has(words_of.NEGATED) is False
    )
    return mood.lessens or judged or (mood.forbids and not clause.has(_DRAWING))


def _read_empty_edges(clause: Clause, reading: Reading) -> None:
    """Read "cut off the empty edges": to remove what is empty around the logo is to crop."""
    places = clause.find(words_of.EDGES_EMPTY)
    if not places or not clause.mood.removes or clause.mood.guards or clause.mood.keeps:
        return
    if clause.before(places[0]) in _EMPTY:
        clause.used.update(range(len(clause.words)))
        reading.wish(clause, Crop())


def _read_transparency(clause: Clause, reading: Reading) -> None:
    asked = clause.find(_TRANSPARENT)
    grounds = clause.find(words_of.BACKGROUNDS)
    mood = clause.mood
    if asked:
        clause.used.update(asked + grounds)
        if mood.guards or mood.removes or mood.forbids or mood.too:
            reading.refuse(clause, ASKED_NOT_TO)
        else:
            reading.wish(clause, TransparentBackground())
            start = asked[0] - 1 if clause.before(asked[0]) == "on" else 0
            clause.used.update(range(start, len(clause.words)))
    elif (
        grounds
        and (mood.removes or _is_unwanted(clause, grounds[0]))
        and not mood.guards
        and not mood.keeps
    ):
        # "remove the background", and not "remove the gradient from the background".
        between = clause.words[: grounds[0]]
        described = {
            word
            for word in between
            if word in SENSES or word in words_of.GRADIENTS | words_of.SHADOWS | words_of.TEXTS
        }
        colours = [word for word in between if colour_of(word) is not None]
        nouns = {word for word in described if word in SENSES and SENSES[word].form == "noun"}
        if not (nouns or described - SENSES.keys()) and not (
            colours and set(between) & {"on", "in", "from"}
        ):
            clause.used.update(range(len(clause.words)))
            reading.wish(clause, TransparentBackground())


def _is_unwanted(clause: Clause, place: int) -> bool:
    """Say whether the background is not needed: "we don't need the background"."""
    before = clause.words[:place]
    return clause.mood.forbids and before[-2:] in {
        ("need", "the"),
        ("want", "the"),
        ("need", "a"),
        ("want", "a"),
        ("need", "any"),
        ("want", "any"),
    }


def _read_shadow(clause: Clause, reading: Reading) -> None:
    places = clause.find(words_of.SHADOWS)
    if not places:
        return
    adjectives = _describing(clause, places[0])
    _account_for(clause, places)
    mood = clause.mood
    if mood.guards or (mood.keeps and not mood.adds):
        reading.refuse(clause, ASKED_NOT_TO)
    elif wants_less(clause):
        reading.wish(clause, RemoveShadow())
    elif mood.forbids:
        reading.refuse(clause, ASKED_NOT_TO)
    elif not clause.has(_INSERTING) and (
        _is_comparison(clause, adjectives) or _is_compared(clause, places[-1])
    ):
        reading.refuse(clause, _NO_SOFTER_SHADOW)
    elif mood.complains and not mood.wishes and not mood.lacks:
        reading.wish(clause, RemoveShadow())
    elif mood.adds or mood.wishes or mood.up or mood.lacks or _is_plainly_named(clause):
        reading.wish(clause, Shadow(amount=amount_in(clause)))


def _is_plainly_named(clause: Clause) -> bool:
    """Say whether a few words only name a thing and describe it: "soft shadow", "a shadow ..."."""
    is_read = all(
        word in SENSES or colour_of(word) is not None or is_known(word) for word in clause.words
    )
    is_short = len(clause.words) <= _BARE_WORDS_MAX and is_read
    return is_short or clause.words[0] in {"a", "an", "some"}


def _is_compared(clause: Clause, place: int) -> bool:
    """Say whether a thing that is there should be otherwise: "the shadow could be lighter"."""
    after = clause.words[place + 1 :]
    return "be" in after[:3] and any(
        word in SENSES and SENSES[word].form == "explicit" for word in after
    )


def _read_gradient(clause: Clause, reading: Reading) -> None:
    places = clause.find(words_of.GRADIENTS)
    if not places:
        return
    _account_for(clause, places)
    mood = clause.mood
    if mood.forbids and "back" in clause.words:
        # "I don't want the gradients back": they are gone.
        reading.refuse(clause, ASKED_NOT_TO)
    elif mood.guards or (mood.keeps and not mood.adds):
        reading.refuse(clause, ASKED_NOT_TO)
    elif wants_less(clause) or (mood.complains and not mood.wishes):
        reading.wish(clause, Flatten())
    elif mood.forbids:
        reading.refuse(clause, ASKED_NOT_TO)
    else:
        clause.used.update(at for at, word in enumerate(clause.words) if colour_of(word))
        reading.refuse(clause, _NO_GRADIENTS)


def _read_lines(clause: Clause, reading: Reading) -> None:
    for group, kind in ((words_of.BORDERS, Border), (words_of.OUTLINES, Outline)):
        places = clause.find(group)
        if kind is Outline and not places and clause.has(_INSERTING) and clause.has(_AROUND):
            places = clause.find(frozenset({"line", "edge"}))
        if places:
            _read_line(clause, places, kind, reading)
            return


def _read_line(
    clause: Clause, places: list[int], kind: type[Border] | type[Outline], reading: Reading
) -> None:
    mood = clause.mood
    if _is_measured(clause, places[-1]):
        # "stroke +20%" is about the lines that are there.
        return
    named = clause.before(places[0]) in words_of.SCOPING
    is_bare = not (mood.complains or mood.down or named) and (
        len(clause.words) <= _BARE_WORDS_MAX or _suggests_one(clause)
    )
    # "A thicker outline in gold" is a new one, whatever it is thicker than.
    is_new = _suggests_one(clause) and any(colour_of(word) for word in clause.words)
    is_compared = _is_comparison(clause, _qualities(clause))
    adds = clause.has(_INSERTING) or (is_bare and (is_new or not is_compared))
    is_verb = any(
        clause.words[at] in {"outlined", "bordered", "framed"}
        or (
            clause.words[at] in {"outline", "frame", "border"} and clause.before(at) in _BEFORE_VERB
        )
        for at in places
    )
    adjectives = _describing(clause, places[0])
    elsewhere = _qualities(clause)
    if mood.guards or mood.keeps:
        if mood.guards:
            _account_for(clause, places)
            reading.refuse(clause, ASKED_NOT_TO)
    elif mood.forbids and not mood.lacks:
        _account_for(clause, places)
        is_there = named and "without" in clause.words
        reading.refuse(clause, _NO_THING_REMOVED if is_there else ASKED_NOT_TO)
    elif mood.removes:
        empty = clause.has(words_of.COLOUR_NOUNS) is False and kind is Border
        whitish = any(clause.words[at - 1] in {"white", "empty", "blank"} for at in places if at)
        _account_for(clause, places)
        if empty and whitish:
            reading.wish(clause, Crop())
        else:
            reading.refuse(clause, _NO_THING_REMOVED)
    elif mood.wishes and _colour_of_line(clause, places[0]) and clause.has(_CHANGING):
        colour = _colour_of_line(clause, places[0])
        _account_for(clause, [*places, *adjectives])
        reading.wish(clause, kind(amount=amount_in(clause), colour=colour))
    elif adds or (is_verb and not _is_comparison(clause, elsewhere)):
        amount = amount_in(clause)
        colour = _colour_of_line(clause, places[0])
        _account_for(clause, [*places, *adjectives])
        clause.used.update(at for at in elsewhere if abs(at - places[0]) <= _DESCRIBING_MAX)
        reading.wish(clause, kind(amount=amount, colour=colour))


def _suggests_one(clause: Clause) -> bool:
    """Say whether a clause opens with a thing that is not there: "perhaps a thin outline"."""
    start = 0
    while start < len(clause.words) - 1 and clause.words[start] in _SUGGESTING:
        start += 1
    return clause.words[start] in {"a", "an"} or "maybe" in clause.words[:start]


def _is_measured(clause: Clause, place: int) -> bool:
    following = clause.after(place)
    if following in {":", "+"}:
        following = clause.after(place, 2)
    return clause.words[place] in {"stroke", "strokes"} and following[-1:].isdecimal()


def _colour_of_line(clause: Clause, place: int) -> str | None:
    """Return the colour beside a line: right before it, or after "in" or "of" behind it."""
    for index in range(place - 1, max(place - _DESCRIBING_MAX, -1), -1):
        name = colour_of(clause.words[index])
        if name is not None:
            clause.used.add(index)
            return name
        if clause.words[index] in words_of.TEXTS | words_of.BACKGROUNDS | words_of.FOREGROUNDS:
            break
    of_what = None
    for index in range(place + 1, len(clause.words)):
        name = colour_of(clause.words[index])
        if name is not None and clause.before(index) == "from":
            # "A frame from gold", unless it is "from black to gold".
            of_what = None if clause.has(_CHANGED) else name
            clause.used.add(index)
        elif name is not None and clause.before(index) not in {"the", "on"}:
            clause.used.add(index)
            return name
    return of_what


def _describing(clause: Clause, place: int) -> list[int]:
    """Return where the adjectives right before a thing are."""
    found: list[int] = []
    for index in range(place - 1, max(place - _DESCRIBING_MAX, -1), -1):
        word = clause.words[index]
        sense = SENSES.get(word)
        if sense is not None and sense.form in {"plain", "fault", "explicit"}:
            found.append(index)
        elif colour_of(word) is None and word not in words_of.SLIGHT | words_of.STRONG | {
            ",",
            "and",
        }:
            break
    return found


def _is_comparison(clause: Clause, places: list[int]) -> bool:
    return any(
        SENSES[clause.words[at]].form == "explicit" and SENSES[clause.words[at]].quality != "size"
        for at in places
    ) or clause.has(words_of.TURNING - frozenset({"bring", "take", "move"}))


def _qualities(clause: Clause) -> list[int]:
    return [at for at, word in enumerate(clause.words) if word in SENSES]


def _account_for(clause: Clause, places: list[int]) -> None:
    """Take things and what describes them out of further reading, and what is said of them."""
    mood = clause.mood
    clause.used.update(places)
    for place in places:
        clause.used.update(_describing(clause, place))
        for index in range(place - 1, max(place - _DESCRIBING_MAX, -1), -1):
            if colour_of(clause.words[index]) is not None:
                clause.used.add(index)
    if mood.complains or mood.too or mood.removes or len(places) == 1:
        # "the shadow is too dark" is about the shadow.
        clause.used.update(
            at
            for at, word in enumerate(clause.words)
            if at > places[0]
            and (word in STYLES or (word in SENSES and SENSES[word].form != "noun"))
        )
