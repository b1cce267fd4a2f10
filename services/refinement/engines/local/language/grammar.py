"""Reads a prompt: tokens to clauses, clauses to wishes.

The grammar is direction x attribute x scope, clause by clause, each kind of wish in its own module,
the most specific first: what one has read is accounted for, and the next does not see it. Getting a
direction wrong is worse than missing a wish: what is negated, complained about or asked to go never
becomes its opposite.
"""

import itertools
from collections.abc import Sequence
from typing import Final

import msgspec

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import NOUN_KINDS, SENSES
from services.refinement.engines.local.language.beyond import read_unsupported
from services.refinement.engines.local.language.canvas_wishes import read_canvas
from services.refinement.engines.local.language.clauses import Clause, clauses_of, mood_of
from services.refinement.engines.local.language.colour_wishes import read_colours
from services.refinement.engines.local.language.keeping import read_exception, read_keeping
from services.refinement.engines.local.language.licence import licence_of
from services.refinement.engines.local.language.sentence_kinds import Licence
from services.refinement.engines.local.language.ordinary_words import FILLER, FOREIGN
from services.refinement.engines.local.language.quality_wishes import read_qualities
from services.refinement.engines.local.language.quantities import (
    amount_in,
    area_of,
    names_area_first,
    names_the_whole,
)
from services.refinement.engines.local.language.spelling import is_known
from services.refinement.engines.local.language.things import read_things
from services.refinement.engines.local.language.tokens import Token, colour_of, tokens_of
from services.refinement.engines.local.language.treatments import (
    has_wish,
    read_looks,
    read_styles,
    read_theme,
)
from services.refinement.engines.local.language.wishes import Reading, Wish
from services.refinement.engines.local.named_colours import FAMILIES, family_of
from services.refinement.engines.local.operations import (
    Background,
    Border,
    Contrast,
    Duotone,
    Flip,
    Lightness,
    LimitColours,
    Look,
    Monochrome,
    Operation,
    Outline,
    Recolour,
    Replace,
    Saturation,
    Shades,
    Shadow,
    Sharpness,
    Square,
    Warmth,
    Weight,
)

_FOREIGN_WORDS_MIN: Final = 2


_KNOWN_PART_MIN: Final = 0.4


_UNMATCHED_LENGTH_MAX: Final = 200


_ASKING: Final = frozenset({"what", "which", "who", "when", "where", "how"})


_SUBJECTS: Final = frozenset({"i", "we", "they", "clients", "everyone"})


_LIKING: Final = frozenset({"love", "like", "enjoy", "liked", "loved", "likes", "loves"})


_APPROVING: Final = words_of.PRAISING - _LIKING - {"pretty", "cool", "fine", "happy", "enjoy"}


# What only an order or a fragment of one asks for by naming it.
_MENTIONED: Final = (
    *(Recolour, Background, Monochrome, Duotone, Look, Shadow, Border, Outline, Replace),
    *(Square, Flip),
)


# How much less of a colour it is to be where it is to go.
_REMOVAL: Final = -2.0
_REMEDIES: Final = (
    *(Recolour, Background, Monochrome, Duotone, Replace, Outline, Shades),
    *(Lightness, Weight, Contrast, Sharpness),
)
_THINGS: Final = (
    *(words_of.SHADOWS, words_of.GRADIENTS),
    *(words_of.OUTLINES, words_of.BORDERS),
)
_SPOKEN_OF: Final = (*_THINGS, frozenset(NOUN_KINDS))
# Colours with these beside them are wished for together.
_ROLES: Final = frozenset({"primary", "secondary", "accent", "accents", "main"})
_POINTING: Final = frozenset({"that", "this"})
_ENDING_REPLACED: Final = frozenset({"for", "on", "in", "please", "and"})
_SEVERAL: Final = frozenset({"they", "them", "these", "those"})
_PRONOUNS: Final = frozenset({"it", "they", "them", "its"})


_TONED_DOWN: Final = frozenset({"tonedown"})


_LIVENED: Final = frozenset({"liven"})


