"""Says which way a verb and its particle move what they name, before the grammar reads on.

"Knock the contrast back" and "saturation back a touch" lessen, "open up the margins" widens. A verb
whose way is not sure for what it names ("dial in the contrast") leaves the clause not understood:
a noun beside a verb that nobody has read would otherwise count as asked for.
"""

from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.sentences import SENTENCE_ENDS, word_at
from services.refinement.engines.local.language.spelling import is_known
from services.refinement.engines.local.language.tokens import Token, colour_of

UNCLEAR: Final = "unclear"
_MARKS: Final = SENTENCE_ENDS | {",", ":", "(", ")", "->"}
# What an order may follow; "they lose contrast" is a complaint.
_BEFORE_ORDER: Final = _MARKS | words(
    "please and then also just but to now or maybe lets let so well ok not never without by "
    "should must & + only could can would"
)
_ASKED: Final = words("can could would will should please")
_SEEMING: Final = words("seems seem tends tend starts start begins begin appears appear going")

_RAISING: Final = words(
    "strengthen intensify beef heighten hike boost raise lift pump amp jack amplify bolster fatten "
    "bulk thicken liven build juice enrich push"
)
_LOWERING: Final = words(
    "drop trim shave mute soften dull slash halve drain sap skim slim chop dock quieten quiet "
    "squash compress weaken simplify thin thinner whittle mellow cut tonedown dampen subdue "
    "sand blunt deaden prune dilute lighten lose ditch kill strip remove shed bin scrap nix shrink "
    "cool flatten curb tame fade crop"
)
_REMOVING: Final = words("drop lose ditch kill strip remove cut bin scrap nix shed")
_MOVING: Final = words(
    "dial rein wind push pull walk move hold knock take bring ease back bump ramp crank turn nudge "
    "draw step roll edge tick kick notch scale row reel throttle suck slide put set get keep tone "
    "pump jack amp up drop cut let give cool go"
)
# Without a particle these say no way at all.
_AIMLESS: Final = words(
    "dial rein wind walk hold draw step roll edge tick notch row reel throttle suck slide squash "
    "pull take knock nudge play work polish review check tackle sort address handle match balance "
    "even fiddle juggle watch mind attack crush clamp move relax"
)
_NARROWING: Final = words("tighten squeeze close narrow compress shrink pinch slim shave slash")
_WIDENING: Final = words("loosen open widen expand extend broaden spread grow stretch")
_VERBS: Final = _RAISING | _LOWERING | _MOVING | _AIMLESS | _NARROWING | _WIDENING
_UNSURE_OF_MARGINS: Final = words(
    "ease relax lift lighten soften mute flatten cool drain fade simplify"
)
_PULLING: Final = words("pull rein reel draw bring push squeeze suck take move close")
_PUSHING: Final = words("push let move pull bring ease open spread")
_EXTRACTING: Final = words("take suck drain draw pull ease")

_BACKWARD: Final = words("back down off away under")
_FORWARD: Final = words("up upwards")
_PARTICLES: Final = _BACKWARD | _FORWARD | words("in out")
_AMOUNTS: Final = (
    words_of.SLIGHT
    | words_of.STRONG
    | words("a an way right of about by just all % the little one two three four notches percent")
)
_BETWEEN: Final = (
    _AMOUNTS
    | _PARTICLES
    | words_of.COLOUR_NOUNS
    | words_of.TEXTS
    | words_of.BACKGROUNDS
    | words(
        "on the its this that our my your some overall general whole all any more less too with "
        "up these those current"
    )
)
_RETURNING: Final = words("bring put get give")
# The grammar itself reads these.
_RAISED: Final = words_of.MORE - words(
    "more higher extra additional stronger greater high heavier maximum add adds adding added"
)
_LOWERED: Final = words_of.LESS - words("less fewer low smaller lesser")
_READ: Final = _RAISED | _LOWERED
_BETWEEN_MAX: Final = 6
_AFTER_MAX: Final = 5
_WEIGHTS: Final = {"boldtext": "text", "strokeweight": "lines", "thickness": "lines"}
_QUALITIES: Final = words("lightness saturation warmth contrast padding roundness sharpness pop")
_DRAWN: Final = words("shadow shadows gradient gradients detail details detailing")
_LINES: Final = words("lines line strokes stroke outline outlines border borders frame")
_WEIGHING: Final = words("thin thinner slim fatten beef bulk thicken strengthen lighten")
_TOUCHING_UP: Final = words("soften mute lighten dull subdue cool quieten fade flatten mellow cut")
_CUTTING: Final = words("trim crop shave chop dock halve slash prune shrink tighten squeeze")
_SOME: Final = words("some bit little touch tad of hair")


