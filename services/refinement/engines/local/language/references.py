"""Says what "it" and "them" stand for, and what a clause goes on with from the one before."""

from typing import Final

import msgspec

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import NOUN_KINDS, SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.licence import is_praise, licence_of
from services.refinement.engines.local.language.moods import mood_of
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.quantities import amount_in, names_the_whole
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
_EXCHANGING: Final = frozenset({"swap", "replace", "exchange", "substitute", "switch"})
_DETERMINING: Final = frozenset({"the", "that", "this", "these", "those", "our"})
# Verbs that only say to do something about what is wrong.
_UPWARDS: Final = frozenset({"lift", "raise", "up", "increase"})
_DOWNWARDS: Final = frozenset({"tonedown", "dampen"})
_EASING: Final = (
    _UPWARDS | _DOWNWARDS | {"ease", "adjust", "tweak", "nudge", "bring", "take", "change", "fix"}
)
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


_DRAWN_THINGS: Final = words(
    "line lines ring rings circle circles box boxes dot dots swirl swoosh shape shapes stripe "
    "stripes stroke strokes bit part thing mark blotch smudge star text tagline"
)


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
    _refer_to_colour(clause, context.spoken)
    if clause.licence is Licence.ORDER and not clause.mood.wishes:
        clause.mood = msgspec.structs.replace(clause.mood, wishes=True)


def refer(clause: Clause, context: Context, reading: Reading) -> None:
    """Let the pronouns of a clause stand for parts named before."""
    _refer(clause, context.idle, reading)
    _refer_to_parts(clause, context.spoken)
    _go_on_about_part(clause, context.about)
    _leave_out_replaced(clause)


def _go_on_about_part(clause: Clause, about: Clause | None) -> None:
    """Let "make it warmer and richer" be about one part, whatever "it" is."""
    if about is None or clause.area is not None or clause.joined not in {"and", "&"}:
        return
    if about.area is not None and about.has(_PRONOUNS) and _only_compares(clause):
        clause.area = clause.referent = about.area


def remember(clause: Clause, context: Context, *, is_idle: bool) -> None:
    """Note what a clause was about."""
    is_told = not is_idle or clause.licence is not Licence.FRAGMENT
    if clause.area is not None or clause.has(*_SPOKEN_OF) or (is_told and _is_coloured(clause)):
        context.spoken = clause
    context.idle = clause if is_idle else None


def drop_repeated(clause: Clause, reading: Reading, known: int) -> None:
    """Drop what "it" says again of a part: "the green is too dark, could you lighten it".

    How much of it is wished for counts: "lighten it slightly".
    """
    if not (clause.has(_PRONOUNS) or _PRONOUNS & {*clause.phrase.lower().split()}):
        return
    before, own = reading.wishes[:known], reading.wishes[known:]
    reading.understood += len(own)
    del reading.wishes[known:]
    for wish in own:
        same = next((at for at, one in enumerate(before) if _says_again(wish, one)), None)
        if same is None:
            reading.wishes.append(wish)
        else:
            _measure(clause, same, reading)


def take_amount(clause: Clause, problem: Clause | None, reading: Reading) -> bool:
    """Let "can we lift it a little" say how much is to be done against the problem before it.

    Says whether that was all.
    """
    if problem is None or problem.licence is not Licence.COMPLAINT:
        return False
    mood = clause.mood
    pronouns = _PRONOUNS & {*clause.words, *clause.phrase.lower().split()}
    is_remedy = clause.has(_EASING) and bool(pronouns)
    last = reading.wishes[-1] if reading.wishes else None
    if not is_remedy or last is None or last.phrase != problem.phrase:
        return False
    if clause.area not in {None, getattr(last.operation, "scope", None)}:
        return False
    says_more = any(word in SENSES or colour_of(word) is not None for word in clause.words)
    amount = getattr(last.operation, "amount", 0.0)
    down = mood.down or clause.has(_DOWNWARDS)
    way = 1 if clause.has(_UPWARDS) else -1 if down else 0
    if says_more or not amount or mood.forbids or mood.keeps or way * amount < 0:
        return False
    _measure(clause, len(reading.wishes) - 1, reading)
    reading.understood += 1
    return True


def _measure(clause: Clause, at: int, reading: Reading) -> None:
    """Give a wish the amount that a clause names."""
    strength = amount_in(clause)
    wish = reading.wishes[at]
    if strength != 1 and isinstance(wish.operation, Lightness | Saturation | Warmth | Weight):
        sign = 1 if wish.operation.amount > 0 else -1
        operation = msgspec.structs.replace(wish.operation, amount=sign * strength)
        reading.wishes[at] = msgspec.structs.replace(wish, operation=operation)


def drop_limit(clause: Clause, known: int, reading: Reading) -> None:
    """Drop what only limits the wish before it: "fatter but not so fat as before"."""
    is_limit = clause.words[:2] in {("not", one) for one in ("so", "that", "as")}
    if not is_limit or not known:
        return
    earlier = reading.wishes[known - 1].operation
    before = getattr(earlier, "amount", 0.0)
    own = reading.wishes[known:]
    reading.wishes[known:] = [
        wish
        for wish in own
        if type(wish.operation) is not type(earlier)
        or getattr(wish.operation, "amount", 0.0) * before >= 0
    ]
    reading.understood += len(own)


