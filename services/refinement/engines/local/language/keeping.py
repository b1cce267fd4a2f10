"""Reads what is to stay as it is: "keep the text", "leave the blue alone", "all but the icon".

What cannot be told apart in a scope is kept instead: "everything except the text" changes
everything and keeps the text.
"""

from typing import Final

import msgspec

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.tokens import colour_of
from services.refinement.engines.local.language.wishes import Reading
from services.refinement.engines.local.named_colours import family_of

_LOSING: Final = words_of.REMOVE - words("no without none zero unneeded unnecessary gone rid")
_REST: Final = frozenset(
    {"rest", "everything", "else", "it", "them", "that", "things", "all", "logo"}
)
_ALL_ELSE: Final = frozenset({"rest", "everything", "else", "all", "asis"})
_ENDING_EXCEPTION: Final = words(
    "should must can could needs need gets is are make made turn becomes to in be has"
)
# What "leave the temperature" leaves alone, by the names of the operations.
_ALONE: Final = {
    **dict.fromkeys(words("temperature warmth"), ("Warmth",)),
    **dict.fromkeys(words("brightness lightness darkness"), ("Lightness",)),
    **dict.fromkeys(words("contrast contrasts"), ("Contrast",)),
    **dict.fromkeys(words("saturation vibrancy intensity"), ("Saturation",)),
    **dict.fromkeys(
        words("thickness strokes lines weight weights boldtext strokeweight"), ("Weight",)
    ),
    **dict.fromkeys(words("size"), ("Padding", "Upscale")),
    **dict.fromkeys(words("corner corners"), ("Roundness",)),
    **dict.fromkeys(words("edge edges"), ("Smoothness", "Sharpness")),
    **dict.fromkeys(words("sharpness"), ("Sharpness",)),
    **dict.fromkeys(words("margin margins padding spacing whitespace"), ("Padding", "Crop")),
}
_LOOKS: Final = words("colors style shapes layout background text proportions symbols")
_BARE_TEXT: Final = frozenset({"color", "colors", "colour", "colours"})


def read_exception(clause: Clause, reading: Reading) -> bool:
    """Read "everything except the text": what is excepted is kept, and accounted for."""
    if "except" not in clause.words:
        return False
    start = clause.words.index("except")
    end = start + 1
    while end < len(clause.words) and clause.words[end] not in _ENDING_EXCEPTION:
        sense = SENSES.get(clause.words[end])
        if sense is not None and sense.form == "explicit":
            break
        end += 1
    if not clause.has(words_of.PRAISING):
        # "Everything is great except the pink" keeps anything but that.
        _keep(clause, range(start + 1, end), reading)
    clause.used.update(range(start, end))
    return True


def read_keeping(clause: Clause, reading: Reading) -> bool:
    """Note what is to be kept; say whether that was all. "Keep it simple" is a wish."""
    mood = clause.mood
    is_loss = mood.guards and clause.has(_LOSING)
    if is_loss and not any(word in SENSES for word in clause.words):
        # "without losing the text"
        return _keep(clause, range(len(clause.words)), reading)
    if not mood.keeps:
        return False
    if clause.has(words_of.SHADOWS, words_of.GRADIENTS):
        kept = "RemoveShadow" if clause.has(words_of.SHADOWS) else "Flatten"
        reading.left_alone.add(kept)
        reading.understood += 1
        return True
    if _is_wish(clause):
        return False
    if clause.has(words_of.ONLY) and any(colour_of(word) for word in clause.words):
        # "keep only the navy": nothing else is to be there.
        clause.mood = msgspec.structs.replace(mood, keeps=False, wishes=True)
        return False
    alone = {one for word in clause.words for one in _ALONE.get(word, ())}
    reading.left_alone |= alone
    start = 0
    if _keep(clause, range(start, len(clause.words)), reading) or alone:
        return True
    if not clause.has(_REST, frozenset({"asis"})):
        return False
    # "Leave everything else" asks for nothing, and is honoured.
    reading.understood += clause.has(_ALL_ELSE)
    return True


def read_looks_kept(clause: Clause, reading: Reading) -> bool:
    """Read "without changing how it looks": nothing but the size may change; say if that was it."""
    said = clause.words
    is_kept = said[0] == "donttouch" and said[1:2] == ("how",) and said[-1] in {"looks", "look"}
    if is_kept:
        reading.aspects |= _LOOKS
    return is_kept


def _is_wish(clause: Clause) -> bool:
    """Say whether a clause keeps nothing: "keep it simple", "keep the contrast high"."""
    if clause.has(frozenset({"asis", "donttouch", "alone", "stay", "stays", "remain"})):
        return False
    for index, word in enumerate(clause.words):
        sense = SENSES.get(word)
        if sense is None or colour_of(word) is not None:
            continue
        previous = set(clause.words[:index])
        following = clause.after(index)
        is_attribute = bool(following) and (
            following in words_of.ASPECTS or colour_of(following) is not None
        )
        if (
            sense.form in {"plain", "explicit"}
            and not is_attribute
            and previous & (_REST | words_of.ASPECTS.keys())
        ):
            return True
        if sense.form == "noun" and (
            clause.has(words_of.HIGH, words_of.LOW) or clause.mood.up or sense.quality == "padding"
        ):
            return True
    return False


def _keep(clause: Clause, places: range, reading: Reading) -> bool:
    words = [clause.words[at] for at in places]
    aspects = {words_of.ASPECTS[word] for word in words if word in words_of.ASPECTS}
    names = [name for word in words if (name := colour_of(word)) is not None]
    parts = aspects & {"text", "background", "symbols"}
    if names:
        # "keep the brown tones" is about brown, "keep the white background" about the background.
        aspects.discard("colors")
        if not parts:
            reading.families |= {family_of(name) for name in names}
    elif parts and "colors" in aspects:
        # "keep the text colour" is about the text.
        aspects.discard("colors")
    reading.aspects |= aspects
    return bool(aspects or names)
