"""What a picture may be, and what decoding leaves of it."""

import io
import struct
import zlib

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from services.refinement.failures import PictureRefused
from services.refinement.pictures import PictureLimits, decode, encode_png, inspect

LIMITS = PictureLimits()


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """A picture file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG file."""
    checksum = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + checksum


def png_header(width: int, height: int) -> bytes:
    """A PNG file that declares a size and holds next to nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head)
    return start + png_chunk(b"IDAT", zlib.compress(b"\0" * 64)) + png_chunk(b"IEND", b"")


def webp_header(width: int, height: int) -> bytes:
    """A WebP file that declares a canvas and holds nothing."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + canvas
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def noisy(width: int, height: int) -> Image.Image:
    """A picture that does not compress to nothing."""
    return Image.effect_noise((width, height), 80).convert("RGB")


ANIMATION = [Image.new("RGB", (32, 32), shade) for shade in ("red", "blue")]

REFUSED = [
    ("image_unsupported", b""),
    ("image_unsupported", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("image_unsupported", b"<!doctype html><img src=x>"),
    ("image_unsupported", b"%!PS-Adobe-3.0 EPSF-3.0"),
    ("image_unsupported", b"%PDF-1.7"),
    ("image_unsupported", encoded(ANIMATION[0], "GIF")),
    ("image_unsupported", encoded(ANIMATION[0], "BMP")),
    ("image_unsupported", encoded(ANIMATION[0], "TIFF")),
    ("image_unsupported", b"RIFF\0\0\0\0WAVE"),
    ("image_undecodable", b"\x89PNG\r\n\x1a\n"),
    ("image_undecodable", b"\x89PNG\r\n\x1a\n" + b"\xff" * 100),
    ("image_undecodable", b"\xff\xd8\xff\xe0 not a jpeg"),
    ("image_undecodable", b"RIFF\x10\0\0\0WEBPVP8 junk"),
    ("image_undecodable", b"\xff\xd8\xff" + b"\xff\xda" * 65),
    ("image_animated", encoded(ANIMATION[0], "PNG", save_all=True, append_images=ANIMATION[1:])),
    ("image_animated", encoded(ANIMATION[0], "WEBP", save_all=True, append_images=ANIMATION[1:])),
    ("image_dimensions", encoded(Image.new("RGB", (15, 40)))),
    ("image_dimensions", encoded(Image.new("RGB", (16, 321)))),
    ("image_dimensions", png_header(8193, 1000)),
    ("image_dimensions", png_header(5001, 5000)),
    ("image_dimensions", png_header(60_000, 60_000)),
    ("image_dimensions", png_header(2**31 - 1, 2**31 - 1)),
    ("image_dimensions", webp_header(16_383, 16_383)),
    ("image_too_large", b"\x89PNG\r\n\x1a\n" + bytes(LIMITS.bytes_max)),
]
REFUSED_IDS = [f"{place} {code}" for place, (code, _) in enumerate(REFUSED)]


@pytest.mark.parametrize(("code", "body"), REFUSED, ids=REFUSED_IDS)
def test_what_breaks_a_rule_is_refused_by_its_header(code: str, body: bytes) -> None:
    """The first look already names the rule, and the message repeats nothing of the input."""
    with pytest.raises(PictureRefused) as caught:
        inspect(body, LIMITS)

    assert caught.value.code == code
    assert not caught.value.is_transient


@pytest.mark.parametrize(("code", "body"), REFUSED, ids=REFUSED_IDS)
def test_decoding_refuses_what_inspection_refuses(code: str, body: bytes) -> None:
    """Nobody has to remember to inspect first."""
    with pytest.raises(PictureRefused) as caught:
        decode(body, LIMITS)

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")],
)
def test_a_good_picture_is_described(kind: str, content_type: str) -> None:
    """Facts are those of the file."""
    body = encoded(noisy(64, 48), kind)

    facts = inspect(body, LIMITS)

    assert (facts.content_type, facts.width, facts.height) == (content_type, 64, 48)
    assert facts.bytes == len(body)
    assert len(facts.sha256) == 64


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_truncated_picture_is_undecodable(kind: str) -> None:
    """Half a picture is not refined."""
    body = encoded(noisy(200, 200), kind)

    with pytest.raises(PictureRefused) as caught:
        decode(body[: len(body) // 2], LIMITS)

    assert caught.value.code == "image_undecodable"


def test_a_text_bomb_is_undecodable() -> None:
    """A compressed comment that grows without end stops at its limit."""
    bomb = png_chunk(b"zTXt", b"comment\0\0" + zlib.compress(bytes(20_000_000)))
    plain = encoded(Image.new("RGB", (32, 32)))
    body = plain[:33] + bomb + plain[33:]

    with pytest.raises(PictureRefused) as caught:
        decode(body, LIMITS)

    assert caught.value.code == "image_undecodable"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_png_mode_becomes_rgba(mode: str) -> None:
    """The engine sees one kind of pixels."""
    image = decode(encoded(Image.new(mode, (40, 30))), LIMITS)

    assert (image.mode, image.size, image.info) == ("RGBA", (40, 30), {})


def test_sixteen_bit_grey_is_scaled_and_not_clipped() -> None:
    """Middle grey stays middle grey."""
    image = decode(encoded(Image.new("I;16", (32, 32), 0x8000)), LIMITS)

    assert image.getpixel((5, 5)) == (128, 128, 128, 255)


def test_cmyk_jpegs_are_read() -> None:
    """Printers' files are pictures too."""
    image = decode(encoded(Image.new("CMYK", (32, 32), (0, 0, 0, 0)), "JPEG"), LIMITS)

    assert image.getpixel((5, 5)) == (255, 255, 255, 255)


def test_orientation_is_applied_and_metadata_dropped() -> None:
    """A photo on its side is turned upright, and nothing but pixels is left."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "where and who"
    body = encoded(noisy(60, 40), "JPEG", exif=exif, comment=b"secret")

    image = decode(body, LIMITS)

    assert image.size == (40, 60)
    assert image.info == {}
    assert b"where and who" not in encode_png(image)


def test_a_broken_profile_is_ignored() -> None:
    """Like browsers, we show the pixels as they are."""
    body = encoded(Image.new("RGB", (32, 32), (10, 20, 30)), icc_profile=b"not a profile")

    assert decode(body, LIMITS).getpixel((5, 5)) == (10, 20, 30, 255)


def test_a_profile_is_converted_to_srgb_and_alpha_kept() -> None:
    """A profile of sRGB changes nothing but its own absence, also beside transparency."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    body = encoded(Image.new("RGBA", (32, 32), (10, 120, 230, 77)), icc_profile=profile)

    pixel = decode(body, LIMITS).getpixel((5, 5))

    assert isinstance(pixel, tuple)
    assert pixel[3] == 77
    assert max(abs(a - b) for a, b in zip(pixel, (10, 120, 230, 77), strict=True)) <= 2


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_large_pictures_come_down_to_the_working_side(kind: str) -> None:
    """The engine never sees more than the working side, in proportion."""
    image = decode(encoded(noisy(2000, 1000), kind), LIMITS)

    assert image.size == (1536, 768)


def test_encoding_is_deterministic_and_says_nothing_else() -> None:
    """The same pixels give the same bytes, with no text in them."""
    image = noisy(50, 50).convert("RGBA")
    image.info["comment"] = "secret"

    first, second = encode_png(image), encode_png(image.copy())

    assert first == second
    assert isinstance(Image.open(io.BytesIO(first)), PngImagePlugin.PngImageFile)
    assert b"secret" not in first
