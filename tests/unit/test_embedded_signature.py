"""The signed request with which we ask SeaweedFS whether it is ready."""

from pathlib import Path

from services.embedded.credentials import load_or_create
from services.embedded.seaweedfs import signed_request


def test_a_request_carries_the_key_but_not_the_secret(tmp_path: Path) -> None:
    """What goes over the wire proves the secret without telling it."""
    credentials = load_or_create(tmp_path)

    request = signed_request("PUT", "/refinery/key", port=9000, credentials=credentials, body=b"x")

    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /refinery/key HTTP/1.1\r\nhost: 127.0.0.1:9000\r\n")
    assert f"Credential={credentials.s3_access_key}/".encode() in head
    assert credentials.s3_secret_key.encode() not in request
    assert body == b"x"
