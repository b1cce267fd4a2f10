"""The contact sheets' table: which prompt is shown on which logo."""

from io import BytesIO
from typing import Final

import msgspec

from tests.logos import LOGOS, NOISY_QUALITY, as_jpeg


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt, the logo it is tried on, and how that logo is sent.

    `part` is what is cut out of it: left, top, right and bottom in parts of its side. Without a
    quality it is sent as PNG.
    """

    logo: str
    prompt: str
    preserve_aspects: tuple[str, ...] = ()
    side: int = 512
    part: tuple[float, float, float, float] = (0, 0, 1, 1)
    jpeg_quality: int | None = None

    def original(self) -> bytes:
        """The logo as a file."""
        if self.jpeg_quality is not None:
            return as_jpeg(self.logo, self.side, self.jpeg_quality)
        drawn = LOGOS[self.logo](self.side)
        left, top, right, bottom = (round(share * self.side) for share in self.part)
        body = BytesIO()
        drawn.crop((left, top, right, bottom)).save(body, "PNG")
        return body.getvalue()


SHEETS: Final[dict[str, tuple[Row, ...]]] = {
    "simpler": (
        Row(
            logo="coffee",
            prompt="Make the logo more minimalist and use lighter shades of brown",
        ),
        Row(logo="leaf", prompt="no gradients or shadows"),
        Row(logo="shadowed", prompt="Flat design, but keep the colors"),
        Row(logo="gradient_app", prompt="flatten it to three colours"),
        Row(
            logo="badge",
            prompt="Much simpler, and smooth out the ragged edges",
            jpeg_quality=NOISY_QUALITY,
        ),
        Row(logo="coffee", prompt="limit it to three colours and remove the small details"),
        Row(logo="leaf", prompt="simpler and warmer", preserve_aspects=("color_scheme",)),
    ),
    "colours": (
        Row(logo="fox", prompt="Replace the orange with teal"),
        Row(logo="badge", prompt="Use navy and gold on a white background"),
        Row(logo="leaf", prompt="recolour it in deep purple"),
        Row(logo="blocks", prompt="more vibrant and a bit darker, with stronger contrast"),
        Row(logo="gradient_app", prompt="make it slightly warmer and a lot lighter"),
        Row(logo="coffee", prompt="Keep the browns, make the background light blue"),
    ),
    "looks": (
        Row(logo="blocks", prompt="pastel colours please"),
        Row(logo="coffee", prompt="make it black and white"),
        Row(logo="fox", prompt="make it black and white"),
        Row(logo="fox", prompt="a duotone of navy and coral"),
        Row(logo="badge", prompt="monochrome, in forest green"),
        Row(logo="leaf", prompt="give it a vintage look"),
        Row(logo="night", prompt="neon colours"),
        Row(logo="gradient_app", prompt="earthy tones"),
    ),
    "backgrounds": (
        Row(logo="leaf", prompt="transparent background"),
        Row(
            logo="badge",
            prompt="Remove the background and make the colours more vibrant",
            jpeg_quality=NOISY_QUALITY,
        ),
        Row(logo="night", prompt="make the background transparent"),
        Row(logo="line_art", prompt="put it on a navy background"),
        Row(logo="transparent", prompt="on a cream background, without the shadow"),
        Row(logo="line_art", prompt="invert the colours"),
    ),
    "lines": (
        Row(logo="line_art", prompt="thicker lines"),
        Row(logo="badge", prompt="make the lines thinner"),
        Row(logo="fox", prompt="rounder corners"),
        Row(logo="wordmark", prompt="bolder letters"),
        Row(logo="coffee", prompt="make only the text dark green"),
        Row(logo="blocks", prompt="add a black outline"),
        Row(logo="fox", prompt="add a soft drop shadow"),
    ),
    "canvas": (
        Row(logo="fox", prompt="more padding, and a thin border in dark blue"),
        Row(logo="wordmark", prompt="crop the empty margins"),
        Row(logo="blocks", prompt="rotate it by 15 degrees"),
        Row(
            logo="wordmark",
            prompt="make it square and put the logo in the middle",
            part=(0, 0.3, 1, 0.76),
        ),
        Row(logo="transparent", prompt="mirror it left to right", part=(0.15, 0.05, 1, 1)),
        Row(logo="badge", prompt="upscale it to twice the size and sharpen it", side=160),
        Row(logo="fox", prompt="make the blue parts lighter and change the font"),
        Row(logo="wordmark", prompt="change the font"),
    ),
}
