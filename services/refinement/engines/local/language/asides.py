"""Takes out of a prompt what only tells why, where or beside what: such words carry no wish.

"So it stands out on dark shirts" asks for nothing dark, "to match our green van" for nothing green,
"flip the lettering to white" mirrors nothing.
"""

import itertools
from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.parts import with_known_parts
from services.refinement.engines.local.language.tokens import Token, colour_of

_ENDS: Final = frozenset(".;!?\n:()")
_PAUSES: Final = frozenset({",", "and", "but", "&", "then"})
_SUBJECTS: Final = words("it they we people i you customers everyone the this that he she")
_DEMANDING: Final = words(
    "should must need needs want wants please make use add change remove could can would lets let "
    "more less too only not no rather try keep give put"
)
_REASONS: Final = words("because since")
_MATCHING: Final = words("match suit complement")
_MATCHING_WITH: Final = ("go", "with")
_PLACES: Final = words(
    "on against over onto for our my your their has have matching near beside in from"
)
_SURROUNDINGS: Final = words(
    "shirt shirts tshirt tshirts tee tees hoodie hoodies bag bags wall walls field fields car cars "
    "van vans truck trucks door doors uniform uniforms fabric fabrics paper papers screen screens "
    "building buildings window windows cap caps hat hats mug mugs cup cups bottle bottles box "
    "boxes packaging apron aprons jacket jackets jersey jerseys cloth clothes clothing garment "
    "garments material materials table tables floor floors room rooms surface surfaces sweater "
    "sweaters polo polos vest vests tote totes banner banners flag flags leather wood metal glass "
    "site sites website websites page pages header footer app apps feed slide slides webpage "
    "vehicle vehicles bus buses sign signs interior furniture grass sky helmet helmets"
)
_OWNERS: Final = words("shop store front company team work school office club staff delivery")
_MIRRORING: Final = words("horizontally vertically left right over upside mirrored sideways axis")
_THE: Final = frozenset({"the", "all", "a"})
_TO: Final = words("to into in")
_LOOK_AHEAD: Final = 8
_PLACED_WITHIN: Final = 2
_PURPOSE_MIN: Final = 2
_LINES: Final = words_of.BORDERS | words_of.OUTLINES
_WANTING: Final = words("want wants prefer prefers like likes")
_UNSURE: Final = frozenset({"indifferent", "idk"})
_CHOICE_MAX: Final = 4
_BARE_MAX: Final = 6
_OBJECTS: Final = words("it this that logo them")
_CAUSING: Final = words("make change want do have adjust edit the")
_REPLACED: Final = _LINES | words_of.SHADOWS | words_of.GRADIENTS
_CHANGING: Final = words("change make turn")


