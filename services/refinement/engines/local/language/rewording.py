"""Words what people say at length as the grammar reads it: "X dropped in favour of Y".

Each step knows one kind of sentence, and leaves out what was said against or decided otherwise.
"""

from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.changing_verbs import with_plain_verbs
from services.refinement.engines.local.language.choices import decided
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.said_before import with_what_was_said
from services.refinement.engines.local.language.sentences import (
    SENTENCE_ENDS,
    sentence_around,
    word_at,
)
from services.refinement.engines.local.language.tokens import Token, colour_of

_MARKS: Final = SENTENCE_ENDS | {",", ":", "(", ")"}
_PEOPLE: Final = words(
    "manager owner owners team director lead people department guy folks person agency police lady"
)
_THINGS: Final = words_of.SHADOWS | words_of.OUTLINES | words_of.BORDERS
_UNDRAWN: Final = words_of.SHADOWS | words_of.GRADIENTS
# "Rather than touch the background"
_FAVOURING: Final = words("is are am all be both still")
_TOUCHING: Final = words(
    "touch touching change changing alter altering changes adjust adjusting mess messing edit "
    "editing tweak tweaking modify modifying affect affecting lose losing"
)
_WHATEVER: Final = words("what whatever everything anything all")
_STATES: Final = words("is are")
_TURNING_INTO: Final = words("becomes become should must turns goes be to into go turn gets in")
_DOUBTING: Final = words(
    "indifferent not hardly doubt unsure never wonder wondering isnot whether convinced"
)
_USELESS: Final = (
    ("favours",),
    ("favors",),
    ("favour",),
    ("favor",),
    ("helping",),
    ("helps",),
    ("help",),
    ("working",),
    ("works",),
    ("work",),
    ("adding", "anything"),
    ("adds", "anything"),
    ("add", "anything"),
    ("adding", "much"),
    ("adds", "much"),
    ("add", "much"),
    ("belongs",),
    ("belong",),
    ("needed",),
    ("necessary",),
    ("unneeded",),
)
_SOFTENED: Final = words("less softer gentler creamier warmer not off dimmer")
_WHITES: Final = words("pure plain stark bright brilliant so quite as harsh than clean a bit too")
_DESCRIBING: Final = words(
    "quite very rather really fairly pretty and in a nice please slightly"
) | (words_of.SLIGHT | words_of.STRONG)
_COMPARED: Final = words("darker lighter brighter deeper paler")
_PARTS: Final = words_of.TEXTS | words_of.BACKGROUNDS | words_of.FOREGROUNDS
_REACH: Final = 6


