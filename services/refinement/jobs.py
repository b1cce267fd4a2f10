"""What a studio and its child process say to each other: msgpack behind a four-byte length."""

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec.msgpack import Decoder, Encoder

from services.refinement.engines import Instruction, Refinement
from services.refinement.failures import (
    PICTURE_CODES,
    EngineUnavailable,
    PictureRefused,
    PromptNotUnderstood,
    RefinementFailure,
)
from services.refinement.pictures import PictureLimits

LENGTH_BYTES: Final = 4
FRAME_BYTES_MAX: Final = 32 * 1024 * 1024
MOVES_MAX: Final = 64


class Copy(msgspec.Struct, frozen=True, kw_only=True, tag="copy"):
    """Inspect a picture and give it back."""

    original: bytes
    limits: PictureLimits


class Clean(msgspec.Struct, frozen=True, kw_only=True, tag="clean"):
    """Decode a picture and encode its pixels as PNG, so that nothing but pixels is left of it."""

    original: bytes
    limits: PictureLimits


class Draw(msgspec.Struct, frozen=True, kw_only=True, tag="draw"):
    """Refine a picture with the local engine; `with_vector` as SVG too, where it becomes flat."""

    original: bytes
    instruction: Instruction
    limits: PictureLimits
    with_vector: bool = False


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """The child has imported everything and waits for a job."""


class Moved(msgspec.Struct, frozen=True, kw_only=True, tag="moved"):
    """How much of a job is done; at most `MOVES_MAX` of these come before its outcome."""

    share: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """A job's result, and what the child's memory has grown to."""

    refinement: Refinement
    rss_bytes: int


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """A `RefinementFailure` of the job: which one, and the fields that are not its family's."""

    family: str
    code: str
    reason: str
    rss_bytes: int


Job: TypeAlias = Copy | Clean | Draw
Reply: TypeAlias = Ready | Moved | Done | Failed

_ENCODER: Final = Encoder()
_JOBS: Final[Decoder[Job]] = Decoder(Job)
_REPLIES: Final[Decoder[Reply]] = Decoder(Reply)


class FrameTooLong(Exception):
    """The other side announced, or we made, a frame longer than `FRAME_BYTES_MAX`."""

    def __init__(self, *, length_bytes: int) -> None:
        super().__init__(f"frame of {length_bytes} bytes")
        self.length_bytes = length_bytes


def encode_frame(message: Job | Reply) -> bytes:
    """Return a message with its length in front."""
    body = _ENCODER.encode(message)
    if len(body) > FRAME_BYTES_MAX:
        raise FrameTooLong(length_bytes=len(body))
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def decode_length(head: bytes) -> int:
    """Return how many bytes follow the head of a frame."""
    length = int.from_bytes(head, "big")
    if length > FRAME_BYTES_MAX:
        raise FrameTooLong(length_bytes=length)
    return length


def decode_job(body: bytes) -> Job:
    """Read what the parent asks for."""
    return _JOBS.decode(body)


def decode_reply(body: bytes) -> Reply:
    """Read what the child answers; the child handled hostile bytes, so this is validated."""
    return _REPLIES.decode(body)


def report(failure: RefinementFailure, *, rss_bytes: int) -> Failed:
    """Turn a failure into something that can cross the pipe."""
    return Failed(
        family=type(failure).__name__,
        code=failure.code,
        reason=failure.reason,
        rss_bytes=rss_bytes,
    )


def restore(failed: Failed) -> RefinementFailure:
    """Turn a report back into the failure it was, of the same type.

    Messages are taken from our side of the pipe: the child has handled hostile bytes.
    """
    match failed.family:
        case "PictureRefused" if failed.code in PICTURE_CODES:
            return PictureRefused(code=failed.code, reason=failed.reason)
        case "PromptNotUnderstood":
            return PromptNotUnderstood(reason=failed.reason)
        case _:
            return EngineUnavailable(reason=failed.reason)
