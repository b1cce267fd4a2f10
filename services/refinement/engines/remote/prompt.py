"""What a provider is told: the user's wishes in a few plain sentences."""

from typing import Final

from services.refinement.engines import Instruction

# What is left when a provider takes little text is the user's own prompt, not our additions to it.
PROMPT_LENGTH_MAX: Final = 4000

_END_OF_SENTENCE: Final = (".", "!", "?", "…")
_CLOSING: Final = "Change nothing that is not asked for, and add no text."


def prompt_of(instruction: Instruction, *, length_max: int = PROMPT_LENGTH_MAX) -> str:
    """Say an instruction in plain sentences of at most `length_max` characters altogether.

    The prompt comes first and is never left out; what must stay follows, then the descriptions;
    sentences that do not fit any more are left out whole.
    """
    text = _sentence("", instruction.refinement_prompt)[:length_max]
    aspects = ", ".join(filter(None, map(_words, instruction.preserve_aspects)))
    for addition in (
        _sentence("Keep unchanged: ", aspects),
        _CLOSING,
        _sentence("The picture shows: ", instruction.logo_description),
        _sentence("It belongs to this theme: ", instruction.theme_description),
    ):
        if addition and len(text) + 1 + len(addition) <= length_max:
            text = f"{text} {addition}"
    return text


def _sentence(opening: str, text: str | None) -> str:
    plain = _plain(text or "")
    if not plain:
        return ""
    return opening + plain + ("" if plain.endswith(_END_OF_SENTENCE) else ".")


def _words(aspect: str) -> str:
    """An aspect as people write it: they come as names such as `color_scheme`."""
    return _plain(aspect.replace("_", " "))


def _plain(text: str) -> str:
    """The printable characters of a text, its white space made single spaces."""
    spaced = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(spaced.split())