def read(prompt: str, theme: str = "", description: str = "") -> Reading:
    """Read a prompt.

    `theme` only says which colours "the brand's" are; `description` only which nouns name what the
    logo shows.
    """
    reading = Reading()
    tokens = tokens_of(prompt)
    if _is_foreign(tokens):
        reading.unmatched.append(" ".join(prompt.split())[:_UNMATCHED_LENGTH_MAX])
        return reading
    subjects = _subjects(description)
    if subjects:
        tokens = tuple(
            token._replace(word="icon") if token.word in subjects else token for token in tokens
        )
    clauses = clauses_of(tokens, prompt)
    _assign_areas(clauses)
    asked = prompt.rstrip().endswith("?")
    idle: Clause | None = None
    spoken: Clause | None = None
    for clause in clauses:
        before = reading.extent
        clause.licence = licence_of(clause)
        _refer_to_thing(clause, spoken)
        if clause.licence.is_idle:
            spoken = clause if clause.licence is Licence.CONDITION else spoken
            continue
        if clause.licence is Licence.ORDER and not clause.mood.wishes:
            clause.mood = msgspec.structs.replace(clause.mood, wishes=True)
        is_question = asked and clause is clauses[-1] and clause.words[0] in _ASKING
        if is_question or _is_praise(clause):
            spoken = clause
            continue
        known = len(reading.wishes)
        _refer(clause, idle, reading)
        _refer_to_parts(clause, spoken)
        if clause.area is not None or clause.has(*_SPOKEN_OF) or _is_coloured(clause):
            spoken = clause
        _leave_out_replaced(clause)
        _read_clause(clause, theme, reading)
        if not (clause.licence.grants_mentions or clause.mood.lacks):
            reading.wishes[known:] = [
                wish for wish in reading.wishes[known:] if not isinstance(wish.operation, _MENTIONED)
            ]
        _drop_repeated(clause, reading, known)
        is_idle = reading.extent == before
        if is_idle and _has_content(clause):
            reading.unmatched.append(clause.phrase)
        idle = clause if is_idle else None
    reading.wishes = _joined(reading.wishes)
    reading.wishes = _concrete(reading)
    return reading


def _concrete(reading: Reading) -> list[Wish]:
    """Leave out what only says why, or how it should feel, beside wishes that say what to do."""
    remedies = [wish for wish in reading.wishes if isinstance(wish.operation, _REMEDIES)]
    wishes = reading.wishes
    if any(wish not in reading.eased for wish in remedies):
        wishes = [wish for wish in wishes if wish not in reading.eased]
    repainted = {scope for wish in wishes for scope in _repainted_by(wish.operation)}
    wishes = [
        wish
        for wish in wishes
        if not isinstance(wish.operation, Lightness | Saturation | Warmth)
        or wish.operation.scope not in repainted
        or wish.operation.scope is None
    ]
    if any(not wish.source.startswith("style:") for wish in wishes):
        wishes = [wish for wish in wishes if not wish.source.startswith("style:")]
    return wishes


def _repainted_by(operation: Operation) -> tuple[str | None, ...]:
    """Return the part that gets a new colour, of which nothing else need be said."""
    match operation:
        case Background():
            return ("background",)
        case Recolour(scope=str() as scope):
            return (scope,)
        case Replace(source=source):
            return (source,)
        case _:
            return ()


def _is_coloured(clause: Clause) -> bool:
    return clause.has(words_of.COLOUR_NOUNS) or any(colour_of(word) for word in clause.words)


def _family_in(clause: Clause) -> str | None:
    """Return the family of the one colour that a clause names."""
    names = {family_of(name) for word in clause.words if (name := colour_of(word)) is not None}
    return names.pop() if len(names) == 1 else None


def _read_clause(clause: Clause, theme: str, reading: Reading) -> None:
    if read_exception(clause, reading):
        clause.area = area_of(clause)
    if read_keeping(clause, reading):
        return
    if read_unsupported(clause, reading):
        return
    if "onbrand" in clause.words and not clause.mood.forbids:
        read_theme(clause, theme, reading)
        return
    read_things(clause, reading)
    read_canvas(clause, reading)
    read_looks(clause, reading)
    family = read_colours(clause, reading)
    read_styles(clause, reading)
    read_qualities(clause, family, reading)
    _read_whole(clause, reading)


def _refer(clause: Clause, idle: Clause | None, reading: Reading) -> None:
    """Let "it" stand for the part that the clause before only talked about.

    "The background is ugly, make it white" is about the background.
    """
    if idle is None or idle.area is None or not clause.has(_PRONOUNS):
        return
    if clause.area is None:
        clause.area = clause.referent = idle.area
        if reading.unmatched[-1:] == [idle.phrase]:
            reading.unmatched.pop()


def _leave_out_replaced(clause: Clause) -> None:
    """Leave out what a colour of a part is wished instead of: "white text instead of black"."""
    if "insteadof" not in clause.words[1:] or clause.area not in {"text", "background"}:
        return
    start = clause.words.index("insteadof")
    end = start + 1
    while end < len(clause.words) and clause.words[end] not in _ENDING_REPLACED:
        end += 1
    if any(colour_of(word) for word in clause.words[:start]):
        clause.used.update(range(start, end))