def with_plain_verbs(tokens: Sequence[Token]) -> list[Token]:
    """Return the words with what raises or lowers a quality put as "increase" or "dampen"."""
    left = [
        token._replace(word="up")
        if token.word == "increase" and word_at(tokens, at - 1) in _VERBS
        else token
        for at, token in enumerate(tokens)
    ]
    at = 0
    while at < len(left):
        noun = _noun_after(left, at)
        if noun is not None and not _is_measured(left[noun].word):
            _put_thing_plainly(left, at, noun)
        elif noun is not None:
            at = _put_plainly(left, at, noun)
        elif _is_measured(left[at].word) and _opens(left, at):
            at = _put_fragment_plainly(left, at)
        at += 1
    return left


def _is_measured(word: str) -> bool:
    sense = SENSES.get(word)
    return word in _WEIGHTS or (
        sense is not None and sense.form == "noun" and sense.quality in _QUALITIES
    )


def _is_margin(word: str) -> bool:
    return word in SENSES and SENSES[word].quality == "padding"


def _opens(tokens: Sequence[Token], at: int) -> bool:
    before = at - 1
    while before >= 0 and tokens[before].word in {"the", "its", "our"}:
        before -= 1
    return before < 0 or tokens[before].word in _MARKS | {"and", "but", "then", "&"}


def _noun_after(tokens: Sequence[Token], at: int) -> int | None:
    """Return where the quality is that a verb here is about, or None where none is ordered."""
    verb, before = tokens[at].word, word_at(tokens, at - 1)
    is_verb = verb in _READ | _VERBS
    is_strange = verb.isalpha() and not is_known(verb) and colour_of(verb) is None
    if not (is_verb or is_strange) or _is_measured(verb):
        return None
    is_ordered = not before or before in _BEFORE_ORDER
    if before in {"you", "we", "i"}:
        is_ordered = word_at(tokens, at - 2) in _ASKED
    if before == "to" and word_at(tokens, at - 2) in _SEEMING:
        return None
    if not is_ordered:
        return None
    for noun in range(at + 1, min(at + _BETWEEN_MAX + 2, len(tokens))):
        word = tokens[noun].word
        if word in _DRAWN | _LINES | {"corners", "colours", "colors"}:
            return noun if word_at(tokens, noun + 1) not in _DRAWN | _LINES else None
        if _is_measured(word):
            is_next = word_at(tokens, noun + 1)
            return None if _is_measured(is_next) else noun
        if word not in _BETWEEN and colour_of(word) is None and not word.isdecimal():
            return None
    return None


def _particle(tokens: Sequence[Token], verb: int, noun: int) -> int | None:
    """Return where the particle of a verb is: right behind it, or behind what it is about."""
    if word_at(tokens, verb + 1) in _PARTICLES:
        return verb + 1
    for at in range(noun + 1, min(noun + _AFTER_MAX, len(tokens))):
        word = tokens[at].word
        if word in _PARTICLES:
            ahead = word_at(tokens, at + 1)
            is_of_verb = word != "in" or not ahead or ahead in _BEFORE_ORDER | _AMOUNTS
            # "Put a shadow under everything" says where, and lowers nothing.
            return at if is_of_verb and word != "under" else None
        if word not in _AMOUNTS and not word.isdecimal():
            return None
    return None


def _put_thing_plainly(left: list[Token], at: int, noun: int) -> None:
    """Put an order about a shadow, line or detail plainly where its way is not the verb's own."""
    verb, name = left[at].word, left[noun].word
    place = _particle(left, at, noun)
    particle = left[place].word if place is not None else ""
    is_drawn = name in _DRAWN
    is_touched_up = is_drawn and verb in _TOUCHING_UP - {"cut"} and not particle
    is_lowered = is_drawn and _way(verb, particle, name) < 0 and verb not in _READ | _REMOVING
    is_fitted = verb in _NARROWING | _WIDENING and verb not in _WEIGHING
    if name in words_of.COLOUR_NOUNS and verb in _MOVING and particle in _BACKWARD:
        left[at] = left[at]._replace(word="dampen")
    elif (verb in _CUTTING and not is_drawn) or is_touched_up:
        _leave_unclear(left, at, noun)
    elif is_lowered:
        left[at] = left[at]._replace(word="dampen")
        if place is not None:
            left[place] = left[place]._replace(word="the")
    elif is_fitted or (is_drawn and verb in _WEIGHING | _AIMLESS):
        _leave_unclear(left, at, noun)


