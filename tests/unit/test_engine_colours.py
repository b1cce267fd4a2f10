"""The colour operations of the local engine, on scenes of a few entries and on random ones."""

from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.refinement.engines.local.colour import (
    Colours,
    contrast_ratio,
    from_lch,
    named,
    to_displayable,
    to_lab,
    to_lch,
)
from services.refinement.engines.local.colour_scene import ColourScene
from services.refinement.engines.local.drawing import refine_pixels
from services.refinement.engines.local.edits import (
    CHANGES_NOTHING,
    ColourOperation,
    apply_colours,
)
from services.refinement.engines.local.legibility import PALE_SHAPE
from services.refinement.engines.local.operations import (
    Contrast,
    Duotone,
    Lightness,
    Look,
    LookName,
    Monochrome,
    Recolour,
    Replace,
    Saturation,
    Shades,
    Warmth,
)
from services.refinement.engines.local.plan import Plan, Step
from services.refinement.engines.local.toning import contrasted, lightened, saturated
from tests.logos import Canvas

LOOKS: Final[tuple[LookName, ...]] = (
    *("black_and_white", "grayscale", "pastel", "sepia"),
    *("invert", "vintage", "neon", "earthy"),
)
ORANGE, RUST, WHITE, INK = "#e8731f", "#b94f12", "#ffffff", "#222222"
BROWN, TAN, CREAM = "#784828", "#dcbc8c", "#f7efe2"


def scene_of(
    *colours: str,
    shares: tuple[float, ...] | None = None,
    background: int | None = 0,
    text: tuple[int, ...] = (),
    kept: tuple[int, ...] = (),
) -> ColourScene:
    """A scene of these entries and no other rows; the first is the background."""
    count = len(colours)
    return ColourScene(
        rows=np.stack([named(colour) for colour in colours]),
        owner=np.arange(count),
        shares=np.array(shares or [1 / count] * count, dtype=np.float32),
        background=background,
        text=np.isin(np.arange(count), text).astype(np.float32),
        kept=np.isin(np.arange(count), kept).astype(np.float32),
    )


def shown(scene: ColourScene) -> list[str]:
    """The entries as `#rrggbb`."""
    levels = (to_displayable(scene.entries) * 255 + 0.5).astype(int)
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in levels]


def edited(scene: ColourScene, *operations: ColourOperation, paper: str | None = None) -> Colours:
    """The entries after operations that all apply."""
    colour = None if paper is None else named(paper)

    reasons = apply_colours(scene, operations, paper=colour)

    assert reasons == (None,) * len(operations)
    return scene.entries


def contrasts(scene: ColourScene, ground: Colours) -> Colours:
    """The entries' contrast with a ground, as eight-bit colours."""
    entries, paper = (
        (to_displayable(part) * 255 + 0.5) // 1 / 255 for part in (scene.entries, ground)
    )
    return contrast_ratio(entries.astype(np.float32), paper.astype(np.float32))