def _refer_to_thing(clause: Clause, spoken: Clause | None) -> None:
    """Let "it" stand for a shadow or border that the clause before allows or finds fault with."""
    if spoken is None or spoken.mood.removes or spoken.mood.forbids or clause.has(*_THINGS):
        return
    groups = (*_THINGS, words_of.BACKGROUNDS) if clause.mood.removes else _THINGS
    thing = next((word for word in spoken.words if any(word in one for one in groups)), None)
    if thing is None or clause.area is not None:
        return
    if spoken.licence is Licence.CONDITION and clause.has(_PRONOUNS):
        # "If you add a border keep it thin" asks for neither.
        clause.licence = Licence.CONDITION
        return
    is_bare = clause.words[0] == "too"
    pronouns = _PRONOUNS | _POINTING if clause.mood.removes else _PRONOUNS
    is_meant = (spoken.licence is Licence.COMPLAINT or clause.mood.removes) or any(
        colour_of(word) or (word in SENSES and SENSES[word].quality == "weight")
        for word in clause.words
    )
    if is_bare or (is_meant and clause.has(pronouns)):
        clause.words = (
            (thing, "is", *clause.words)
            if is_bare
            else tuple(thing if word in pronouns else word for word in clause.words)
        )
        clause.mood = mood_of(clause.words)
        clause.licence = licence_of(clause)


def _refer_to_parts(clause: Clause, spoken: Clause | None) -> None:
    """Let "them" stand for what the last clause was about: "the letters are faint, make them bold".

    "It" is the whole logo as often as a part, so only a complaint about a part gives it a meaning.
    """
    if spoken is None or clause.area is not None:
        return
    complains = spoken.licence is Licence.COMPLAINT
    if not clause.has(_PRONOUNS) and not (
        complains and clause.joined and _is_coloured(spoken) and _is_coloured(clause)
    ):
        return
    likes = spoken.licence is not Licence.ORDER and _is_praise(spoken)
    if clause.has(_SEVERAL) or complains or likes:
        clause.referents = frozenset(word for word in spoken.words if word in NOUN_KINDS)
        clause.area = clause.area or spoken.area
        if complains or likes:
            clause.referent = spoken.area
            family = _family_in(spoken)
            if clause.area is None and family is not None:
                clause.area = clause.referent = family


def _drop_repeated(clause: Clause, reading: Reading, known: int) -> None:
    """Drop what "it" says again of a part: "the green is too dark, could you lighten it"."""
    if not clause.has(_PRONOUNS):
        return
    before, own = reading.wishes[:known], reading.wishes[known:]
    reading.understood += len(own)
    reading.wishes[known:] = [
        wish for wish in own if not any(_says_again(wish, earlier) for earlier in before)
    ]


def _says_again(wish: Wish, earlier: Wish) -> bool:
    one, other = wish.operation, earlier.operation
    if not isinstance(one, Lightness | Saturation | Warmth | Weight) or type(one) is not type(
        other
    ):
        return False
    return one.scope is None and one.amount * getattr(other, "amount", 0.0) > 0


def _assign_areas(clauses: Sequence[Clause]) -> None:
    """Give each clause the part of the logo it is about, taken over from a neighbour if need be."""
    for clause in clauses:
        clause.area = area_of(clause)
    for previous, clause in itertools.pairwise(clauses):
        if clause.joined not in {"and", "&", "or"} or not names_area_first(previous):
            continue
        if clause.area is None and previous.area is not None and _continues(clause):
            clause.area = previous.area
    for clause, following in zip(clauses[-2::-1], clauses[:0:-1], strict=False):
        is_bare = all(
            (word in SENSES and SENSES[word].form == "explicit") or word in {"please", "just"}
            for word in clause.words
        )
        is_verb = not clause.words[-1].endswith("er")
        if is_bare and is_verb and clause.area is None and following.joined in {"and", "&", ","}:
            clause.area = following.area


def _continues(clause: Clause) -> bool:
    return (
        not names_the_whole(clause)
        and not clause.has(frozenset({"make", "use", "give", "put", "add", "please", "overall"}))
        and not any(colour_of(word) for word in clause.words)
        and any(word in SENSES for word in clause.words)
    )


