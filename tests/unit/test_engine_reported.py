"""How the local engine reads what others say, what was decided, and long-winded wishes."""

import pytest

from services.refinement.engines import Instruction
from services.refinement.engines.local.language.reported import heard, speaker_at
from services.refinement.engines.local.language.tokens import tokens_of
from services.refinement.engines.local.operations import (
    Background,
    Border,
    Centre,
    Contrast,
    Duotone,
    Flatten,
    Lightness,
    LimitColours,
    Operation,
    Outline,
    Padding,
    Recolour,
    RemoveShadow,
    Replace,
    Roundness,
    Saturation,
    Shadow,
    Sharpness,
    Simplify,
    Smoothness,
    TransparentBackground,
    Upscale,
    Warmth,
    Weight,
)
from services.refinement.engines.local.plan import Plan, make_plan


def plan_for(prompt: str) -> Plan:
    """The plan of a prompt alone."""
    return make_plan(Instruction(refinement_prompt=prompt))


def operations(prompt: str) -> list[Operation]:
    """What a prompt alone leads to."""
    return [step.operation for step in plan_for(prompt).steps]


SIMPLER = Simplify(amount=1.0)


class TestSpeech:
    """What somebody says is read as if it were written, and a name stays a name."""

    @pytest.mark.parametrize(
        ("prompt", "expected"),
        [
            ('The boss says: "make it warmer".', [Warmth(amount=1.0)]),
            ('My client wrote: "the shadow has to go". I agree.', [RemoveShadow()]),
            ('She replied "less busy please".', [SIMPLER]),
            ('He texted me "can the background be cream?"', [Background(colour="cream")]),
            ('I asked her and she answered with one word: "brighter".', [Lightness(amount=1.0)]),
            ('From the client, verbatim: "make the logo bigger".', [Padding(amount=-1.0)]),
            ('"Too dark", says my boss.', [Lightness(amount=1.0)]),
            ('"I want it brighter," she told me.', [Lightness(amount=1.0)]),
            (
                'The client came back with "love it, but could the green be calmer?"',
                [Saturation(amount=-1.0, scope="green")],
            ),
        ],
    )
    def test_a_quoted_wish_is_a_wish(self, prompt: str, expected: list[Operation]) -> None:
        """Whoever is quoted by the writer speaks for them."""
        assert operations(prompt) == expected

    @pytest.mark.parametrize(
        "prompt",
        [
            'The tagline says "darker roasts daily" in red',
            'Add the words "Make it bold" below the icon',
            "The boss wants our tagline 'Brighter since 1987' underneath.",
            'Nobody said "make it red".',
            'The text reads "no more grey"',
            'He called it "Bold Coffee".',
        ],
    )
    def test_a_quoted_text_asks_for_nothing(self, prompt: str) -> None:
        """What the logo itself says is no wish, however it sounds."""
        assert operations(prompt) == []

    @pytest.mark.parametrize(
        ("prompt", "expected"),
        [
            (
                "Our brand manager says the blue must be #1a4f8b exactly.",
                [Replace(source="blue", target="#1a4f8b")],
            ),
            ("He says no gradients.", [Flatten()]),
            (
                "My boss looked at it and says the blue is too dark.",
                [Lightness(amount=1.0, scope="blue")],
            ),
            ("The printer says the lines are too fine.", [Weight(amount=1.0)]),
            ("My director thinks it feels cold.", [Warmth(amount=1.0)]),
            ("My boss insists on brown.", [Recolour(colours=("brown",))]),
            ("My wife says green.", []),
        ],
    )
    def test_a_relayed_sentence_is_read_like_any_other(
        self, prompt: str, expected: list[Operation]
    ) -> None:
        """Who says it makes no difference, if it is a sentence and not a mere word."""
        assert operations(prompt) == expected

    def test_every_part_of_a_sentence_has_its_speaker(self) -> None:
        """Two people may speak in one sentence, and the writer after them."""
        prompt = "The boss wants it warmer, the client wants it cooler, but I want it as it is"

        _, opinions = heard(tokens_of(prompt), prompt)

        speakers = [speaker_at(opinions, prompt.index(word)) for word in ("warm", "cool", "as it")]
        assert speakers == ["boss", "client", ""]


