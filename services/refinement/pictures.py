"""What a picture may be, how its bytes become pixels, and how pixels become PNG bytes.

The input is hostile: decoding runs only in the child process of a studio, never beside the event
loop. Limits are checked on the header, before any pixel is decoded.
"""

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from PIL import (
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from services.refinement.failures import PictureRefused

PNG: Final = "image/png"

# Naming the plugins also imports them: for a format it does not know yet, `Image.open` imports all
# forty, with their readers of formats nobody sends us on purpose.
_CONTENT_TYPES: Final[dict[str, str]] = {
    PngImagePlugin.PngImageFile.format: PNG,
    JpegImagePlugin.JpegImageFile.format: "image/jpeg",
    WebPImagePlugin.WebPImageFile.format: "image/webp",
}
_SCAN_MARKER: Final = b"\xff\xda"
_COMPRESSION_LEVEL: Final = 6
_THUMBNAIL_SIDE: Final = 256

# Text chunks can be bombs of their own, and we keep none of them.
PngImagePlugin.MAX_TEXT_CHUNK = 64 * 1024
PngImagePlugin.MAX_TEXT_MEMORY = 256 * 1024


class PictureLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a picture may measure; sides and pixels as the header declares them."""

    bytes_max: int = 20 * 1024 * 1024
    pixels_max: int = 25_000_000
    side_max: int = 8192
    side_min: int = 16
    aspect_max: int = 20
    jpeg_scans_max: int = 64
    working_side_max: int = 1536


class PictureFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is recorded about a picture; width and height as stored, before any rotation."""

    content_type: str
    width: int
    height: int
    bytes: int
    sha256: str


def inspect(body: bytes, limits: PictureLimits) -> PictureFacts:
    """Check a picture's magic, header and limits without decoding its pixels.

    Raises:
        PictureRefused: the bytes break a rule, which `code` names.
    """
    with _opened(body, limits) as image:
        return _facts(body, image)


def decode(body: bytes, limits: PictureLimits) -> Image.Image:
    """Decode to upright 8-bit sRGB with alpha, no side longer than the working side.

    Nothing but pixels survives: profile, EXIF, text and anything behind the picture are gone.

    Raises:
        PictureRefused: the bytes break a rule, which `code` names.
    """
    with _opened(body, limits) as image:
        side = limits.working_side_max
        # Only JPEG listens; it then decodes to half or a quarter, but never below the asked size.
        image.draft(None, (side, side))
        image.load()
        upright = ImageOps.exif_transpose(image)
        pixels = _to_srgb(upright)
        pixels.thumbnail((side, side), Image.Resampling.LANCZOS)
        clean = Image.new("RGBA", pixels.size)
        clean.paste(pixels)
        return clean


def encode_png(image: Image.Image) -> bytes:
    """Encode pixels as PNG; the same pixels give the same bytes."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=_COMPRESSION_LEVEL)
    return buffer.getvalue()


def shrink(image: Image.Image) -> Image.Image:
    """Make a thumbnail; a picture that is small already is only copied."""
    small = image.copy()
    small.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return small


def describe_png(body: bytes, image: Image.Image) -> PictureFacts:
    """Record what `encode_png` made of an image."""
    return PictureFacts(
        content_type=PNG,
        width=image.width,
        height=image.height,
        bytes=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
    )


@contextmanager
def _opened(body: bytes, limits: PictureLimits) -> Iterator[Image.Image]:
    """Open a picture that keeps the rules, and name whatever goes wrong with it meanwhile."""
    if len(body) > limits.bytes_max:
        raise PictureRefused(code="image_too_large", reason=f"{len(body)} bytes")
    kind = _sniff(body)
    if kind == "JPEG" and body.count(_SCAN_MARKER) > limits.jpeg_scans_max:
        # Each scan of a progressive JPEG is a pass over all pixels: a small file, minutes of work.
        raise PictureRefused(code="image_undecodable", reason="too many JPEG scans")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(body), formats=(kind,)) as image:
                _check_header(image, limits)
                yield image
    except (PictureRefused, MemoryError):
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise PictureRefused(code="image_dimensions", reason=type(error).__name__) from error
    except Exception as error:
        # Hostile bytes make Pillow raise anything from SyntaxError to ValueError.
        raise PictureRefused(code="image_undecodable", reason=type(error).__name__) from error


def _sniff(body: bytes) -> str:
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if body.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return "WEBP"
    raise PictureRefused(
        code="image_unsupported", reason="judged by its first bytes, not by its name"
    )


def _check_header(image: Image.Image, limits: PictureLimits) -> None:
    short, long = sorted(image.size)
    is_acceptable = (
        short >= limits.side_min
        and long <= limits.side_max
        and short * long <= limits.pixels_max
        and long <= short * limits.aspect_max
    )
    if not is_acceptable:
        raise PictureRefused(code="image_dimensions", reason=f"{image.width}x{image.height}")
    # A camera's JPEG may carry a preview as a second frame; that is no animation.
    if image.format in {"PNG", "WEBP"} and getattr(image, "n_frames", 1) > 1:
        raise PictureRefused(code="image_animated", reason="more than one frame")


def _facts(body: bytes, image: Image.Image) -> PictureFacts:
    return PictureFacts(
        content_type=_CONTENT_TYPES.get(image.format or "", "image/jpeg"),
        width=image.width,
        height=image.height,
        bytes=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
    )


def _to_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        # 16-bit grey, which Pillow would clip and not scale.
        image = image.convert("I").point(lambda value: value * (1 / 256) + 0).convert("L")
    if profile and image.mode in {"RGB", "RGBA", "CMYK", "P", "L"}:
        return _apply_profile(image, profile)
    return image.convert("RGBA")


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    plain = image.convert("RGBA")
    colours = image if image.mode in {"CMYK", "L"} else plain.convert("RGB")
    try:
        converted = ImageCms.profileToProfile(
            colours, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A broken profile says nothing about the pixels; browsers ignore it too.
        return plain
    if converted is None:
        return plain
    converted.putalpha(plain.getchannel("A"))
    return converted
