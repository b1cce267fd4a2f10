"""Says what "it" and "them" stand for, and what a clause goes on with from the one before."""

from typing import Final

import msgspec

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import NOUN_KINDS, SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.licence import is_praise, licence_of
from services.refinement.engines.local.language.moods import mood_of
from services.refinement.engines.local.language.quantities import names_the_whole
from services.refinement.engines.local.language.sentence_kinds import Licence
from services.refinement.engines.local.language.tokens import colour_of
from services.refinement.engines.local.language.wishes import Reading, Wish
from services.refinement.engines.local.named_colours import family_of
from services.refinement.engines.local.operations import Lightness, Saturation, Warmth, Weight

_THINGS: Final = (
    *(words_of.SHADOWS, words_of.GRADIENTS),
    *(words_of.OUTLINES, words_of.BORDERS),
)
_SPOKEN_OF: Final = (*_THINGS, frozenset(NOUN_KINDS))
_POINTING: Final = frozenset({"that", "this"})
_ENDING_REPLACED: Final = frozenset({"for", "on", "in", "please", "and"})
_TRANSPARENT: Final = frozenset({"transparent"})
_PEOPLE_DO: Final = tuple(
    (verb,)
    for verb in ("please", "would", "want", "like", "think", "said", "prefer", "love", "asked")
)
_SEVERAL: Final = frozenset({"they", "them", "these", "those"})
_HAVING: Final = frozenset({"has", "have", "had", "there", "thereis", "shows", "got", "see"})
_COMING: Final = frozenset({"comes", "came"})
_ARTICLES: Final = frozenset({"a", "an", "some", "the"})
_PRONOUNS: Final = frozenset({"it", "they", "them", "its"})


class Context(msgspec.Struct, kw_only=True):
    """What has been said before a clause: in the last one, and last about a part or a thing.

    `about` is the last clause that was read, `named` the colours that were named last.
    """

    previous: Clause | None = None
    idle: Clause | None = None
    spoken: Clause | None = None
    about: Clause | None = None
    named: tuple[str, ...] = ()


def relate(clause: Clause, context: Context) -> None:
    """Give a clause its licence and what it takes over from the ones before."""
    clause.licence = licence_of(clause)
    if context.previous is not None and _goes_on_idly(context.previous, clause):
        clause.licence = context.previous.licence
    if context.previous is not None and _is_of_line(context.previous, clause):
        clause.licence = Licence.CONTEXT
    if _has_none(clause):
        is_quality = any(word in SENSES for word in clause.words)
        rest = tuple(word for word in clause.words if word != "no")
        clause.mood = mood_of(("lacks", *rest) if is_quality else rest)
    if _has_still(clause):
        clause.mood = msgspec.structs.replace(clause.mood, removes=True)
    clause.named = context.named
    named = tuple(dict.fromkeys(name for word in clause.words if (name := colour_of(word))))
    if named:
        context.named = named
    context.previous = clause
    _refer_to_thing(clause, context.spoken)
    if clause.licence is Licence.ORDER and not clause.mood.wishes:
        clause.mood = msgspec.structs.replace(clause.mood, wishes=True)


def refer(clause: Clause, context: Context, reading: Reading) -> None:
    """Let the pronouns of a clause stand for parts named before."""
    _refer(clause, context.idle, reading)
    _refer_to_parts(clause, context.spoken)
    _leave_out_replaced(clause)


def remember(clause: Clause, context: Context, *, is_idle: bool) -> None:
    """Note what a clause was about."""
    is_told = not is_idle or clause.licence is not Licence.FRAGMENT
    if clause.area is not None or clause.has(*_SPOKEN_OF) or (is_told and _is_coloured(clause)):
        context.spoken = clause
    context.idle = clause if is_idle else None


def drop_repeated(clause: Clause, reading: Reading, known: int) -> None:
    """Drop what "it" says again of a part: "the green is too dark, could you lighten it"."""
    if not clause.has(_PRONOUNS):
        return
    before, own = reading.wishes[:known], reading.wishes[known:]
    reading.understood += len(own)
    reading.wishes[known:] = [
        wish for wish in own if not any(_says_again(wish, earlier) for earlier in before)
    ]


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


