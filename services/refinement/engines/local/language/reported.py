"""Finds out whose words a prompt relays: "the boss says ...", "she answered: '...'".

What somebody is quoted with is read as if it had been written here, and it is noted whose opinion
it is: the writer may decide otherwise. Quoted names and texts stay what they are.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.sentences import SENTENCE_ENDS, sentence_around
from services.refinement.engines.local.language.tokens import (
    QUOTATION,
    Token,
    colour_of,
    tokens_of,
)

_PAUSES: Final = frozenset({",", ":", "(", "and", "but", "so", "while", "whereas", "because"})
_SPEAKING: Final = words(
    "says said say verbatim quote quoting quoted wrote writes written answered answers answer "
    "replied replies reply told tells asked asks feedback comment comments commented commenting "
    "note noted came request requested message messaged verdict emailed texted insisted insists"
)
_SAYING: Final = words(
    "says thinks believes reckons insists argues claims complains writes notes adds replies finds"
)
_WANTING: Final = words(
    "wants prefers suggests imagines wishes proposes recommends demands favours favors asks wanted "
    "prefer suggested asked want suggest calls called said mentioned thought complained"
)
_VIEWS: Final = words(
    "consensus feeling verdict opinion complaint feedback comment view impression problem issue "
    "point conclusion thought worry concern"
)
_LIKING: Final = frozenset({"like", "love", "rather"})
_OTHERS: Final = words("he she they client customer boss everyone everybody clients customers")
_OWN: Final = words("i we you lets personally me us our")
_NO_PERSON: Final = (
    words_of.TEXTS
    | words_of.FOREGROUNDS
    | words_of.BACKGROUNDS
    | words_of.NEGATED
    | words("it logo that which this there what i we you sign label no none not never any if")
)
# What makes a fragment a request or a complaint, and not a name.
_ASKING: Final = words(
    "too more less fewer should must need needs make please no not remove without can could would "
    "add use change replace put give is are looks look feels feel lacks lose drop keep leave "
    "hate hates dislike"
)
_LONG_AGO: Final = words("previously originally initially last once formerly")
# "She answered with one word" is speech, "the tagline says" is not.
_WRITTEN: Final = words_of.TEXTS - words("word words title heading script")
_OPINION_WORDS_MAX: Final = 40
_SUBJECT_WORDS_MAX: Final = 6
_TEXT_NAMED: Final = re.compile(r"\s*:?\s*['\u2018]([^'\u2018\u2019\n]{3,80})['\u2019](?!\w)")


class Opinion(NamedTuple):
    """Somebody's words: who speaks, and where in the prompt they start and end."""

    speaker: str
    start: int
    end: int


def heard(tokens: Sequence[Token], prompt: str) -> tuple[tuple[Token, ...], tuple[Opinion, ...]]:
    """Return the words of a prompt without "the boss says", and whose opinion each part is."""
    opinions: list[Opinion] = []
    spoken = _with_quoted(_with_named_texts(tokens, prompt), prompt, opinions)
    return _without_frames(spoken, prompt, opinions), tuple(opinions)


def speaker_at(opinions: Sequence[Opinion], place: int) -> str:
    """Return whose opinion stands at a place of a prompt; nothing for the writer's own."""
    covering = [one for one in opinions if one.start <= place < one.end]
    # The innermost: "the boss says warmer, the client says cooler" are two in one sentence.
    return max(covering, key=lambda one: one.start).speaker if covering else ""


def _with_named_texts(tokens: Sequence[Token], prompt: str) -> list[Token]:
    """Let the text in "our tagline 'Fresh since 1987'" be a quotation, whatever it says."""
    left: list[Token] = []
    quoted = 0
    for token in tokens:
        if token.start < quoted:
            continue
        left.append(token)
        named = _TEXT_NAMED.match(prompt, token.end) if token.word in words_of.TEXTS else None
        if named is not None:
            left.append(Token(QUOTATION, named.start(1), named.end(1)))
            quoted = named.end()
    return left


