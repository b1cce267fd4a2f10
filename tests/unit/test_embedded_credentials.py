"""The secrets of a data directory: made once, private, and never shown."""

from pathlib import Path

import msgspec
import pytest

from services.embedded.credentials import load_or_create
from services.embedded.errors import CredentialsUnreadable


def test_the_second_load_returns_what_the_first_made(tmp_path: Path) -> None:
    """Servers keep the passwords of their first start, so a restart must find the same."""
    made = load_or_create(tmp_path / "data")

    found = load_or_create(tmp_path / "data")

    assert found == made


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    """The directory is closed to others, also one that was open before."""
    data = tmp_path / "data"
    data.mkdir(mode=0o755)

    load_or_create(data)

    assert data.stat().st_mode & 0o777 == 0o700
    assert [(file.name, file.stat().st_mode & 0o777) for file in data.iterdir()] == [
        ("credentials.json", 0o600)
    ]


def test_no_secret_shows_in_a_representation(tmp_path: Path) -> None:
    """A traceback or a log line with the credentials in it gives nothing away."""
    credentials = load_or_create(tmp_path)
    stored = msgspec.json.decode(
        (tmp_path / "credentials.json").read_bytes(), type=dict[str, object]
    )

    shown = f"{credentials!r} {credentials} {[credentials.nats]} {credentials.mongo}"

    for value in _texts(stored):
        assert value not in shown


def test_secrets_are_long_and_all_different(tmp_path: Path) -> None:
    """No secret opens two doors, and none can be guessed."""
    credentials = load_or_create(tmp_path)
    stored = msgspec.json.decode(
        (tmp_path / "credentials.json").read_bytes(), type=dict[str, object]
    )

    texts = _texts(stored)

    assert len(texts) == len(set(texts)) == 13
    assert len(credentials.jwt_secret) >= 32
    assert len(credentials.user_key_secret) >= 32
    assert 6 <= len(credentials.mongo_keyfile) <= 1024


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"jwt_secret": "x"}', b"\xff"])
def test_a_damaged_file_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    """New secrets would lock the owner out of the stored data, so it is an error instead."""
    (tmp_path / "credentials.json").write_bytes(content)

    with pytest.raises(CredentialsUnreadable, match="is damaged"):
        load_or_create(tmp_path)

    assert (tmp_path / "credentials.json").read_bytes() == content


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    assert isinstance(value, str)
    return [value]