def _read_whole(clause: Clause, reading: Reading) -> None:
    """Read wishes that name no quality: "tone it down", "liven it up", "beef up the strokes"."""
    mood = clause.mood
    if "darkmode" in clause.words and not mood.forbids and not has_wish(clause, reading):
        reading.wish(clause, Background(colour="black"))
    if mood.forbids or mood.guards:
        return
    is_down = clause.has(_TONED_DOWN) or (
        (clause.has(frozenset({"dampen"})) or clause.has(words_of.TURNING))
        and mood.down
        and not clause.used
        and not any(word in SENSES for word in clause.words)
        and _names_only_parts(clause)
    )
    if is_down and not has_wish(clause, reading):
        reading.wish(clause, Saturation(amount=-amount_in(clause), scope=clause.area))
    if (
        clause.has(words_of.MORE)
        and clause.has(frozenset({"line", "lines", "stroke", "strokes"}))
        and (clause.has(frozenset({"increase"})) and not clause.used)
    ):
        reading.wish(clause, Weight(amount=amount_in(clause)))


def _names_only_parts(clause: Clause) -> bool:
    return all(is_known(word) or not word.isalpha() for word in clause.words)


def _joined(wishes: list[Wish]) -> list[Wish]:
    """Join wishes that say one thing together: "two colours only: navy and white"."""
    joined: list[Wish] = []
    for wish in wishes:
        previous = joined[-1].operation if joined else None
        own = wish.operation
        pair = (previous, own) if isinstance(own, Recolour) else (own, previous)
        whole = _together(*pair, wish.phrase)
        if whole is None:
            joined.append(wish)
            continue
        phrase = f"{joined[-1].phrase} {wish.phrase}"
        if joined[-1].phrase == wish.phrase:
            phrase = wish.phrase
        joined[-1] = Wish(operation=whole, phrase=phrase, source=wish.source)
    return joined


def _together(
    one: object, other: object, phrase: str
) -> Duotone | Monochrome | Replace | Recolour | None:
    if not isinstance(other, Recolour):
        return None
    colours = other.colours
    if other.scope is not None and getattr(one, "scope", None) != other.scope:
        return None
    match one:
        case Recolour(scope=None) if other.scope is None and _ROLES & set(phrase.split()):
            return Recolour(colours=tuple(dict.fromkeys((*one.colours, *colours))))
        case LimitColours(count=count) if count == len(colours) == len(("paper", "ink")):
            return Duotone(colours=(colours[0], colours[1]))
        case Saturation(amount=amount, scope=str() as family) if (
            amount <= _REMOVAL and family in FAMILIES and len(colours) == 1
        ):
            # "Get rid of the red, use teal"
            return Replace(source=family, target=colours[0])
        case Monochrome(colour=None) if len(colours) == 1:
            return Monochrome(colour=colours[0])
        case _:
            return None


def _subjects(description: str) -> frozenset[str]:
    """Return the nouns of a logo's description that may name its subject, in both numbers."""
    nouns = {
        token.word
        for token in tokens_of(description)
        if token.word.isalpha() and len(token.word) > len("of") and not is_known(token.word)
    }
    return frozenset(
        nouns | {noun + "s" for noun in nouns} | {noun.removesuffix("s") for noun in nouns}
    )


def _is_foreign(tokens: Sequence[Token]) -> bool:
    """Say whether a prompt is in another language: hardly a word of it is known."""
    words = [token.word for token in tokens if token.word.isalpha()]
    if len(words) <= _FOREIGN_WORDS_MIN:
        return False
    if sum(word in FOREIGN for word in words) >= _FOREIGN_WORDS_MIN:
        return True
    known = sum(is_known(word) or colour_of(word) is not None for word in words)
    return known < _KNOWN_PART_MIN * len(words)


def _is_praise(clause: Clause) -> bool:
    """Say whether a clause only says that something is fine as it is."""
    mood = clause.mood
    if mood.forbids or mood.lacks or mood.too or mood.up or mood.down or mood.removes:
        return False
    senses = [SENSES[word] for word in clause.words if word in SENSES]
    if any(sense.form in {"explicit", "fault"} for sense in senses):
        return False
    likes = any(
        word in _LIKING
        and clause.words[max(0, at - 2) : at]
        and set(clause.words[max(0, at - 2) : at]) & _SUBJECTS
        for at, word in enumerate(clause.words)
    ) or (clause.words[0] in {"love", "loving", "nice", "great", "lovely"} and mood.is_neutral)
    approves = mood.complains and not mood.wishes and clause.has(_APPROVING)
    return likes or approves


def _has_content(clause: Clause) -> bool:
    return any(
        word not in FILLER and not word.isdigit() and word[0].isalnum() for word in clause.words
    )