class TestDecisions:
    """Of several opinions only what was decided counts."""

    @pytest.mark.parametrize(
        ("prompt", "expected"),
        [
            (
                "My boss wants purple, my colleague wants green. I'd go with navy.",
                [Recolour(colours=("navy",))],
            ),
            (
                "The older partner wants gold, the younger one silver; go with silver.",
                [Recolour(colours=("silver",))],
            ),
            (
                "My wife says it should be pink, but I want it dark green.",
                [Recolour(colours=("darkgreen",))],
            ),
            (
                "The boss wants a red background. I told him no, please make it white.",
                [Background(colour="white")],
            ),
            (
                "He asked for bolder lines, though personally I'd make them thinner.",
                [Weight(amount=-1.0)],
            ),
            (
                (
                    "Sales thinks it is too colourful, marketing thinks it is too dull. I want it "
                    "slightly less saturated."
                ),
                [Saturation(amount=-0.5)],
            ),
            (
                "They want the logo in gold. Ignore them, use silver.",
                [Recolour(colours=("silver",))],
            ),
            ("The kids wanted neon, I want something calmer.", [Saturation(amount=-1.0)]),
            ("If it were up to me I'd make it black, but the client insists on brown.", ["brown"]),
        ],
    )
    def test_the_writers_own_decision_counts(
        self, prompt: str, expected: list[Operation | str]
    ) -> None:
        """What others wished for the same is left out."""
        wanted = [Recolour(colours=(one,)) if isinstance(one, str) else one for one in expected]

        assert operations(prompt) == wanted

    @pytest.mark.parametrize(
        "prompt",
        [
            "The boss wants it warmer, the client wants it cooler.",
            "One says too bold, the other says too thin. Leave the line weight.",
            'The client said "make it red". I disagree, keep it as it is.',
            'She said "darker", I said no.',
            "HR asked for a rainbow version. Please don't.",
            "The manager asked for a frame. We decided against it.",
            "The designer suggests a thicker outline, I'd rather have none at all.",
            "They said it should be darker; I think it's dark enough.",
            "Someone said the contrast was too strong, but I find it too weak.",
            "The client asked us to remove the background. I'd keep a light grey one.",
        ],
    )
    def test_what_nobody_decided_is_not_done(self, prompt: str) -> None:
        """Opposite opinions cancel each other, and a disagreement takes back what others wish."""
        plan = plan_for(prompt)

        assert plan.steps == ()
        assert plan.skipped or plan.unmatched

    @pytest.mark.parametrize(
        ("prompt", "expected"),
        [
            (
                (
                    "The red reads as an error. Would a coral or a terracotta work instead? I lean "
                    "towards the coral."
                ),
                [Recolour(colours=("coral",), scope="red")],
            ),
            (
                "How about burgundy or navy? My favourite is burgundy.",
                [Recolour(colours=("burgundy",))],
            ),
            ("Should it be gold or silver? Silver is my choice.", [Recolour(colours=("silver",))]),
            ("We were torn between teal and navy. Navy won.", [Recolour(colours=("navy",))]),
            ("The final decision is navy.", [Recolour(colours=("navy",))]),
            (
                (
                    "The client hates the purple. He suggested dark green instead, can you show "
                    "him that?"
                ),
                [Replace(source="purple", target="darkgreen")],
            ),
            ("He suggested dark green.", []),
        ],
    )
    def test_the_one_that_was_chosen_counts(self, prompt: str, expected: list[Operation]) -> None:
        """Of alternatives and suggestions only what is preferred or asked to be seen."""
        assert operations(prompt) == expected

    @pytest.mark.parametrize(
        ("prompt", "expected"),
        [
            (
                (
                    "The client signed off on everything but the background, which she'd like in "
                    "cream."
                ),
                [Background(colour="cream")],
            ),
            (
                "Love everything except the orange, could that be teal?",
                [Replace(source="orange", target="teal")],
            ),
            (
                "Keep everything except the orange, which should become teal.",
                [Replace(source="orange", target="teal")],
            ),
            (
                "Everybody is happy except for the colours, they'd like them more muted.",
                [Saturation(amount=-1.0)],
            ),
            ("The logo is perfect except for the shadow.", [RemoveShadow()]),
            ("Everything is approved except the shadow, which has to go.", [RemoveShadow()]),
        ],
    )
    def test_what_is_liked_but_for_a_part_changes_that_part(
        self, prompt: str, expected: list[Operation]
    ) -> None:
        """The exception from praise is the wish, and it is not what is kept."""
        assert operations(prompt) == expected