def without_asides(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the words of a prompt but for those of asides, and with what is only worded oddly."""
    left = list(tokens)
    for step in (
        _without_purposes,
        _without_surroundings,
        _without_likenesses,
        _without_contradicted,
        _with_recolouring,
        _with_replaced,
        _with_colour_of_line,
        _with_part_of,
        with_known_parts,
        _without_opposed,
        _without_dark_mode,
        _without_second_choice,
        _without_counted,
    ):
        left = step(left)
    return tuple(left)


def _sentence(tokens: Sequence[Token], start: int, *, pauses: bool = True) -> int:
    """Return where the run of words from a place ends: at a mark, or a pause before one."""
    at = start
    while at < len(tokens):
        word = tokens[at].word
        if word in _ENDS or (pauses and word in _PAUSES):
            break
        at += 1
    return at


def _without_purposes(tokens: list[Token]) -> list[Token]:
    """Leave out "so it stands out on dark shirts", "because the wall is dark", "to match ..."."""
    left: list[Token] = []
    at = 0
    while at < len(tokens):
        if left and left[-1].word not in _ENDS and _opens_purpose(tokens, at):
            end = _sentence(tokens, at)
            spoken = {token.word for token in tokens[at + 1 : end]}
            compares = any(
                word in SENSES and SENSES[word].form in {"explicit", "fault"} for word in spoken
            )
            if end - at > _PURPOSE_MIN and not (spoken & _DEMANDING or compares):
                at = end
                continue
        left.append(tokens[at])
        at += 1
    return left


def _opens_purpose(tokens: Sequence[Token], at: int) -> bool:
    word = tokens[at].word
    following = [token.word for token in tokens[at + 1 : at + 3]]
    if word == "so":
        if following[:1] == ["that"]:
            following = following[1:]
        is_how = at > 1 and tokens[at - 1].word in _OBJECTS and tokens[at - 2].word in _CAUSING
        return (
            bool(following) and following[0] in _SUBJECTS and not (is_how or _is_part(tokens, at))
        )
    if word in _REASONS:
        return bool(following) and following[0] != "of"
    return word == "to" and (
        (bool(following) and following[0] in _MATCHING and following[1:] != ["the"])
        or tuple(following) == _MATCHING_WITH
    )


def _is_part(tokens: Sequence[Token], at: int) -> bool:
    """Say whether what is told is about a part of the logo: "so that the text is red"."""
    ahead = {one.word for one in tokens[at + 1 : at + 4]}
    return bool(ahead & (words_of.TEXTS | words_of.BACKGROUNDS | words_of.PARTS))


def _without_surroundings(tokens: list[Token]) -> list[Token]:
    """Leave out what describes a thing that is no part of the logo: "on dark shirts"."""
    left: list[Token] = []
    describes_place = False
    for at in range(len(tokens) - 1, -1, -1):
        word = tokens[at].word
        if describes_place and at and (_describes(tokens, at) or _joins(tokens, at)):
            continue
        describes_place = (describes_place and word in _OWNERS) or (
            word in _SURROUNDINGS and _is_placed(tokens, at)
        )
        left.append(tokens[at])
    return left[::-1]


def _is_placed(tokens: Sequence[Token], at: int) -> bool:
    """Say whether a thing is where the logo stands: only adjectives are between it and "on"."""
    start = at
    while start and (
        _describes(tokens, start - 1)
        or _joins(tokens, start - 1)
        or tokens[start - 1].word in _OWNERS
    ):
        start -= 1
    return bool({one.word for one in tokens[max(0, start - _PLACED_WITHIN) : start]} & _PLACES)


def _describes(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at].word in SENSES or colour_of(tokens[at].word) is not None


def _joins(tokens: Sequence[Token], at: int) -> bool:
    """Say whether a word joins two adjectives: "dark and light paper"."""
    return (
        0 < at < len(tokens) - 1
        and tokens[at].word in {"and", "or", "&"}
        and _describes(tokens, at - 1)
        and _describes(tokens, at + 1)
    )


def _without_likenesses(tokens: list[Token]) -> list[Token]:
    """Leave out what a comparison is only likened to: "deeper, almost like rust"."""
    left: list[Token] = []
    at = 0
    while at < len(tokens):
        ahead = [token.word for token in tokens[at : at + 3]]
        if ahead[:2] in (["almost", "like"], ["nearly", "like"]) and colour_of(ahead[-1]):
            at += 3
            continue
        left.append(tokens[at])
        at += 1
    return left


def _without_contradicted(tokens: list[Token]) -> list[Token]:
    """Leave out how something is that is to be the contrary: "the thin lines should be thicker"."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        sense = SENSES.get(token.word)
        if sense is not None and sense.form == "plain" and at:
            end = min(_sentence(tokens, at), at + _LOOK_AHEAD)
            following = [SENSES[one.word] for one in tokens[at + 2 : end] if one.word in SENSES]
            before = {one.word for one in tokens[max(0, at - _PLACED_WITHIN) : at]}
            if before & {"the", "these", "those"} and any(
                one.form == "explicit"
                and one.quality == sense.quality
                and one.direction != sense.direction
                for one in following
            ):
                continue
        left.append(token)
    return left


def _with_recolouring(tokens: list[Token]) -> list[Token]:
    """Let "flip the lettering to white" be a change of colour, and no mirroring."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        if token.word in {"flip", "flipped"}:
            end = min(_sentence(tokens, at), at + _LOOK_AHEAD)
            ahead = [one.word for one in tokens[at + 1 : end]]
            coloured = [n for n, one in enumerate(ahead) if n and colour_of(one) is not None]
            becomes = any(
                ahead[n - 1] in _TO or (n == len(ahead) - 1 and ahead[n - 1] not in _THE)
                for n in coloured
            ) or any(
                one == "to" and following in SENSES for one, following in itertools.pairwise(ahead)
            )
            if _names_two(tokens, at):
                left.append(token._replace(word="swap"))
                continue
            if becomes and not _MIRRORING & set(ahead):
                left.append(token._replace(word="change"))
                continue
        left.append(token)
    return left


def _names_two(tokens: Sequence[Token], at: int) -> bool:
    """Say whether two colours change places: "flip the blue and the red"."""
    named = [one.word for one in tokens[at + 1 : at + 6] if one.word not in _THE]
    return (
        len(named) > _PURPOSE_MIN
        and named[1] in {"and", "&", "with"}
        and colour_of(named[0]) is not None
        and colour_of(named[2]) is not None
    )


def _with_replaced(tokens: list[Token]) -> list[Token]:
    """Let what something is wished instead of go: "instead of the shadow give it an outline"."""
    left: list[Token] = []
    is_flat = any(one.word == "flat" for one in tokens)
    skipped = 0
    for at, token in enumerate(tokens):
        ahead = [one.word for one in tokens[at + 1 : at + 4]]
        if at < skipped:
            continue
        if token.word == "insteadof" and _REPLACED & set(ahead) and "," in ahead:
            # "Instead of the outline, a soft shadow": what follows must not be taken away too.
            skipped = at + 2 + ahead.index(",")
            continue
        if token.word == "insteadof" and ahead[:1] and ahead[0] in SENSES and ahead[1:2] == [","]:
            # "Instead of darker, make it lighter"
            skipped = at + 3
            continue
        if token.word == "insteadof" and _REPLACED & set(ahead) and not is_flat:
            left.append(token._replace(word="remove"))
            continue
        grounded = (
            colour_of(token.word) is not None
            and len(ahead) > _PURPOSE_MIN
            and ahead[0] in words_of.BACKGROUNDS
            and ahead[1] in _CHANGING
            and ahead[2] == "it"
        )
        if not grounded:
            left.append(token)
    return left


def _with_colour_of_line(tokens: list[Token]) -> list[Token]:
    """Let a colour behind a line belong to it: "add a border, red"."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        if token.word == "," and at and tokens[at - 1].word in _LINES:
            end = _sentence(tokens, at + 1)
            if end == at + 2 and colour_of(tokens[at + 1].word) is not None:
                continue
        left.append(token)
    return left


def _with_part_of(tokens: list[Token]) -> list[Token]:
    """Let "make green of the leaf", "change black letters to white" be about what is there."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        following = [one.word for one in tokens[at + 1 : at + 3]]
        if (
            at
            and tokens[at - 1].word in _CHANGING
            and colour_of(token.word) is not None
            and (following == ["of", "the"] or set(following[:1]) & words_of.TEXTS)
        ):
            end = _sentence(tokens, at)
            is_recoloured = any(colour_of(one.word) is not None for one in tokens[at + 2 : end])
            if is_recoloured and following != ["of", "the"]:
                continue
            left.append(token._replace(word="the"))
        left.append(token)
    return left


def _without_opposed(tokens: list[Token]) -> list[Token]:
    """Leave out what the last order overrules, and a mirror that is one of colours."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        ahead = [one.word for one in tokens[at + 1 : at + 4]]
        if (
            token.word == "mirror"
            and ahead[:1] in ([","], [":"])
            and len(ahead) > 1
            and (colour_of(ahead[1]) is not None or ahead[1] in words_of.LOOKS)
        ):
            continue
        if token.word == "lets" and _is_last_choice(tokens, at):
            start = _start_of_sentence(left)
            if any(one.word in _WANTING for one in left[start:]):
                del left[start:]
        left.append(token)
    return left


def _is_last_choice(tokens: Sequence[Token], at: int) -> bool:
    """Say whether an order names a colour and nothing else: "let us try purple"."""
    end = _sentence(tokens, at)
    ahead = [one.word for one in tokens[at + 1 : end]]
    return (
        bool(ahead)
        and len(ahead) <= _CHOICE_MAX
        and ahead[0] in {"try", "go", "use", "do"}
        and colour_of(ahead[-1]) is not None
    )


def _start_of_sentence(tokens: Sequence[Token]) -> int:
    start = len(tokens)
    while start and tokens[start - 1].word not in _ENDS:
        start -= 1
    return start


def _without_dark_mode(tokens: list[Token]) -> list[Token]:
    """Leave out "for dark mode" where something is wished besides."""
    at = next((n for n, one in enumerate(tokens) if one.word == "darkmode"), None)
    if at is None or len(tokens) <= _BARE_MAX:
        return tokens
    start = next((n for n in range(max(0, at - 2), at) if tokens[n].word == "for"), None)
    return tokens if start is None else tokens[:start] + tokens[at + 1 :]


def _without_second_choice(tokens: list[Token]) -> list[Token]:
    """Leave out all but the first of colours nobody is sure of: "red or orange, not sure"."""
    left: list[Token] = []
    at = 0
    while at < len(tokens):
        ahead = [one.word for one in tokens[at : at + 4]]
        if (
            ahead[0] == "or"
            and len(ahead) > _PURPOSE_MIN
            and colour_of(ahead[1]) is not None
            and _UNSURE & set(ahead[2:])
        ):
            at += 2
            continue
        left.append(tokens[at])
        at += 1
    return left


def _without_counted(tokens: list[Token]) -> list[Token]:
    """Leave out which colour is among those counted: "max 2 colours incl. white"."""
    left: list[Token] = []
    at = 0
    while at < len(tokens):
        counted = at and tokens[at - 1].word in words_of.COLOUR_NOUNS
        if counted and tokens[at].word in {"incl", "including", "inc"}:
            end = at + 2 if [one.word for one in tokens[at + 1 : at + 2]] == ["."] else at + 1
            if end < len(tokens) and colour_of(tokens[end].word) is not None:
                at = end + 1
                continue
        left.append(tokens[at])
        at += 1
    return left