class TestToning:
    """Lighter, fuller, warmer, and more apart."""

    def test_warmer_shows_at_once_and_grey_only_slightly(self) -> None:
        """Colours move clearly towards orange, greys a little, white and black not at all."""
        scene = scene_of(WHITE, "#2f8f4e", "#80858a", "#16171a")
        before = from_lch(scene.entries)

        after = from_lch(edited(scene, Warmth(amount=1)))

        moved = np.linalg.norm(after - before, axis=-1)
        assert moved[1] > 0.05
        assert 0.008 < moved[2] < 0.03
        assert moved[0] < 0.002
        assert moved[3] < 0.012
        assert after[1, 1] > before[1, 1]
        assert after[1, 2] > before[1, 2]

    def test_cooler_is_the_other_way(self) -> None:
        """Cooling moves to blue what warming moves to orange."""
        warm, cool = scene_of(WHITE, "#80858a"), scene_of(WHITE, "#80858a")
        before = from_lch(warm.entries)[1]

        warmer = from_lch(edited(warm, Warmth(amount=1)))[1]
        cooler = from_lch(edited(cool, Warmth(amount=-1)))[1]

        assert warmer[2] > before[2] > cooler[2]

    def test_brown_gets_lighter_without_pink(self) -> None:
        """A brown becomes tan: its hue goes towards yellow with its lightness."""
        scene = scene_of(BROWN, background=None)

        tan = edited(scene, Lightness(amount=1.7))[0]

        assert tan[0] > 0.6
        assert 60 < tan[2] < 88

    def test_yellow_gets_darker_without_green(self) -> None:
        """A yellow becomes ochre: its hue goes towards orange with its lightness."""
        scene = scene_of("#f6cf2d", background=None)

        ochre = edited(scene, Lightness(amount=-1.5))[0]

        assert ochre[0] < 0.62
        assert ochre[2] < named("#f6cf2d")[2] - 5

    @pytest.mark.parametrize("green", ["#b7e26a", "#8fce58", "#5fb548"])
    def test_a_yellowish_green_gets_darker_without_brown(self, green: str) -> None:
        """Its hue does not move towards yellow."""
        before = scene_of(green).rows

        after = lightened(before, -1.5)

        assert after[0, 0] < before[0, 0] - 0.2
        assert before[0, 2] - 0.5 <= after[0, 2] <= 150

    def test_light_letters_on_a_tile_stay_light(self) -> None:
        """A tile under white letters gets only as light as they can bear."""
        scene = scene_of("#d62828", WHITE, shares=(0.9, 0.1))

        after = edited(scene, Lightness(amount=1.7))

        assert after[1, 0] > 0.99
        assert after[0, 0] > named("#d62828")[0]
        assert contrasts(scene, after[:1])[1] >= 3

    def test_gaps_in_a_logo_follow_the_background(self) -> None:
        """What has the background's colour inside a ring is not left behind or ahead."""
        scene = scene_of("#17284f", "#c9a13b", "#17284f", shares=(0.8, 0.1, 0.1))

        after = edited(scene, Lightness(amount=1))

        assert np.allclose(after[0], after[2])

    def test_darkening_spares_white_paper(self) -> None:
        """The ink is meant."""
        scene = scene_of(WHITE, ORANGE)

        after = edited(scene, Lightness(amount=-1))

        assert shown(scene)[0] == WHITE
        assert after[1, 0] < named(ORANGE)[0] - 0.1

    def test_more_contrast_darkens_darks_and_lightens_lights(self) -> None:
        """White stays white."""
        scene = scene_of(WHITE, "#7fc0ea", "#2463c4")
        before = scene.entries.copy()

        after = edited(scene, Contrast(amount=1))

        assert shown(scene)[0] == WHITE
        assert after[1, 0] > before[1, 0]
        assert after[2, 0] < before[2, 0]

    def test_shapes_that_lose_all_colour_can_still_be_told_apart(self) -> None:
        """Two hues of one lightness do not become one grey."""
        scene = scene_of(WHITE, "#d6423d", "#2f8f4e")
        scene.rows[2, 0] = scene.rows[1, 0]

        after = edited(scene, Look(look="grayscale"))

        assert abs(after[1, 0] - after[2, 0]) >= 0.02

    @given(
        st.lists(st.integers(0, 255), min_size=2, max_size=20, unique=True),
        st.floats(-2, 2),
        st.floats(0.2, 0.8),
    )
    def test_the_order_of_lightness_is_kept(
        self, levels: list[int], amount: float, middle: float
    ) -> None:
        """Of two colours the lighter one stays the lighter one."""
        rows = np.zeros((len(levels), 3), dtype=np.float32)
        rows[:, 0] = np.sort(levels) / np.float32(255)

        for after in (lightened(rows, amount), contrasted(rows, amount, middle)):
            assert (np.diff(after[:, 0]) >= -1e-6).all()

    @given(st.integers(0, 255), st.floats(0, 3))
    def test_greys_stay_grey_when_colours_get_fuller(self, level: int, amount: float) -> None:
        """A hue of rounding errors is no hue."""
        grey = to_lch(to_lab(np.full((1, 3), level / 255, dtype=np.float32)))

        after = (to_displayable(saturated(grey, amount)) * 255 + 0.5).astype(int)

        assert after.tolist() == [[level] * 3]


