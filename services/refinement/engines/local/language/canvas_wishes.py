"""Reads wishes about the picture as a whole: its margins, size, turn and shape.

"Bigger", said of the logo, is less room around it: the picture keeps its size. Said of the file or
its resolution, or with a factor, it is more pixels. Said of letters or the icon alone it is not
possible.
"""

from typing import Final

import msgspec

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES, Sense
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.directions import direction_of
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.quantities import amount_in, number_at
from services.refinement.engines.local.language.said_before import MEDIA
from services.refinement.engines.local.language.tokens import colour_of
from services.refinement.engines.local.language.unknown_parts import is_thing
from services.refinement.engines.local.language.wishes import ASKED_NOT_TO, Reading
from services.refinement.engines.local.operations import (
    Border,
    Centre,
    Crop,
    Flip,
    Operation,
    Outline,
    Padding,
    Rotate,
    Shadow,
    Square,
    Upscale,
)

_TILT_DEGREES: Final = 15.0
_TURN_DEGREES_MAX: Final = 360.0
_FACTOR_DEFAULT: Final = 2.0
_FACTOR_MIN: Final = 1.25
_FACTOR_MAX: Final = 4.0
# Larger numbers before an "x" are sizes in pixels.
_FACTOR_TOLD_MAX: Final = 16.0
_PERCENT: Final = 100.0
_PIXELS: Final = frozenset({"px", "pixel", "pixels"})
# What is narrower than this may be a part of the logo; more digits are no side of a picture.
_SIDE_TOLD_MIN: Final = 256
_SIDE_TOLD_MAX: Final = 99_999
_DRAWN: Final = (Border, Outline, Shadow)
_EXTENTS: Final = words("wide tall high across")
_OF_THE_WHOLE: Final = words(
    "make it this the whole logo image picture file png resize export scale upscale enlarge at "
    "least about around be to should must please now and i we want need would like do not a an"
)
_TURNED: Final = frozenset({"turn", "turned", "tip", "lean", "turning"})
_TURNS: Final = words("degrees degree deg clockwise counterclockwise ccw quarterturn upsidedown cw")
_SOME: Final = frozenset({"few", "some", "couple"})
_DEGREES: Final = frozenset({"degrees", "degree", "deg"})
_LEFT: Final = frozenset({"left", "counterclockwise", "ccw", "anticlockwise"})
_MULTIPLES: Final = frozenset({"twice", "thrice", "triple", "double"})
_FILES: Final = words("file image picture pic png resolution pixels dimensions res px pixel")
_VERTICAL: Final = words("vertically vertical upsidedown upside top")
_EMPTY: Final = words("white blank empty excess extra unused dead surplus")
_WHEREABOUTS_MAX: Final = 6
_MIDDLE_FILLER: Final = frozenset({"centre", "center", "middle", "central"})
_LEAVING: Final = frozenset({"leave", "leaving"})
_MARGINS_KEPT: Final = (
    "margins stay as they are unless they are cropped: ask for more padding to have wider ones"
)
_PARTICIPLES: Final = words("mirrored flipped rotated turned tilted")
_DETERMINING: Final = words("the this that its our")
_WITHIN: Final = frozenset({"in", "within", "inside"})
_ARTICLES: Final = frozenset({"a", "an", "some"})
_BETWEEN: Final = frozenset({"between", "apart"})
_BARE_MAX: Final = 6
_TURNERS: Final = words("back away off out down under against past over stop enough")
_AROUND: Final = words("around surrounding outer edges margin margins padding")


def read_canvas(clause: Clause, reading: Reading) -> None:
    """Read what a clause wishes of the picture as a whole."""
    for word, kind in _kinds(clause):
        operation = _operation(clause, word, kind)
        if operation is None:
            continue
        if clause.mood.forbids or clause.mood.guards or clause.mood.keeps:
            if not clause.mood.lacks:
                reading.refuse(clause, ASKED_NOT_TO)
        elif _is_of_part(clause, operation):
            reading.refuse(clause, words_of.PARTS_MOVED)
        else:
            reading.wish(clause, operation)
    _read_side(clause, reading)
    _read_size(clause, reading)
    places = _margin_places(clause)
    if places and _BETWEEN & {*clause.words}:
        clause.used.update(places)
        reading.refuse(clause, words_of.PARTS_MOVED)
    elif places:
        _read_margins(clause, places, reading)