class TestProblems:
    """A problem and what is to be done about it are one wish."""

    @pytest.mark.parametrize(
        ("prompt", "expected"),
        [
            (
                (
                    "The contrast between the grey letters and the background is too low; I'd "
                    "darken the letters rather than touch the background."
                ),
                [Lightness(amount=-1.0, scope="text")],
            ),
            (
                "The contrast is poor; make the letters black.",
                [Recolour(colours=("black",), scope="text")],
            ),
            (
                "Contrast is too low. I would lighten the background and leave the text.",
                [Lightness(amount=1.0, scope="background")],
            ),
            (
                "The blue is too dark. Can we lift it a little?",
                [Lightness(amount=0.5, scope="blue")],
            ),
            ("The blue is too dark. Lighten it slightly.", [Lightness(amount=0.5, scope="blue")]),
            ("The colours are too loud. Tone it down a little.", [Saturation(amount=-0.5)]),
            (
                "The background is too bright, take it down a notch.",
                [Lightness(amount=-0.5, scope="background")],
            ),
            (
                "The logo gets lost on our dark site, so give it a white outline.",
                [Outline(amount=1.0, colour="white")],
            ),
            ("She said the corners look aggressive, something softer.", [Roundness(amount=1.0)]),
            ("The edges are jagged. Could these be cleaned up?", [Smoothness(amount=1.0)]),
        ],
    )
    def test_the_remedy_is_what_is_done(self, prompt: str, expected: list[Operation]) -> None:
        """It says how much, and of what; the problem only says why."""
        assert operations(prompt) == expected

    def test_a_remedy_out_of_reach_is_not_replaced_by_another(self) -> None:
        """Who asks for a larger name gets no more contrast instead."""
        plan = plan_for("The name gets lost beside the icon. Can you make the name larger?")

        assert plan.steps == ()
        assert plan.skipped

    @pytest.mark.parametrize(
        ("prompt", "expected"),
        [
            ("I'm not sure the drop shadow is doing us any favours.", [RemoveShadow()]),
            ("I don't think the gradient is helping.", [Flatten()]),
            ("I'm not convinced the shadow adds anything.", [RemoveShadow()]),
            ("I wonder whether the glow is really needed.", [Flatten()]),
            ("I'm not sure about the shadow.", []),
            ("I'm not sure the red works.", []),
        ],
    )
    def test_a_thing_that_is_doubted_goes(self, prompt: str, expected: list[Operation]) -> None:
        """Where it is said that it does no good; mere doubt asks for nothing."""
        assert operations(prompt) == expected


class TestLeavingAlone:
    """What is to be left as it is, by its quality."""

    @pytest.mark.parametrize(
        ("prompt", "expected"),
        [
            (
                (
                    "Client says too cold, boss says too warm, I say leave the temperature. Just "
                    "reduce the saturation slightly."
                ),
                [Saturation(amount=-0.5)],
            ),
            ("The composition sits off centre. Centre it and leave the size alone.", [Centre()]),
            ("Leave the size, centre it.", [Centre()]),
            ("Keep the brightness as it is but make it a bit warmer.", [Warmth(amount=0.5)]),
            ("Don't touch the line weight, round the corners.", [Roundness(amount=1.0)]),
            ("Bolder lines. No, leave the line weight alone.", []),
        ],
    )
    def test_a_quality_left_alone_is_not_changed(
        self, prompt: str, expected: list[Operation]
    ) -> None:
        """Neither by the same sentence nor by another."""
        assert operations(prompt) == expected