class TestRecolouring:
    """Other colours for a logo."""

    def test_one_colour_keeps_hierarchy_and_white(self) -> None:
        """The largest part takes the colour exactly, darker parts are darker, white stays."""
        scene = scene_of(WHITE, ORANGE, RUST, "#fefefe", shares=(0.6, 0.25, 0.1, 0.05))

        after = edited(scene, Recolour(colours=("#2463c4",)))

        assert shown(scene)[:2] == [WHITE, "#2463c4"]
        assert shown(scene)[3] == "#fefefe"
        assert after[2, 0] < after[1, 0] - 0.05
        assert abs(after[2, 2] - after[1, 2]) < 8

    def test_two_colours_go_dark_to_dark(self) -> None:
        """Neutral ink takes part, and light parts take the light colour."""
        scene = scene_of(CREAM, BROWN, TAN, INK, shares=(0.6, 0.25, 0.1, 0.05))

        edited(scene, Recolour(colours=("gold", "#17284f")))

        after = shown(scene)
        assert after[:2] == [CREAM, "#17284f"]
        assert after[2] == "#c9a13b"

    def test_lettering_may_part_from_a_shape_of_its_colour(self) -> None:
        """A logo of one ink takes two colours: the lettering the one that stands out more."""
        scene = scene_of(WHITE, INK, INK, INK, shares=(0.7, 0.1, 0.15, 0.05), text=(1,))

        edited(scene, Recolour(colours=("#8a5a14", "#17284f")))

        assert shown(scene) == [WHITE, "#17284f", "#8a5a14", "#8a5a14"]

    def test_of_too_many_colours_the_first_ones_are_used(self) -> None:
        """One entry takes one colour."""
        scene = scene_of(WHITE, ORANGE)

        edited(scene, Recolour(colours=("#16714a", "#aa2255", "#123456")))

        assert shown(scene) == [WHITE, "#16714a"]

    def test_the_colour_of_the_paper_goes_to_shapes_on_shapes_only(self) -> None:
        """In blue and white on white, a shape on the paper must not vanish."""
        scene = scene_of(WHITE, "#2f8f4e", "#f6cf2d", shares=(0.6, 0.3, 0.1))

        after = edited(scene, Recolour(colours=("blue", "white")))

        assert (after[1:, 1] > 0.05).all()

    @pytest.mark.parametrize(("scope", "changed"), [("text", 2), ("background", 0), ("orange", 1)])
    def test_a_scope_limits_what_is_coloured(self, scope: str, changed: int) -> None:
        """Only the entries that are meant change."""
        scene = scene_of("#ffffff", ORANGE, INK, text=(2,))
        before = shown(scene)

        edited(scene, Recolour(colours=("#7a1f5c",), scope=scope))

        after = shown(scene)
        assert after[changed] == "#7a1f5c"
        # What is not meant may still move for the sake of legibility, if the background changes.
        if scope != "background":
            assert [colour for place, colour in enumerate(after) if place != changed] == [
                colour for place, colour in enumerate(before) if place != changed
            ]

    @pytest.mark.parametrize(
        ("operation", "reason"),
        [
            (Replace(source="blue", target="red"), "there is no blue in the picture"),
            (
                Recolour(colours=("red",), scope="text"),
                "there is no lettering that this engine recognises in the picture",
            ),
            (
                Lightness(amount=1, scope="background"),
                "the background is transparent or not of one colour",
            ),
            (Lightness(amount=1, scope="#00ff00"), "there is no #00ff00 in the picture"),
            (Saturation(amount=1, scope="purple"), "there is no purple in the picture"),
            (Replace(source="orange", target=ORANGE), CHANGES_NOTHING),
        ],
    )
    def test_what_is_absent_is_a_reason(self, operation: ColourOperation, reason: str) -> None:
        """Nothing to work on is told, and changes nothing."""
        scene = scene_of(ORANGE, background=None)

        reasons = apply_colours(scene, (operation,), paper=None)

        assert reasons == (reason,)
        assert shown(scene) == [ORANGE]

    def test_replacing_touches_its_family_only(self) -> None:
        """The other rows stay to the bit."""
        scene = scene_of(WHITE, ORANGE, "#2463c4", INK)
        before = scene.rows.copy()

        edited(scene, Replace(source="blue", target="#16714a"))

        assert shown(scene)[2] == "#16714a"
        assert (scene.rows[[0, 1, 3]] == before[[0, 1, 3]]).all()

    def test_colours_change_places(self) -> None:
        """Replaces in one plan go by the colours before any of them, so none is lost."""
        scene = scene_of(WHITE, "#c8202c", "#2463c4")

        reasons = apply_colours(
            scene,
            (Replace(source="red", target="#2463c4"), Replace(source="blue", target="#c8202c")),
            paper=None,
        )

        assert reasons == (None, None)
        assert shown(scene) == [WHITE, "#2463c4", "#c8202c"]

    def test_each_replace_has_its_own_reason(self) -> None:
        """One that finds nothing does not keep the others from being done."""
        scene = scene_of(WHITE, "#2463c4")

        reasons = apply_colours(
            scene,
            (Replace(source="red", target=ORANGE), Replace(source="blue", target="#16714a")),
            paper=None,
        )

        assert reasons == ("there is no red in the picture", None)
        assert shown(scene)[1] == "#16714a"

    def test_what_changes_in_part_does_not_turn_to_mud(self) -> None:
        """Half-way from blue to gold there is colour, not grey."""
        scene = scene_of(WHITE, "#2463c4")
        scene.kept[1] = 0.5

        after = edited(scene, Recolour(colours=("#c9a13b",)))

        assert after[1, 1] > 0.06

    def test_lighter_shades_of_brown_are_warm_and_legible(self) -> None:
        """Caramel and latte, with letters that can be read."""
        scene = scene_of(CREAM, BROWN, "#3e2416", shares=(0.7, 0.26, 0.04), text=(2,))

        after = edited(scene, Shades(colour="brown", amount=1))

        assert after[1, 0] > named(BROWN)[0] + 0.12
        assert 50 < after[1, 2] < 88
        assert after[1, 1] > 0.05
        assert contrasts(scene, after[:1])[2] >= 4.5

    def test_white_ink_overrides_the_order_of_lightness(self) -> None:
        """On a dark background to come, dark letters become light ones."""
        scene = scene_of(WHITE, "#222233", shares=(0.9, 0.1), text=(1,))

        edited(scene, Recolour(colours=("white",)), paper="navy")

        assert shown(scene)[1] == WHITE

    def test_gaps_in_a_white_logo_show_its_new_ground(self) -> None:
        """A logo that turns white on navy has navy eyes."""
        scene = scene_of(WHITE, ORANGE, WHITE, INK, shares=(0.6, 0.3, 0.05, 0.05), text=(3,))

        edited(scene, Recolour(colours=("#ffffff",)), paper="navy")

        assert shown(scene)[1:] == [WHITE, "#17284f", WHITE]