def _is_of_part(clause: Clause, operation: Operation) -> bool:
    """Say whether only a part is to be turned: "mirror just the icon"."""
    if isinstance(operation, Flip | Rotate) and _is_done_to_thing(clause):
        return True
    only = next((at for at, word in enumerate(clause.words) if word in words_of.ONLY), None)
    if only is None or not isinstance(operation, Flip | Rotate | Centre):
        return False
    parts = words_of.FOREGROUNDS | words_of.TEXTS | words_of.PARTS
    near = clause.words[only + 1 : only + 4]
    coloured = any(colour_of(word) is not None for word in near)
    is_behind = clause.words[-1] in words_of.ONLY and clause.has(parts)
    return bool(parts & {*near}) or coloured or is_behind


def _is_done_to_thing(clause: Clause) -> bool:
    """Say whether a thing is to be turned: "could the flag be mirrored"."""
    verb = next((at for at, word in enumerate(clause.words) if word in _PARTICIPLES), 0)
    return any(
        clause.before(at) in _DETERMINING and is_thing(clause.words[at], clause.after(at))
        for at in range(1, verb)
    )


def _kinds(clause: Clause) -> list[tuple[int, str]]:
    """Return each kind of change to the canvas once, with where its word is."""
    found: dict[str, int] = {}
    for index, word in enumerate(clause.words):
        kind = words_of.CANVAS_VERBS.get(word)
        if word in _TURNED and (clause.has(_TURNS) or _is_angle(clause.after(index))):
            kind = "rotate"
        if kind is not None and index not in clause.used:
            found.setdefault(kind, index)
    if "rotate" in found and "flip" in found and "upsidedown" in clause.words:
        clause.used.add(found.pop("rotate"))
    return [(index, kind) for kind, index in found.items()]


def _is_angle(word: str) -> bool:
    number = number_at(word) if word else None
    return number is not None and abs(number) >= _TILT_DEGREES


def _operation(clause: Clause, index: int, kind: str) -> Operation | None:
    word = clause.words[index]
    clause.used.update(
        at for at, one in enumerate(clause.words) if words_of.CANVAS_VERBS.get(one) == kind
    )
    match kind:
        case "crop":
            clause.used.update(clause.find(words_of.EDGES_EMPTY | _EMPTY))
            clause.used.update(
                at
                for at, one in enumerate(clause.words)
                if one in SENSES and SENSES[one].quality in {"padding", "size"}
            )
            return Crop()
        case "centre":
            if word == "centre" and _is_whereabouts(clause, index):
                return None
            return Centre() if word not in _MIDDLE_FILLER or _is_placing(clause, index) else None
        case "square":
            return Square()
        case "rotate":
            return _rotation(clause, word)
        case "flip":
            is_vertical = clause.has(_VERTICAL)
            return Flip(axis="vertical" if is_vertical else "horizontal")
        case _:
            clause.used.update(
                at
                for at, one in enumerate(clause.words)
                if one in SENSES and SENSES[one].quality == "size"
            )
            return Upscale(factor=_factor(clause))


def _is_whereabouts(clause: Clause, index: int) -> bool:
    """Say whether "in the middle" only says which part: "make the text in the middle bolder"."""
    noun = clause.before(index)
    is_part = noun in words_of.TEXTS | words_of.PARTS or len(noun) == 1
    return is_part and (
        any(
            one in SENSES or colour_of(one) is not None
            for at, one in enumerate(clause.words)
            if at != index
        )
        or len(clause.words) > _WHEREABOUTS_MAX
    )


def _is_placing(clause: Clause, index: int) -> bool:
    if clause.words[index] in {"centre", "center"}:
        return clause.before(index) not in {"the", "of"} or clause.before(index, 2) in {"in", "to"}
    return clause.before(index) in {"the", "more", ""} or bool(
        {"in", "to", "exact"} & set(clause.words[max(0, index - 3) : index])
    )


def _rotation(clause: Clause, word: str) -> Rotate | None:
    numbers = [number for one in clause.words if (number := number_at(one)) is not None]
    if word in _DEGREES and not numbers:
        return None
    if "upsidedown" in clause.words and not numbers:
        return Rotate(degrees=180.0)
    if clause.mood.complains and not clause.mood.wishes and not numbers:
        # "It is tilted" does not say by how much to turn it back.
        return None
    sign = -1.0 if clause.has(_LEFT) else 1.0
    if numbers:
        return Rotate(degrees=sign * min(numbers[0], _TURN_DEGREES_MAX))
    if clause.has(_SOME) and clause.has(_DEGREES):
        return Rotate(degrees=sign * _TILT_DEGREES / 2)
    is_tilt = word.startswith(("tilt", "twist"))
    if not is_tilt and "quarterturn" not in clause.words and amount_in(clause) >= 1:
        return Rotate(degrees=sign * 90.0)
    if "quarterturn" in clause.words:
        return Rotate(degrees=sign * 90.0)
    return Rotate(degrees=sign * _TILT_DEGREES * min(amount_in(clause), 2.0))