class TestWording:
    """The same wish in more words."""

    @pytest.mark.parametrize(
        ("prompt", "expected"),
        [
            ("A frame round the picture, black, quite thin.", [Border(amount=0.5, colour="black")]),
            ("Put a frame around it, dark blue, thin.", [Border(amount=0.5, colour="darkblue")]),
            ("I'd like a shadow under it, soft.", [Shadow(amount=0.5)]),
            ("Add a shadow, subtle please.", [Shadow(amount=0.5)]),
            ("Perhaps a thin outline would help?", [Outline(amount=0.5)]),
        ],
    )
    def test_adjectives_behind_a_line_belong_to_it(
        self, prompt: str, expected: list[Operation]
    ) -> None:
        """A thin frame thins no lines, and a black one colours nothing else."""
        assert operations(prompt) == expected

    @pytest.mark.parametrize(
        ("prompt", "expected"),
        [
            ("The orange dropped in favour of silver.", [("orange", "silver")]),
            ("Lose the orange in favour of teal.", [("orange", "teal")]),
            ("Whatever is green should be blue.", [("green", "blue")]),
            (
                "What is red becomes blue and what is blue becomes red.",
                [("red", "blue"), ("blue", "red")],
            ),
            (
                "The blue and the yellow should change places.",
                [("blue", "yellow"), ("yellow", "blue")],
            ),
            ("The yellow prints badly, please swap it for gold.", [("yellow", "gold")]),
            ("The red must be exactly #c8102e.", [("red", "#c8102e")]),
            ("He wants the blue back to #2255aa.", [("blue", "#2255aa")]),
        ],
    )
    def test_one_colour_takes_the_place_of_another(
        self, prompt: str, expected: list[tuple[str, str]]
    ) -> None:
        """However the change of places is put."""
        assert operations(prompt) == [
            Replace(source=source, target=target) for source, target in expected
        ]

    @pytest.mark.parametrize(
        ("prompt", "expected"),
        [
            ("Drop the shadow in favour of an outline.", [RemoveShadow(), Outline(amount=1.0)]),
            ("We're all in favour of navy.", [Recolour(colours=("navy",))]),
            ("I'd warm up the palette slightly.", [Warmth(amount=0.5)]),
            (
                "If anything the background could be a shade lighter.",
                [Lightness(amount=0.5, scope="background")],
            ),
            (
                "The background less stark than pure white, please.",
                [Background(colour="offwhite")],
            ),
            (
                "Nearly there. Only the yellow: it vanishes, so a deeper, more mustardy tone.",
                [Recolour(colours=("mustard",), scope="yellow")],
            ),
            (
                "Everyone prefers the darker teal. Can you take the teal back down?",
                [Lightness(amount=-1.0, scope="teal")],
            ),
            ("In a larger size, say three times as big.", [Upscale(factor=3.0)]),
            ("Could you make the logo bigger within the picture?", [Padding(amount=-1.0)]),
            ("Not Barbie pink, something dusty.", [Saturation(amount=-1.0)]),
            ("Her only wish: a thicker outline in gold.", [Outline(amount=1.0, colour="gold")]),
            ("Soften the edges here too.", [Sharpness(amount=-1.0)]),
            (
                "The background should be whatever our website has, #0b1f3a.",
                [Background(colour="#0b1f3a")],
            ),
            (
                "The consensus is that the blue is too cold.",
                [Warmth(amount=1.0, scope="blue")],
            ),
            ("I don't think the text is dark enough.", [Lightness(amount=-1.0, scope="text")]),
            ("Would navy work better?", [Recolour(colours=("navy",))]),
            ("No background, please, it goes on a van.", [TransparentBackground()]),
        ],
    )
    def test_many_words_come_to_one_wish(self, prompt: str, expected: list[Operation]) -> None:
        """What is said at length is not said twice."""
        assert operations(prompt) == expected


class TestAbstaining:
    """Nothing is done where it is not sure what is wished."""

    @pytest.mark.parametrize(
        "prompt",
        [
            "Mirroring the whole thing would ruin the text.",
            "A red background would kill it.",
            "Bolder letters would hurt the elegance.",
            "Our designer warned that a thinner line would vanish in print.",
            "Would a darker blue be too much?",
            "The four colours feel like a kindergarten.",
            "Our head of sales compared it to a sad wet cardboard box.",
            "The client sent me a screenshot where it's much more saturated.",
            "The kids at school voted for green.",
            "I don't want the old gradients back.",
            "Hi team, quick round of feedback.",
            "My boss does not agree that the logo is too dark.",
            "The logo is drowning in empty space.",
            "We are not in favour of navy.",
            "Blue and red should not change places.",
            "I love the shadow but it could be lighter.",
            "The fox is too orange for my taste, tone it down please.",
        ],
    )
    def test_what_is_told_or_feared_is_not_done(self, prompt: str) -> None:
        """A word in the middle of a story is no wish."""
        assert operations(prompt) == []

    @pytest.mark.parametrize(
        "prompt",
        [
            "Mirror just the icon.",
            "Could you flip just the arrow?",
            "Flip only the bird, not the text.",
            "Can you rotate only the leaf?",
            "Could the flag be mirrored so that it points to the right?",
        ],
    )
    def test_a_part_is_not_turned_with_the_whole(self, prompt: str) -> None:
        """To turn a part alone is refused, and said so."""
        plan = plan_for(prompt)

        assert plan.steps == ()
        assert plan.skipped

    @pytest.mark.parametrize(
        ("prompt", "expected"),
        [
            ("Why is it so yellow?", [Saturation(amount=-1.0, scope="yellow")]),
            (
                "Could I see it in just charcoal and copper? The four colours feel childish.",
                [Duotone(colours=("charcoal", "copper"))],
            ),
            ("Too many colours, max two.", [LimitColours(count=2)]),
            ("It disappears against a dark header.", [Contrast(amount=1.0)]),
        ],
    )
    def test_a_complaint_asks_for_less_of_its_fault(
        self, prompt: str, expected: list[Operation]
    ) -> None:
        """And for nothing that it only mentions."""
        assert operations(prompt) == expected