class TestStrictNames:
    """A name means what is just that, where the picture has that and something near it."""

    @pytest.mark.parametrize(
        ("name", "colours", "changed"),
        [
            ("white", (CREAM, "#ffffff", INK), [1]),
            ("white", (INK, CREAM, ORANGE), [1]),
            ("white", ("#f4f4f4", "#ffffff", INK), [1]),
            ("black", (WHITE, "#363b40", "#000000"), [2]),
            ("black", (WHITE, "#2463c4", "#363b40"), [2]),
            ("yellow", (WHITE, "#f6cf2d", "#f07d1a"), [1]),
            ("orange", (WHITE, "#f6cf2d", "#f07d1a"), [2]),
        ],
    )
    def test_a_replace_widens_only_if_it_must(
        self, name: str, colours: tuple[str, ...], changed: list[int]
    ) -> None:
        """White is not cream beside white, and cream passes for white where there is none."""
        scene = scene_of(*colours, shares=(0.6, 0.3, 0.1))
        before = shown(scene)

        edited(scene, Replace(source=name, target="teal"))

        after = shown(scene)
        assert [at for at in range(3) if after[at] != before[at]] == changed

    def test_white_parts_of_a_picture_on_cream(self) -> None:
        """The disc turns to gold and the paper stays to the bit."""
        canvas = Canvas(256, CREAM)
        canvas.put(canvas.disc((256, 256), 180), "#1f3a4d")
        canvas.put(canvas.disc((256, 256), 90), "#ffffff")
        pixels = np.asarray(canvas.image)
        plan = Plan(steps=(Step(operation=Replace(source="white", target="gold"), phrase=""),))

        after, _ = refine_pixels(pixels, plan)

        assert np.array_equal(after[:30], pixels[:30])
        assert abs(int(after[128, 128, 0]) - 0xC9) <= 2


