"""Pictures between this machine's files and the service."""

import hashlib
import os
from pathlib import Path
from typing import Final

from events.failures import FailureCode
from services.adapters.s3 import S3ObjectStore
from services.adapters.storage import upload_key
from services.cli.errors import CommandFailed
from services.runtime.settings import S3Settings

BYTES_MAX: Final = 20 * 1024 * 1024

_TYPES: Final = {
    b"\x89PNG\r\n\x1a\n": ("png", "image/png"),
    b"\xff\xd8\xff": ("jpg", "image/jpeg"),
    b"RIFF": ("webp", "image/webp"),
}


async def upload(picture: Path, settings: S3Settings) -> str:
    """Upload a picture and return the URL to refine it from.

    Raises:
        CommandFailed: it cannot be read, or is not a picture we take.
        StorageUnavailable: the object store did not take it.
    """
    body = read_picture(picture)
    extension, content_type = _type_of(picture, body)
    key = upload_key(sha256=hashlib.sha256(body).hexdigest(), extension=extension)
    store = await S3ObjectStore.open(settings)
    try:
        await store.put(key, body, content_type=content_type)
    finally:
        await store.close()
    return f"{settings.endpoint}/{settings.bucket}/{key}"


def require_writable(path: Path) -> None:
    """Refuse a path that a picture could not be saved under, before any work is done for it.

    Raises:
        CommandFailed: its directory cannot be made, or is not ours to write.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(path, error.strerror) from error
    if not os.access(path.parent, os.W_OK):
        raise _not_writable(path, f"{path.parent} is not yours to write")


def write_picture(path: Path, body: bytes, *, may_replace: bool = True) -> None:
    """Save a refined picture.

    Raises:
        CommandFailed: it cannot be written, or there is one and it may not be replaced.
    """
    try:
        with path.open("wb" if may_replace else "xb") as file:
            file.write(body)
    except OSError as error:
        raise _not_writable(path, error.strerror) from error


def require_room(path: Path, *, may_replace: bool) -> None:
    """Refuse a path that a picture could not be saved under without replacing what is there.

    Raises:
        CommandFailed: there is a file and it may not be replaced, or none can be written.
    """
    try:
        is_taken = path.exists() and not may_replace
    except OSError as error:
        raise _not_writable(path, error.strerror) from error
    if is_taken:
        raise CommandFailed(f"{path} is there: give another name, or --force", code="output_exists")
    require_writable(path)


def read_picture(picture: Path) -> bytes:
    """The bytes of a file that may be a picture.

    Raises:
        CommandFailed: it cannot be read, or is too large.
    """
    try:
        with picture.open("rb") as file:
            body = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise CommandFailed(
            f"{picture} cannot be read: {error.strerror}", code="image_not_readable"
        ) from error
    if len(body) > BYTES_MAX:
        raise CommandFailed(
            f"{picture} is larger than {BYTES_MAX // 1024 // 1024} MiB",
            code=FailureCode.IMAGE_TOO_LARGE,
        )
    return body


def _not_writable(path: Path, why: str | None) -> CommandFailed:
    return CommandFailed(f"{path} cannot be written: {why}", code="output_not_writable")


def _type_of(picture: Path, body: bytes) -> tuple[str, str]:
    for magic, kind in _TYPES.items():
        if body.startswith(magic):
            return kind
    raise CommandFailed(f"{picture} is not a PNG, JPEG or WebP picture")