def _leave_unclear(left: list[Token], at: int, noun: int) -> None:
    left[at] = left[at]._replace(word=UNCLEAR)
    left[noun] = left[noun]._replace(word=UNCLEAR)


def _way(verb: str, particle: str, noun: str) -> int:
    """Return 1 or -1 for what a verb does to a quality, 0 where that is not sure."""
    way = _way_of_margin(verb, particle) if _is_margin(noun) else None
    if way is not None:
        return way
    if verb in _RETURNING and particle == "back":
        return 1
    if verb in _MOVING and particle in _BACKWARD | _FORWARD:
        return 1 if particle in _FORWARD else -1
    if particle == "out":
        return -1 if verb in _EXTRACTING | _LOWERING else 0
    if particle == "in" and verb != "dial":
        return -1 if verb in _PULLING | _LOWERING else 0
    if verb in _RAISING | _RAISED and particle not in _BACKWARD:
        return 1
    return -1 if verb in _LOWERING | _LOWERED and particle not in _FORWARD else 0


def _way_of_margin(verb: str, particle: str) -> int | None:
    if verb in _NARROWING or (particle == "in" and verb in _PULLING):
        return -1
    if verb in _WIDENING or (particle == "out" and verb in _PUSHING):
        return 1
    if verb in _UNSURE_OF_MARGINS and particle not in {"up", "down", "back", "off"}:
        return 0
    return None


def _put_plainly(left: list[Token], at: int, noun: int) -> int:
    """Put one order plainly; return where its noun is then."""
    verb, name = left[at].word, left[noun].word
    place = _particle(left, at, noun)
    particle = left[place].word if place is not None else ""
    if not particle and verb in _MOVING - (_AIMLESS | _RAISING | _LOWERING | _READ):
        return noun
    if verb == "give" or (verb == "cool" and name == "warmth" and not particle):
        return noun
    if _is_margin(name) and verb in {"crop", "trim"}:
        return noun
    takes_some = bool(_SOME & {one.word for one in left[at + 1 : noun]})
    if _is_margin(name) and verb in _REMOVING and not takes_some and particle in {"", "out", "off"}:
        left[at] = left[at]._replace(word="remove")
        return noun
    way = _way(verb, particle, name)
    if way == 0:
        _leave_unclear(left, at, noun)
        return noun
    for some in range(at + 1, noun):
        if left[some].word in {"some", "more"}:
            left[some] = left[some]._replace(word="the")
    if place is not None:
        left[place] = left[place]._replace(word="the")
    left[at] = left[at]._replace(word="increase" if way > 0 else "dampen")
    return _with_weight(left, at, noun, way)


def _with_weight(left: list[Token], at: int, noun: int, way: int) -> int:
    """Let more or less weight of strokes be thicker or thinner lines."""
    name = left[noun].word
    if name not in _WEIGHTS or way == 0:
        return noun
    end = left[noun].end
    left[at] = left[at]._replace(word="make")
    left[noun] = left[noun]._replace(word=_WEIGHTS[name])
    left.insert(noun + 1, Token("thicker" if way > 0 else "thinner", end, end))
    return noun + 1


def _put_fragment_plainly(left: list[Token], noun: int) -> int:
    """Put "saturation back a touch" as an order; return where its noun is then."""
    place = _particle(left, noun, noun)
    if place is None:
        return noun
    particle = left[place].word
    following = word_at(left, place + 1)
    ends = not following or following in _BEFORE_ORDER | _AMOUNTS or following[0].isdecimal()
    is_kept = particle in _FORWARD or following in _FORWARD
    if is_kept or not ends:
        return noun
    way = _way("take", particle, left[noun].word)
    if way >= 0 or particle in {"in", "out"}:
        left[noun] = left[noun]._replace(word=UNCLEAR)
        return noun
    left[place] = left[place]._replace(word="the")
    start = left[noun].start
    left.insert(noun, Token("dampen", start, start))
    return _with_weight(left, noun, noun + 1, way)