class TestFewInks:
    """One colour, two colours, black and white."""

    def test_monochrome_has_one_hue_and_the_order_of_lightness(self) -> None:
        """White stays white, the main colour sets the hue."""
        scene = scene_of(WHITE, "#2463c4", "#f6cf2d", INK, shares=(0.5, 0.3, 0.1, 0.1))
        order = np.argsort(scene.entries[:, 0])

        after = edited(scene, Monochrome())

        assert shown(scene)[:2] == [WHITE, "#2463c4"]
        assert (np.argsort(after[:, 0]) == order).all()
        assert np.abs(after[1:, 2] - named("#2463c4")[2]).max() < 3

    def test_a_shadow_on_the_paper_does_not_glow_in_one_colour(self) -> None:
        """Rows of the background that are darker have no more colour than the paper gets."""
        scene = scene_of("#eef1ee", "#2f9e58")
        scene.rows = np.concatenate([scene.rows, scene_of("#aeb6b0").rows])
        scene.owner = np.array([0, 1, 0])

        edited(scene, Monochrome(colour="navy"))

        paper, _, shade = scene.rows
        assert shade[0] < paper[0] - 0.1
        assert shade[1] <= paper[1] < 0.03

    def test_light_letters_stay_light_in_another_colour(self) -> None:
        """The tile gets as dark as its white letters need it."""
        scene = scene_of("#d62828", WHITE, shares=(0.9, 0.1), text=(1,))

        edited(scene, Monochrome(colour="green"))

        assert shown(scene)[1] == WHITE

    def test_grey_has_no_colour_of_its_own(self) -> None:
        """A grey logo has nothing to make shades of, unless a colour is named."""
        reasons = apply_colours(scene_of(WHITE, INK), (Monochrome(),), paper=None)
        scene = scene_of(WHITE, INK)

        after = edited(scene, Monochrome(colour="green"))

        assert reasons == ("there is no colour in the picture to make shades of",)
        assert after[1, 1] > 0.03

    @pytest.mark.parametrize(
        ("ground", "colours", "expected"),
        [
            (CREAM, ("#17284f", "#ffffff"), ["#ffffff", "#17284f", "#17284f"]),
            ("#1c1c20", ("#000000", "#f6cf2d"), ["#000000", "#f6cf2d", "#f6cf2d"]),
            (WHITE, ("#17284f", "#8f3d14"), ["#ffffff", "#8f3d14", "#17284f"]),
        ],
    )
    def test_duotone_takes_the_paper_that_is_nearest(
        self, ground: str, colours: tuple[str, str], expected: list[str]
    ) -> None:
        """One colour is the paper and the other ink; if neither is near, both are ink on white."""
        light, dark = ("#e8731f", "#784828") if ground != "#1c1c20" else ("#f7efe2", "#e8731f")
        scene = scene_of(ground, light, dark, shares=(0.8, 0.1, 0.1))

        edited(scene, Duotone(colours=colours))

        assert shown(scene) == expected

    def test_black_and_white_is_nothing_else(self) -> None:
        """Details of a dark shape come out white, what stands on white comes out black."""
        scene = scene_of(CREAM, BROWN, TAN, INK, shares=(0.6, 0.25, 0.1, 0.05), text=(3,))

        edited(scene, Look(look="black_and_white"))

        assert shown(scene) == ["#ffffff", "#000000", "#ffffff", "#000000"]

    def test_letters_on_a_badge_do_not_vanish_in_it(self) -> None:
        """Of lettering that is not on the background, the badge is the other side."""
        scene = scene_of(WHITE, "#2463c4", "#7fb0ea", shares=(0.5, 0.45, 0.05), text=(2,))

        edited(scene, Look(look="black_and_white"))

        assert shown(scene) == ["#ffffff", "#000000", "#ffffff"]


