"""The secrets of one data directory: made once, kept in a file that only its owner may read."""

import base64
import secrets
from pathlib import Path
from typing import Final

import msgspec

from services.embedded.errors import CredentialsUnreadable
from services.embedded.private_files import make_private_directory, write_private

SECRET_BYTES: Final = 32
# MongoDB takes 6 to 1024 base64 characters; 756 bytes are 1008.
MONGO_KEYFILE_BYTES: Final = 756
_FILE: Final = "credentials.json"


class _Secrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fields that stay out of every representation, and so out of logs and tracebacks."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(self.__struct_fields__)}>"


class NatsPasswords(_Secrets, frozen=True, kw_only=True):
    """One password for each NATS user."""

    admin: str
    api: str
    worker: str
    projector: str
    observer: str


class MongoPasswords(_Secrets, frozen=True, kw_only=True):
    """One password for each MongoDB user."""

    admin: str
    api: str
    projector: str


class Credentials(_Secrets, frozen=True, kw_only=True):
    """Everything secret that the embedded servers and our services share."""

    nats: NatsPasswords
    mongo: MongoPasswords
    s3_access_key: str
    s3_secret_key: str
    jwt_secret: str
    user_key_secret: str
    mongo_keyfile: str


_DECODER: Final = msgspec.json.Decoder(Credentials)


def load_or_create(data: Path) -> Credentials:
    """Read the secrets of a data directory, or make them if it has none.

    Raises:
        CredentialsUnreadable: the file is there but damaged; new secrets would not fit the servers.
        OSError: the directory cannot be written.
    """
    make_private_directory(data)
    found = load(data)
    if found is not None:
        return found
    created = _create()
    write_private(data / _FILE, msgspec.json.format(msgspec.json.encode(created)))
    return created


def load(data: Path) -> Credentials | None:
    """Read the secrets of a data directory; None if no stack has run on it. Changes nothing.

    Raises:
        CredentialsUnreadable: the file is there but damaged.
        OSError: it cannot be read.
    """
    path = data / _FILE
    try:
        return _DECODER.decode(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.DecodeError as error:
        raise CredentialsUnreadable(path=path) from error


def _create() -> Credentials:
    return Credentials(
        nats=NatsPasswords(
            admin=_secret(),
            api=_secret(),
            worker=_secret(),
            projector=_secret(),
            observer=_secret(),
        ),
        mongo=MongoPasswords(admin=_secret(), api=_secret(), projector=_secret()),
        s3_access_key=secrets.token_hex(10),
        s3_secret_key=_secret(),
        jwt_secret=_secret(),
        user_key_secret=_secret(),
        mongo_keyfile=base64.b64encode(secrets.token_bytes(MONGO_KEYFILE_BYTES)).decode(),
    )


def _secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)