def _factor(clause: Clause) -> float:
    for index, word in enumerate(clause.words):
        number = number_at(word)
        following = clause.after(index)
        is_told = _is_factor(clause, index)
        if number is None and word in words_of.NUMBERS and (is_told or following == "times"):
            number = float(words_of.NUMBERS[word])
        if number is None or (number > _FACTOR_TOLD_MAX and following != "%"):
            continue
        if following in {"x", "times", "\u00d7", "fold"} or is_told:
            return min(max(number, _FACTOR_MIN), _FACTOR_MAX)
        if following == "%":
            factor = number / _PERCENT if number >= _PERCENT else 1 + number / _PERCENT
            return min(max(factor, _FACTOR_MIN), _FACTOR_MAX)
    for word, factor in (
        ("twice", 2.0),
        ("double", 2.0),
        ("triple", 3.0),
        ("thrice", 3.0),
        ("quadruple", 4.0),
    ):
        if word in clause.words:
            return factor
    if "4k" in clause.words or ("x" in clause.words and "4" in clause.words):
        return _FACTOR_MAX
    return _FACTOR_DEFAULT


def _is_factor(clause: Clause, index: int) -> bool:
    """Say whether a number is how many times as large: "by 3", "by a factor of 3"."""
    before = clause.before(index), clause.before(index, 2)
    is_told = before[0] == "by" or before == ("of", "factor")
    return is_told and clause.after(index) not in _PIXELS | {"%"}


def _read_side(clause: Clause, reading: Reading) -> None:
    """Read "make it 4000 pixels wide", said of the whole; how wide a border is, is another matter.

    A clause with any other word in it may say something else.
    """
    places = [
        at
        for at, word in enumerate(clause.words)
        if word.isdecimal()
        and _SIDE_TOLD_MIN <= int(word) <= _SIDE_TOLD_MAX
        and clause.after(at) in _PIXELS
        and clause.after(at, 2) in _EXTENTS
    ]
    if len(places) != 1 or clause.used or clause.referent is not None:
        return
    if any(isinstance(wish.operation, _DRAWN) for wish in reading.wishes):
        # "Add a border and make it 400 pixels wide"
        return
    named = range(places[0], places[0] + 3)
    if not all(at in named or word in _OF_THE_WHOLE for at, word in enumerate(clause.words)):
        return
    clause.used.update(named)
    if clause.mood.forbids or clause.mood.guards or clause.mood.keeps:
        reading.refuse(clause, ASKED_NOT_TO)
    else:
        reading.wish(clause, Upscale(factor=_FACTOR_DEFAULT))


def _read_size(clause: Clause, reading: Reading) -> None:
    places = [
        at
        for at, word in enumerate(clause.words)
        if word in SENSES and SENSES[word].quality == "size" and at not in clause.used
    ]
    scales = [
        at
        for at in range(len(clause.words))
        if clause.after(at) in {"x", "times"} and _is_number(clause, at)
    ]
    scales += clause.find(_MULTIPLES) if places else []
    if scales and not places and not clause.has(words_of.NEGATED):
        clause.used.update(scales)
        reading.wish(clause, Upscale(factor=_factor(clause)))
        return
    if not places or clause.has(words_of.EDGES_EMPTY):
        return
    clause.used.update(places)
    direction = direction_of(clause, places[0])
    if direction == 0:
        if clause.mood.forbids or clause.mood.guards:
            reading.refuse(clause, ASKED_NOT_TO)
        return
    is_of_file = bool(scales) or _is_of_file(clause) or _is_by_share(clause)
    _resize(clause, SENSES[clause.words[places[0]]], direction, reading, is_of_file=is_of_file)


def _resize(
    clause: Clause, sense: Sense, direction: int, reading: Reading, *, is_of_file: bool
) -> None:
    """Note that the file or what is in it is to be larger or smaller."""
    if clause.has(words_of.TEXTS) or clause.area == "text":
        reading.refuse(clause, words_of.LETTERS_ANEW)
    elif clause.has(words_of.FOREGROUNDS):
        reading.refuse(clause, words_of.PARTS_MOVED)
    elif direction > 0 and is_of_file:
        reading.wish(clause, Upscale(factor=_factor(clause)))
    elif clause.has(MEDIA):
        # "Too small for the banner" speaks of pixels, and never of margins.
        if direction > 0:
            reading.wish(clause, Upscale(factor=_factor(clause)))
    elif sense.form == "plain" and not (clause.mood.too or clause.mood.lacks):
        return
    else:
        reading.wish(clause, Padding(amount=-direction * amount_in(clause)))