def reworded(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the words of a prompt with some kinds of sentences put plainly."""
    left = decided(with_what_was_said(tokens))
    for step in (
        _without_doubles,
        _with_plain_up,
        _with_favoured,
        _with_whatever_becomes,
        _with_code_of_colour,
        _with_places_changed,
        _without_untouched,
        _with_described_after,
        _with_doubted,
        _with_softer_white,
        _with_known_way,
        _with_exception,
        with_plain_verbs,
    ):
        left = step(left)
    return tuple(left)


def _without_doubles(tokens: list[Token]) -> list[Token]:
    """Say a thing once that a phrase and a word beside it both say: "a square profile picture"."""
    left: list[Token] = []
    for token in tokens:
        is_double = (
            bool(left) and left[-1].word == token.word and token.word in {"square", "centre"}
        )
        if token.word.isdecimal() and left and left[-1].word == "round":
            # "Round 2 notes"
            left[-1] = left[-1]._replace(word="version")
        if token.word == "round" and left and left[-1].word in SENSES:
            # "Blurry round the edges"
            left.append(token._replace(word="around"))
        elif not is_double:
            left.append(token)
    return left


def _with_plain_up(tokens: list[Token]) -> list[Token]:
    """Let "warm up the palette" warm it, and "our brand manager" be a person."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        before = SENSES.get(word_at(tokens, at - 1))
        if token.word == "increase" and before is not None and before.form != "noun":
            left.append(token._replace(word="the"))
        elif token.word == "onbrand" and word_at(tokens, at + 1) in _PEOPLE:
            left.append(token._replace(word="our"))
        else:
            left.append(token)
    return left


def _with_favoured(tokens: list[Token]) -> list[Token]:
    """Let "the orange dropped in favour of silver" be a change, and "in favour of" a wish."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        if token.word != "infavourof":
            left.append(token)
        elif word_at(tokens, at - 1) in words_of.NEGATED:
            left.append(token._replace(word="prefer"))
        elif word_at(tokens, at - 1) in _FAVOURING:
            while left and left[-1].word in _FAVOURING:
                left.pop()
            left.append(token._replace(word="prefer"))
        else:
            before = {one.word for one in left[-_REACH:] if one.word not in _MARKS}
            ahead = [one.word for one in tokens[at + 1 : at + 4]]
            is_colour = any(colour_of(word) for word in before) and any(
                colour_of(word) for word in ahead
            )
            if is_colour:
                left.append(token._replace(word="->"))
            else:
                left += [token._replace(word=";"), token._replace(word="add")]
    return left


def _with_whatever_becomes(tokens: list[Token]) -> list[Token]:
    """Let "what is red becomes blue" change the red to blue."""
    left: list[Token] = []
    at = 0
    while at < len(tokens):
        ahead = [one.word for one in tokens[at : at + 8]]
        verb = 2 if ahead[1:2] == ["that"] or ahead[1:3] == ["now", "is"] else 1
        is_told = (
            ahead[0] in _WHATEVER
            and set(ahead[verb : verb + 1]) & _STATES
            and colour_of(ahead[verb + 1 : verb + 2][0] if ahead[verb + 1 :] else "-") is not None
        )
        if is_told:
            rest = ahead[verb + 2 :]
            becomes = next((n for n, word in enumerate(rest) if colour_of(word)), None)
            if becomes is not None and set(rest[:becomes]) & _TURNING_INTO:
                source, target = tokens[at + verb + 1], tokens[at + verb + 2 + becomes]
                left += [
                    tokens[at]._replace(word=";"),
                    tokens[at]._replace(word="change"),
                    tokens[at]._replace(word="the"),
                    source,
                    tokens[at + verb + 2]._replace(word="to"),
                    target,
                ]
                at += verb + 3 + becomes
                continue
        left.append(tokens[at])
        at += 1
    return left


def _with_code_of_colour(tokens: list[Token]) -> list[Token]:
    """Let "blue (#003366)" be one colour."""
    left: list[Token] = []
    at = 0
    while at < len(tokens):
        ahead = [one.word for one in tokens[at : at + 4]]
        is_coded = ahead[1:2] == ["("] and ahead[3:4] == [")"] and ahead[2].startswith("#")
        if is_coded and colour_of(ahead[0]) is not None:
            left.append(tokens[at + 2])
            at += 4
            continue
        left.append(tokens[at])
        at += 1
    return left


def _with_places_changed(tokens: list[Token]) -> list[Token]:
    """Let "the blue and the yellow should change places" swap the two."""
    for at, token in enumerate(tokens):
        forbids = token.word == "donttouch" and word_at(tokens, at + 1) == "places"
        if token.word != "swapsides" and not forbids:
            continue
        start, end = sentence_around(tokens, at)
        colours = [one for one in tokens[start:end] if colour_of(one.word) is not None]
        if forbids or words_of.NEGATED & {one.word for one in tokens[max(start, at - 3) : at]}:
            return [*tokens[:start], *tokens[end:]]
        if len(colours) == len(("one", "other")):
            first, second = colours
            asked = [first._replace(word="swap"), first, first._replace(word="and"), second]
            return [*tokens[:start], *asked, *tokens[end:]]
    return tokens


def _without_untouched(tokens: list[Token]) -> list[Token]:
    """Let what is to change "rather than touch the background" leave that alone."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        if token.word == "insteadof" and word_at(tokens, at + 1) in _TOUCHING and left:
            left.append(token._replace(word=";"))
        elif token.word in _TOUCHING and word_at(tokens, at - 1) == "insteadof" and at > 1:
            left.append(token._replace(word="donttouch"))
        else:
            left.append(token)
    return left


def _with_described_after(tokens: list[Token]) -> list[Token]:
    """Put adjectives before the line or shadow they follow: "a frame, black, quite thin"."""
    left = list(tokens)
    at = 0
    while at < len(left):
        if left[at].word in _THINGS and word_at(left, at + 1) not in _THINGS:
            pause = next(
                (n for n in range(at + 1, min(at + _REACH, len(left))) if left[n].word in _MARKS),
                len(left),
            )
            if not any(_describes(one.word) for one in left[at + 1 : pause]):
                at += _move_before(left, at, pause)
        at += 1
    return left


def _move_before(left: list[Token], thing: int, pause: int) -> int:
    """Move the adjectives behind a pause to before a thing; return how many."""
    moved = 0
    while pause < len(left) and left[pause].word == ",":
        end = pause + 1
        while end < len(left) and left[end].word not in _MARKS:
            end += 1
        segment = left[pause + 1 : end]
        spoken = [one.word for one in segment]
        if not spoken or not all(_describes(word) or word in _DESCRIBING for word in spoken):
            break
        if not any(_describes(word) for word in spoken):
            break
        del left[pause:end]
        own = [one for one in segment if one.word not in {"and", "in", "a", "please"}]
        place = left[thing]
        left[thing:thing] = [one._replace(start=place.start, end=place.end) for one in own]
        thing += len(own)
        pause += len(own)
        moved += len(own)
    return moved


def _describes(word: str) -> bool:
    sense = SENSES.get(word)
    return colour_of(word) is not None or (
        sense is not None
        and sense.form == "plain"
        and sense.quality
        in {"weight", "size", "fine", "soft", "bold", "lightness", "saturation", "strong"}
    )


def _with_doubted(tokens: list[Token]) -> list[Token]:
    """Let a shadow go of which somebody doubts that it helps: "not sure it does us any favours"."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        if token.word not in _UNDRAWN:
            left.append(token)
            continue
        start, end = sentence_around(tokens, at)
        before = [one.word for one in tokens[start:at]]
        after = [one.word for one in tokens[at + 1 : end] if one.word not in _MARKS]
        if (
            set(before) & _DOUBTING
            and "," not in before
            and len(after) <= _REACH
            and any(tuple(after[-len(tail) :]) == tail for tail in _USELESS)
        ):
            del left[len(left) - len(before) :]
            named = [word for word in before[-2:] if word in {"the", "this", "that", "all"}]
            left.append(token._replace(word="remove"))
            left += [token._replace(word=word) for word in named[:1]]
            return [*left, token, *tokens[end:]]
        left.append(token)
    return left


def _with_softer_white(tokens: list[Token]) -> list[Token]:
    """Let a background "less stark than pure white" be off-white."""
    for at, token in enumerate(tokens):
        if token.word != "white" or "than" not in {one.word for one in tokens[max(0, at - 3) : at]}:
            continue
        start = at
        while start and (tokens[start - 1].word in _WHITES | _SOFTENED | {"slightly", "more"}):
            start -= 1
        said = {one.word for one in tokens[start:at]}
        _, end = sentence_around(tokens, at)
        first, _ = sentence_around(tokens, at)
        is_ground = bool(words_of.BACKGROUNDS & {one.word for one in tokens[first:end]})
        if is_ground and said & _SOFTENED:
            return [*tokens[:start], token._replace(word="offwhite"), *tokens[at + 1 :]]
    return tokens


def _with_exception(tokens: list[Token]) -> list[Token]:
    """Let "everything grey but the blue" leave the blue out."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        named = at + 2 if word_at(tokens, at + 1) in {"the", "its"} else at + 1
        word, following = word_at(tokens, named), word_at(tokens, named + 1)
        start, _ = sentence_around(tokens, at)
        is_left_out = (
            token.word == "but"
            and word
            and (not following or following in _MARKS)
            and (colour_of(word) is not None or word in _PARTS)
            and {"everything", "all"} & {one.word for one in tokens[start:at]}
        )
        left.append(token._replace(word="except") if is_left_out else token)
    return left


def _with_known_way(tokens: list[Token]) -> list[Token]:
    """Let "take the teal back down" be darker, after "everyone prefers the darker teal"."""
    compared = {
        word_at(tokens, at + 1): one.word
        for at, one in enumerate(tokens)
        if one.word in _COMPARED and colour_of(word_at(tokens, at + 1) or "-") is not None
    }
    for at, token in enumerate(tokens):
        ahead = [one.word for one in tokens[at + 1 : at + 5]]
        is_turned = ahead[2:4] == ["back", "down"] or ahead[2:4] == ["back", "up"]
        if token.word in {"take", "bring"} and is_turned and ahead[1] in compared:
            back = tokens[at + 3]._replace(word=compared[ahead[1]])
            return [
                *tokens[:at],
                token._replace(word="make"),
                *tokens[at + 1 : at + 3],
                back,
                *tokens[at + 5 :],
            ]
    return tokens