def _with_quoted(tokens: Sequence[Token], prompt: str, opinions: list[Opinion]) -> list[Token]:
    """Let what somebody is quoted with count as a sentence: 'client says: "too dark"'."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        if token.word == QUOTATION and prompt[token.start] in {'"', "\u201c"}:
            inner = tokens_of(prompt[token.start + 1 : token.end - 1])
            before = _sentence_before(tokens, at)
            is_said = _is_speech(before) or (not before and _is_told_after(tokens, at))
            if is_said and _asks([one.word for one in inner]):
                offset = token.start + 1
                left.append(Token(".", token.start, offset))
                left += [Token(one.word, one.start + offset, one.end + offset) for one in inner]
                left.append(Token(".", token.end - 1, token.end))
                opinions.append(Opinion(_speaker_in(before), token.start, token.end))
                continue
        left.append(token)
    return left


def _sentence_before(tokens: Sequence[Token], at: int) -> list[str]:
    start, _ = sentence_around(tokens, at)
    return [token.word for token in tokens[start:at]]


def _is_speech(before: Sequence[str]) -> bool:
    """Say whether the words before a quotation introduce what a person says."""
    spoken = set(before)
    if not spoken & _SPEAKING or spoken & (_LONG_AGO | _WRITTEN | words_of.NEGATED):
        return False
    verb = next(at for at, word in enumerate(before) if word in _SPEAKING)
    return not verb or before[verb - 1] not in _NO_PERSON - {"i", "we", "you"}


def _is_told_after(tokens: Sequence[Token], at: int) -> bool:
    """Say whether the words after a quotation tell who said it: '"too dark", says my boss'."""
    after = [one.word for one in tokens[at + 1 : at + 1 + _SUBJECT_WORDS_MAX]]
    after = after[1:] if after[:1] == [","] else after
    verb = next((n for n, word in enumerate(after) if word in _SPEAKING), None)
    return verb is not None and not set(after) & (_WRITTEN | {"it", "logo", "not", "never"})


def _asks(spoken: Sequence[str]) -> bool:
    """Say whether words ask for something or complain, and are no mere name or colour."""
    return any(
        word in _ASKING or (word in SENSES and SENSES[word].form in {"explicit", "fault"})
        for word in spoken
    )


def _speaker_in(before: Sequence[str]) -> str:
    verb = next((at for at, word in enumerate(before) if word in _SPEAKING), 0)
    return before[verb - 1] if verb else "somebody"


def _without_frames(
    tokens: Sequence[Token], prompt: str, opinions: list[Opinion]
) -> tuple[Token, ...]:
    """Leave out "the boss says (that)" before what is asked for, and note whose wish it is."""
    left: list[Token] = []
    piece = 0
    at = 0
    while at < len(tokens):
        word = tokens[at].word
        if word in SENTENCE_ENDS | _PAUSES:
            left.append(tokens[at])
            at += 1
            piece = len(left)
            continue
        subject = [one.word for one in left[piece:][:_OPINION_WORDS_MAX]]
        follows = tokens[at + 1].word if at + 1 < len(tokens) else ""
        if word == "is" and follows == "that" and set(subject[-1:]) & _VIEWS:
            # "The consensus is that the blue is too cold"
            del left[piece:]
            at += 2
            continue
        if word == "please" and _raw(tokens[at], prompt)[-1] in _LIKING:
            # "Mr Okafor would like ..."
            word = "wants"
        if _is_spoken_by(word, subject):
            end = _opinion_end(tokens, at, prompt)
            start = _content_start(tokens, at)
            content = _until_pause(tokens, start)
            if word in _WANTING or _asks(content):
                speaker = subject[-1] if subject else "somebody"
                opinions.append(Opinion(speaker, tokens[at].start, end))
                opinions.append(Opinion(speaker, left[piece].start if subject else end, end))
            if word in _SAYING and _asks(content):
                first = left[piece] if subject else tokens[at]
                del left[piece:]
                left.append(Token(".", first.start, first.start))
                piece = len(left)
                at = start
                continue
        left.append(tokens[at])
        at += 1
    return tuple(left)


def _is_spoken_by(verb: str, subject: Sequence[str]) -> bool:
    """Say whether a word is what a person before it says or wishes."""
    if verb not in _SAYING | _WANTING or len(subject) > _SUBJECT_WORDS_MAX:
        return False
    if set(subject) & _NO_PERSON or any(colour_of(word) or word in SENSES for word in subject):
        return False
    if not subject:
        return verb == "says"
    return verb.endswith(("s", "ed")) or verb in {"said", "thought"} or subject[-1] in _OTHERS


def _content_start(tokens: Sequence[Token], verb: int) -> int:
    start = verb + 1
    while start < len(tokens) and tokens[start].word in {"that", ",", ":", "quote"}:
        start += 1
    return start


def _until_pause(tokens: Sequence[Token], start: int) -> list[str]:
    content: list[str] = []
    for token in tokens[start : start + _OPINION_WORDS_MAX]:
        if token.word in SENTENCE_ENDS | {","}:
            break
        content.append(token.word)
    return content


def _raw(token: Token, prompt: str) -> list[str]:
    """Return the words that the writer wrote for a token."""
    written = prompt[token.start : token.end].lower().replace("'", " ").replace("\u2019", " ")
    return written.split() or [""]


def _opinion_end(tokens: Sequence[Token], verb: int, prompt: str) -> int:
    """Return where an opinion ends: with its sentence, or where the writer's own begins."""
    last = min(verb + 1 + _OPINION_WORDS_MAX, len(tokens))
    for at in range(verb + 1, last):
        word = tokens[at].word
        if word in SENTENCE_ENDS:
            return tokens[at].start
        if _raw(tokens[at], prompt)[0] in _OWN and tokens[at - 1].word in _PAUSES | {
            "though",
            "however",
        }:
            return tokens[at].start
    return tokens[last - 1].end