def _is_number(clause: Clause, at: int) -> bool:
    """Say whether a word is a number before "times": written out, it may also count requests."""
    word = clause.words[at]
    is_size = clause.after(at, 2) in {"the", "as", "its", "bigger", "larger"}
    return number_at(word) is not None or (word in words_of.NUMBERS and is_size)


def _is_of_file(clause: Clause) -> bool:
    """Say whether it is the file that is to be bigger, not the logo within it."""
    places = clause.find(_FILES)
    is_version = any(
        word in SENSES
        and SENSES[word].quality == "size"
        and clause.before(at) == "a"
        and clause.after(at) in {"", "version", "copy"}
        for at, word in enumerate(clause.words)
    )
    return is_version or any(not _WITHIN & {*clause.words[max(0, at - 2) : at]} for at in places)


def _is_by_share(clause: Clause) -> bool:
    """Say whether something is to be enlarged by a share: "enlarge it by 50%"."""
    return not clause.has(_WITHIN) and any(
        word in {"by", "to"} and number_at(clause.after(at)) and clause.after(at, 2) == "%"
        for at, word in enumerate(clause.words)
    )


def _is_negative(clause: Clause) -> bool:
    """Say whether a number in a clause says less: "margins: -10"."""
    return any(
        (word[0] == "-" and word[-1].isdecimal())
        or (word == "-" and clause.after(at)[:1].isdecimal())
        for at, word in enumerate(clause.words)
    )


def _is_compared(clause: Clause) -> bool:
    return any(
        word in SENSES and SENSES[word].form == "explicit" and SENSES[word].quality != "padding"
        for word in clause.words
    )


def _margin_places(clause: Clause) -> list[int]:
    """Return where a clause names its margins."""
    return [
        at
        for at, word in enumerate(clause.words)
        if word in SENSES
        and SENSES[word].quality == "padding"
        and at not in clause.used
        and SENSES[word].form == "noun"
        and "for" not in clause.words[max(0, at - 3) : at]
    ]


def _read_margins(clause: Clause, places: list[int], reading: Reading) -> None:
    clause.used.update(places)
    clause.used.update(
        at
        for at, word in enumerate(clause.words)
        if word in SENSES and SENSES[word].quality in {"size", "weight", "padding"}
    )
    clause.used.update(at for at, word in enumerate(clause.words) if word in {"white", "black"})
    mood = clause.mood
    if _LEAVING & set(clause.words[: places[0]]) and clause.has(_ARTICLES | {"slightly"}):
        # "Leave a small margin" keeps none that is there.
        mood = msgspec.structs.replace(mood, keeps=False, adds=True)
    word = clause.words[places[0]]
    sizes = [
        SENSES[one].direction
        for one in clause.words
        if one in SENSES and SENSES[one].quality in {"size", "weight"}
    ]
    keeps = mood.keeps and not (mood.adds or mood.up)
    is_told = mood.complains and not mood.wishes
    if keeps and not (mood.forbids or mood.guards):
        reading.refuse(clause, _MARGINS_KEPT)
    elif mood.guards or (mood.forbids and not mood.lacks):
        reading.refuse(clause, ASKED_NOT_TO)
    elif mood.removes and not mood.adds:
        reading.wish(clause, Crop())
    elif mood.too or (mood.down and not mood.lacks) or _is_negative(clause):
        way = -1.0 if not sizes or sizes[0] > 0 else 1.0
        reading.wish(clause, Padding(amount=way * amount_in(clause)))
    elif sizes and mood.adds and not _is_compared(clause):
        # "Add a small margin"
        reading.wish(clause, Padding(amount=amount_in(clause)))
    elif sizes:
        turned = -1 if mood.complains and not mood.wishes else 1
        reading.wish(clause, Padding(amount=turned * sizes[0] * amount_in(clause)))
    elif (
        mood.up
        or mood.adds
        or mood.lacks
        or (word.startswith("breathing") and not is_told)
        or "let" in clause.words
    ) or (clause.has(_AROUND) and len(clause.words) <= _BARE_MAX and not clause.has(_TURNERS)):
        reading.wish(clause, Padding(amount=amount_in(clause)))