class TestLooks:
    """Treatments that have a name."""

    @pytest.mark.parametrize("look", LOOKS)
    def test_every_look_changes_a_colourful_logo(self, look: LookName) -> None:
        """No look is a word without effect, and none makes another picture's colours of it."""
        scene = scene_of(WHITE, "#2463c4", "#d62828", "#f6cf2d", INK)

        after = edited(scene, Look(look=look))

        assert np.isfinite(after).all()

    def test_earth_has_no_blue(self) -> None:
        """Hues end between terracotta and olive, and no colour is loud."""
        hues = np.linspace(0, 350, 36, dtype=np.float32)
        scene = scene_of(*[ORANGE] * 36, background=None)
        scene.rows = np.stack([np.full(36, 0.6), np.full(36, 0.15), hues], axis=-1).astype(
            np.float32
        )

        after = edited(scene, Look(look="earthy"))

        assert after[:, 2].min() >= 20
        assert after[:, 2].max() <= 112
        assert after[:, 1].max() < 0.14

    def test_vintage_is_milder_than_sepia(self) -> None:
        """Vintage keeps hues and lifts black; sepia has one hue."""
        vintage, sepia = (scene_of(WHITE, "#2463c4", "#16171a") for _ in range(2))

        faded = edited(vintage, Look(look="vintage"))
        brown = edited(sepia, Look(look="sepia"))

        assert 230 < faded[1, 2] < 290
        assert faded[1, 1] < named("#2463c4")[1]
        assert faded[2, 0] > named("#16171a")[0] + 0.05
        assert 60 < brown[1, 2] < 90

    def test_neon_is_full_and_on_dark_ground_bright(self) -> None:
        """The ground itself stays."""
        scene = scene_of("#0c1024", "#1c3f91", "#7d1616")
        before = scene.entries.copy()

        after = edited(scene, Look(look="neon"))

        assert shown(scene)[0] == "#0c1024"
        assert (after[1:, 0] > before[1:, 0] + 0.2).all()
        assert (after[1:, 1] > before[1:, 1]).all()

    def test_inverting_turns_light_and_hue_around(self) -> None:
        """White becomes night, dark ink light, orange blue."""
        scene = scene_of(WHITE, ORANGE, INK)

        after = edited(scene, Look(look="invert"))

        assert after[0, 0] < 0.2
        assert after[2, 0] > 0.8
        assert 220 < after[1, 2] < 260


families = st.sampled_from(("blue", "yellow", "green", "white", "black", "#e8731f"))
amounts = st.floats(-2, 2).filter(bool)
scopes = st.sampled_from((None, "background", "foreground", "text", "blue", "brown", "#e8731f"))
colours = st.sampled_from(("navy", "gold", "white", "black", "mint", "#e8731f", "gray"))
operations = st.one_of(
    st.builds(Lightness, amount=amounts, scope=scopes),
    st.builds(Saturation, amount=amounts, scope=scopes),
    st.builds(Warmth, amount=amounts, scope=scopes),
    st.builds(Contrast, amount=amounts),
    st.builds(
        Recolour,
        colours=st.lists(colours, min_size=1, max_size=3).map(tuple),
        scope=scopes,
    ),
    st.builds(Shades, colour=colours, amount=amounts),
    st.builds(Replace, source=families, target=colours),
    st.builds(Monochrome, colour=st.none() | colours),
    st.builds(Duotone, colours=st.tuples(colours, colours)),
    st.builds(Look, look=st.sampled_from(LOOKS)),
)