def _goes_on_idly(previous: Clause, clause: Clause) -> bool:
    """Say whether a clause only goes on with what is told: "it was faded | and brownish"."""
    if clause.words[0] == "with" and clause.licence is Licence.FRAGMENT:
        # "I saw one | with a gold border", "the logo comes | with a frame"
        return previous.licence.is_idle or bool(_COMING & set(previous.words))
    if _names_another(previous, clause):
        return True
    if not previous.licence.is_idle or clause.joined not in {"and", "&", "or", "nor", "("}:
        return False
    compares = any(word in SENSES and SENSES[word].form == "explicit" for word in clause.words)
    is_bare = clause.licence is Licence.FRAGMENT or (
        clause.licence is Licence.COMPLAINT and not clause.has(words_of.COMPLAINING)
    )
    return is_bare and not compares and "too" not in clause.words


def _names_another(previous: Clause, clause: Clause) -> bool:
    """Say whether a clause names another thing that is there: "it has a glow | and a frame"."""
    return (
        previous.licence in {Licence.STATEMENT, Licence.COMPLAINT}
        and (previous.has(_HAVING) or previous.words[0] == "with")
        and not (previous.mood.wishes or previous.mood.lacks)
        and clause.licence is Licence.FRAGMENT
        and clause.joined in {"and", "&", ","}
        and clause.words[0] in _ARTICLES
    )


def _is_of_line(previous: Clause, clause: Clause) -> bool:
    """Say whether a colour is for a line that is there: "the border is red | should be gold"."""
    return (
        clause.words[0] in {"should", "must"}
        and _is_coloured(clause)
        and clause.area is None
        and previous.licence in {Licence.STATEMENT, Licence.COMPLAINT}
        and previous.has(*_THINGS)
    )


def _has_none(clause: Clause) -> bool:
    """Say whether a clause tells what there is not: "the logo has no contrast"."""
    return clause.licence in {Licence.STATEMENT, Licence.COMPLAINT} and any(
        word in {"has", "have"} and clause.after(at) == "no" for at, word in enumerate(clause.words)
    )


def _has_still(clause: Clause) -> bool:
    """Say whether a clause complains that something is still there: "it still has a shadow"."""
    return (
        clause.licence in {Licence.STATEMENT, Licence.COMPLAINT}
        and "still" in clause.words
        and clause.has(_HAVING)
        and clause.has(words_of.SHADOWS, words_of.GRADIENTS)
        and not (clause.mood.forbids or clause.mood.wishes or clause.mood.keeps)
    )


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
    is_praised = spoken.mood.keeps or is_praise(spoken)
    is_bare = clause.words[0] == "too" or (
        is_praised and all(word in SENSES or word in words_of.SLIGHT for word in clause.words)
    )
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
    if not clause.has(_PRONOUNS):
        if _is_rejected(spoken) and _is_coloured(clause) and not names_the_whole(clause):
            # "The black background isn't working, try white"
            family = _family_in(spoken)
            if family is None or family != _family_in(clause):
                clause.area = clause.referent = spoken.area or family
        return
    if clause.words[0] in _SEVERAL and clause.words[1:2] in _PEOPLE_DO:
        # "They would like ..." are people.
        return
    likes = spoken.licence is not Licence.ORDER and is_praise(spoken)
    if clause.has(_SEVERAL) or complains or likes:
        clause.referents = frozenset(word for word in spoken.words if word in NOUN_KINDS)
        clause.area = clause.area or spoken.area
        if complains or likes:
            clause.referent = spoken.area
            family = _family_in(spoken)
            if clause.area is None and family is not None:
                clause.area = clause.referent = family


def _is_rejected(clause: Clause) -> bool:
    """Say whether a clause finds fault with the colour of a part, or forbids it."""
    mood = clause.mood
    asks_why = clause.words[0] == "why"
    is_judged = (
        asks_why
        or "hate" in clause.words
        or mood.too
        or mood.forbids
        or clause.has(words_of.JUDGING, _TRANSPARENT)
    )
    of_colour = _is_coloured(clause) or clause.has(_TRANSPARENT)
    is_hated = "hate" in clause.words
    is_said = asks_why or is_hated or mood.complains or mood.forbids or mood.too
    return is_said and is_judged and of_colour


def _says_again(wish: Wish, earlier: Wish) -> bool:
    one, other = wish.operation, earlier.operation
    if not isinstance(one, Lightness | Saturation | Warmth | Weight) or type(one) is not type(
        other
    ):
        return False
    return one.scope is None and one.amount * getattr(other, "amount", 0.0) > 0


def _is_coloured(clause: Clause) -> bool:
    return clause.has(words_of.COLOUR_NOUNS) or any(colour_of(word) for word in clause.words)


def _family_in(clause: Clause) -> str | None:
    """Return the family of the one colour that a clause names."""
    names = {family_of(name) for word in clause.words if (name := colour_of(word)) is not None}
    return names.pop() if len(names) == 1 else None