def _refer(clause: Clause, idle: Clause | None, reading: Reading) -> None:
    """Let "it" stand for the part that the clause before only talked about.

    "The background is ugly, make it white" is about the background.
    """
    if idle is None:
        return
    family = _family_in(idle)
    if idle.area is None and clause.joined == "," and family is not None and _only_compares(clause):
        # "The red scares people, softer"
        clause.area = clause.referent = family
        return
    if idle.area is None:
        return
    is_value = clause.joined == "," and all(colour_of(word) is not None for word in clause.words)
    if not (clause.has(_PRONOUNS) or is_value):
        return
    if clause.area is None:
        clause.area = clause.referent = idle.area
        if reading.unmatched[-1:] == [idle.phrase]:
            reading.unmatched.pop()


def _only_compares(clause: Clause) -> bool:
    """Say whether a clause has no subject: "a bit softer"."""
    return any(word in SENSES for word in clause.words) and all(
        word in SENSES or word in words_of.SLIGHT | words_of.STRONG | {"please", "more", "less"}
        for word in clause.words
    )


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
    compares = any(word in SENSES and SENSES[word].form == "explicit" for word in clause.words)
    is_meant_by_praise = is_praise(spoken) and compares
    finds_fault = clause.mood.too and spoken.mood.lessens and clause.licence is Licence.COMPLAINT
    is_judged = finds_fault or is_meant_by_praise or clause.mood.removes
    is_meant = (spoken.licence is Licence.COMPLAINT or is_judged) or any(
        colour_of(word) or (word in SENSES and SENSES[word].quality == "weight")
        for word in clause.words
    )
    stands = any(
        word in pronouns and not _names_own_noun(clause, at) for at, word in enumerate(clause.words)
    )
    if is_bare or (is_meant and stands):
        clause.words = (
            (thing, "is", *clause.words)
            if is_bare
            else tuple(
                thing if word in pronouns and not _names_own_noun(clause, at) else word
                for at, word in enumerate(clause.words)
            )
        )
        clause.mood = mood_of(clause.words)
        clause.licence = licence_of(clause)


def _names_own_noun(clause: Clause, at: int) -> bool:
    """Say whether a pointing word has a noun of its own: "lose that line"."""
    following = clause.after(at)
    return clause.words[at] in _POINTING and following in _DRAWN_THINGS


def _refer_to_colour(clause: Clause, spoken: Clause | None) -> None:
    """Let "it" stand for a colour: "the yellow prints badly, please swap it for gold"."""
    if spoken is None:
        return
    names = [word for at, word in enumerate(spoken.words) if _is_named(spoken, at)]
    for at, word in enumerate(clause.words):
        if word in _EXCHANGING and clause.after(at) in _PRONOUNS | _POINTING and len(names) == 1:
            clause.words = (*clause.words[: at + 1], "the", names[0], *clause.words[at + 2 :])
            clause.mood = mood_of(clause.words)
            return


def _is_named(clause: Clause, at: int) -> bool:
    return colour_of(clause.words[at]) is not None and clause.before(at) in _DETERMINING


def _refer_to_parts(clause: Clause, spoken: Clause | None) -> None:
    """Let "them" stand for what the last clause was about: "the letters are faint, make them bold".

    "It" is the whole logo as often as a part, so only a complaint about a part gives it a meaning.
    """
    if spoken is None or clause.area is not None:
        return
    complains = spoken.licence is Licence.COMPLAINT
    if not clause.has(_PRONOUNS) or "instead" in clause.words:
        _refer_to_replaced(clause, spoken)
        if clause.area is not None or not clause.has(_PRONOUNS):
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


def _refer_to_replaced(clause: Clause, spoken: Clause) -> None:
    """Let a colour be for the part that has a bad one: "the black background is off, try white"."""
    if clause.words[0] == "something" and spoken.licence is Licence.COMPLAINT:
        # "The corners look aggressive, something softer"
        clause.referents = frozenset(word for word in spoken.words if word in NOUN_KINDS)
    stands_for = "instead" in clause.words
    is_replaced = _is_rejected(spoken) or (stands_for and _is_about_colour(spoken))
    is_whole = names_the_whole(clause) and not stands_for
    if is_replaced and _is_coloured(clause) and not is_whole:
        family = _family_in(spoken)
        own = {family_of(name) for word in clause.words if (name := colour_of(word))}
        if family not in own:
            clause.area = clause.referent = spoken.area or family


def _is_about_colour(clause: Clause) -> bool:
    """Say whether a clause tells something of a colour: "the red reads as an error"."""
    return (
        clause.licence in {Licence.STATEMENT, Licence.COMPLAINT}
        and clause.words[0] in _DETERMINING
        and any(colour_of(word) is not None for word in clause.words[1:2])
    )


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
    if wish.speaker != earlier.speaker and wish.decides:
        return False
    if not isinstance(one, Lightness | Saturation | Warmth | Weight) or type(one) is not type(
        other
    ):
        return False
    scope = getattr(other, "scope", None)
    return one.scope in {None, scope} and one.amount * getattr(other, "amount", 0.0) > 0


def _is_coloured(clause: Clause) -> bool:
    return clause.has(words_of.COLOUR_NOUNS) or any(colour_of(word) for word in clause.words)


def _family_in(clause: Clause) -> str | None:
    """Return the family of the one colour that a clause names."""
    names = {family_of(name) for word in clause.words if (name := colour_of(word)) is not None}
    return names.pop() if len(names) == 1 else None