@st.composite
def scenes(draw: st.DrawFn) -> ColourScene:
    """Any few colours, with rows that differ a little from their entries."""
    levels = st.tuples(*[st.integers(0, 255)] * 3)
    entries = draw(st.lists(levels, min_size=1, max_size=6))
    count = len(entries)
    owner = np.array(
        [*range(count), *draw(st.lists(st.integers(0, count - 1), max_size=6))], dtype=np.intp
    )
    rgb = np.array(entries, dtype=np.float32)[owner]
    rgb[count:] += draw(st.integers(-20, 20))
    weights = np.array(draw(st.lists(st.integers(1, 99), min_size=count, max_size=count)))
    flags = st.lists(st.sampled_from((0.0, 0.0, 1.0)), min_size=count, max_size=count)
    return ColourScene(
        rows=to_lch(to_lab((rgb / 255).clip(0, 1).astype(np.float32))),
        owner=owner,
        shares=(weights / weights.sum()).astype(np.float32),
        background=draw(st.none() | st.integers(0, count - 1)),
        text=np.array(draw(flags), dtype=np.float32),
        kept=np.array(draw(flags), dtype=np.float32),
    )


class TestAnyScene:
    """What holds for all colours and all operations."""

    @settings(max_examples=150)
    @given(scenes(), st.lists(operations, max_size=3), st.none() | colours)
    def test_edits_are_sound(
        self, scene: ColourScene, wishes: list[ColourOperation], paper: str | None
    ) -> None:
        """Rows stay numbers, kept ones stay to the bit, and every operation gets its answer."""
        before = scene.rows.copy()

        reasons = apply_colours(scene, tuple(wishes), paper=None if paper is None else named(paper))

        kept = scene.kept[scene.owner] == 1
        assert len(reasons) == len(wishes)
        assert scene.rows.shape == before.shape
        assert np.isfinite(scene.rows).all()
        assert np.isfinite(to_displayable(scene.rows)).all()
        assert (scene.rows[kept] == before[kept]).all()

    @settings(max_examples=150)
    @given(scenes(), st.lists(operations, max_size=3), st.none() | colours)
    def test_what_could_be_read_can_be_read(
        self, scene: ColourScene, wishes: list[ColourOperation], paper: str | None
    ) -> None:
        """Shapes keep a contrast of 3 against the final background, lettering one of 4.5.

        Broad shapes of colour may get as pale as pastels where that is asked for.
        """
        if scene.background is None:
            return
        place = scene.background
        before = contrasts(scene, scene.entries[place : place + 1])
        is_colourful = scene.entries[:, 1] >= 0.03

        apply_colours(scene, tuple(wishes), paper=None if paper is None else named(paper))

        ground = scene.entries[place : place + 1] if paper is None else named(paper)[None]
        after = contrasts(scene, ground)
        movable = scene.foreground() & (scene.kept == 0)
        is_pale = any(getattr(wish, "look", None) == "pastel" for wish in wishes)
        is_pale |= any(isinstance(wish, Lightness) and wish.amount > 0 for wish in wishes)
        may_be_pale = is_pale & is_colourful & (scene.text == 0)
        owed = np.where(may_be_pale, PALE_SHAPE, 3)
        assert (after >= owed)[movable & (before >= 3.01)].all()
        assert (after[movable & (before >= 4.51) & (scene.text == 1)] >= 4.5).all()

    def test_no_operation_leaves_every_colour_exact(self) -> None:
        """Eight-bit colours that nothing concerns come back as they were."""
        levels = np.linspace(0, 255, 18).round()
        rgb = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
        scene = scene_of(WHITE, ORANGE)
        scene.rows = to_lch(to_lab((rgb / 255).astype(np.float32)))
        scene.rows[:2] = scene_of(WHITE, ORANGE).rows
        scene.owner = np.ones(len(scene.rows), dtype=np.intp)
        scene.owner[0] = 0

        apply_colours(scene, (Replace(source="blue", target="red"),), paper=None)

        after = to_displayable(scene.rows) * 255 + 0.5
        assert (after[2:].astype(int) == rgb[2:]).all()
