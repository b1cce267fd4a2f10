"""What a provider is told."""

from hypothesis import given
from hypothesis import strategies as st

from services.refinement.engines import Instruction
from services.refinement.engines.remote.prompt import prompt_of


def test_says_everything_in_plain_sentences() -> None:
    """The prompt first, then what stays, then what the picture is."""
    instruction = Instruction(
        refinement_prompt="Make the logo more minimalist",
        logo_description="a coffee cup",
        theme_description="Warm and rustic!",
        preserve_aspects=("color_scheme", "text"),
    )

    assert prompt_of(instruction) == (
        "Make the logo more minimalist. Keep unchanged: color scheme, text. "
        "Change nothing that is not asked for, and add no text. "
        "The picture shows: a coffee cup. It belongs to this theme: Warm and rustic!"
    )


def test_what_was_not_said_is_left_out() -> None:
    """No sentence about nothing."""
    text = prompt_of(Instruction(refinement_prompt="lighter"))

    assert text == "lighter. Change nothing that is not asked for, and add no text."


def test_a_prompt_that_fills_the_space_is_all_that_is_said() -> None:
    """The user's own words are the last thing to be cut."""
    instruction = Instruction(refinement_prompt="a" * 60, logo_description="b")

    assert prompt_of(instruction, length_max=50) == "a" * 50


@given(
    prompt=st.text(max_size=300),
    description=st.text(max_size=300),
    aspects=st.lists(st.text(max_size=30), max_size=5),
    length_max=st.integers(min_value=1, max_value=500),
)
def test_is_printable_and_within_its_length(
    prompt: str, description: str, aspects: list[str], length_max: int
) -> None:
    """Whatever users write, it is one line of text within the bound."""
    instruction = Instruction(
        refinement_prompt=prompt,
        logo_description=description,
        theme_description=description,
        preserve_aspects=tuple(aspects),
    )

    text = prompt_of(instruction, length_max=length_max)

    assert text.isprintable()
    assert len(text) <= length_max
