"""The fetcher among hostile names, addresses and servers, in a network of its own.

Every internal address is a canary there: it listens, and must never be called. The experiment runs
once, as a program of its own; the tests look at its report.
"""

import os
import shutil
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import msgspec
import pytest

from tests.integration.hostile.laboratory import (
    CANNOT_ISOLATE,
    CERTIFICATE,
    KEY,
    LIMITS,
    TLS_URLS,
    Outcome,
    Report,
)
from tests.integration.hostile.origin import PICTURE
from tests.integration.hostile.urls import (
    GOOD_URLS,
    HOSTILE_URLS,
    ORIGIN,
    ORIGIN_IPV6,
    HostileUrl,
)

ROOT: Final = Path(__file__).parents[2]
PUBLIC_PLACES: Final = frozenset(
    (str(ip_address(address)), port) for address in (ORIGIN, ORIGIN_IPV6) for port in (80, 443)
)
EXPERIMENT_S: Final = 100.0
# The first test waits for the whole experiment.
pytestmark = pytest.mark.timeout(EXPERIMENT_S + 20)
# The clock of a busy machine.
MARGIN_S: Final = 1.5
# What fits between the two ends: the buffers of two sockets and of two programs.
IN_FLIGHT_BYTES: Final = 8 * 1024 * 1024
MEMORY_BYTES_MAX: Final = 64 * 1024 * 1024

# All other servers of the origin are answered with `image_fetch_failed`.
EXPECTED: Final[dict[str, str | None]] = {
    "/loop": "image_fetch_refused",
    "/backslash": "image_fetch_refused",
    "/endless-body": "image_too_large",
    "/endless-chunks": "image_too_large",
    "/endless-tiny-chunks": "image_too_large",
    "/endless-chunk": "image_too_large",
    "/endless-extension": "image_too_large",
    "/endless-interim": "image_too_large",
    "/endless-redirect": None,
    "/endless-missing": "image_not_found",
    "/says-a-terabyte": "image_too_large",
    "/one-over": "image_too_large",
    "/gzip": "image_fetch_refused",
    "/gzip-twice": "image_fetch_refused",
    "/deflate": "image_fetch_refused",
    "/brotli": "image_fetch_refused",
    "/zstd": "image_fetch_refused",
    "/two-encodings": "image_fetch_refused",
    "/transfer-gzip": "image_fetch_refused",
    # The bytes as they came; no decoder takes them for a picture.
    "/unsaid-gzip": None,
}


def certify(folder: Path) -> bool:
    """Make a certificate for `shop.example`, where the machine has the means."""
    program = shutil.which("openssl")
    if program is None:
        return False
    command = [
        *(program, "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=shop.example"),
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-addext", "subjectAltName=DNS:shop.example"),
        *("-keyout", str(folder / KEY), "-out", str(folder / CERTIFICATE)),
    ]
    return subprocess.run(command, check=False, capture_output=True, timeout=20).returncode == 0  # noqa: S603 - our own command line


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What the experiment saw."""
    if sys.platform != "linux":
        pytest.skip("network namespaces are a thing of Linux")
    folder = tmp_path_factory.mktemp("laboratory")
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    if certify(folder):
        environment["SSL_CERT_FILE"] = str(folder / CERTIFICATE)
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.integration.hostile.laboratory", str(folder)],
        check=False,
        capture_output=True,
        cwd=ROOT,
        env=environment,
        timeout=EXPERIMENT_S,
    )
    complaint = ended.stderr.decode(errors="replace")
    if ended.returncode == CANNOT_ISOLATE:
        pytest.skip(f"this machine cannot make namespaces: {complaint.strip()}")
    assert (ended.returncode, complaint) == (0, "")
    return msgspec.json.decode(ended.stdout, type=Report)


@pytest.fixture
def tls(report: Report) -> dict[str, Outcome]:
    """What the experiment saw behind TLS."""
    if report.tls["good"].body is None:
        pytest.skip("no openssl to make a certificate with")
    return report.tls


def everything(report: Report) -> list[Outcome]:
    """All outcomes there are."""
    return [*report.hostile, *report.good, *report.resources.values(), *report.tls.values()]


def test_the_table_is_large_and_has_no_doubles() -> None:
    """It does not shrink unnoticed, and each URL is there for a reason of its own."""
    urls = [case.url for case in HOSTILE_URLS]

    assert len(urls) >= 100
    assert len(set(urls)) == len(urls)
    assert all(case.reason for case in HOSTILE_URLS)


def test_every_canary_sings_when_it_is_called(report: Report) -> None:
    """Silence of the canaries means something."""
    assert report.control == []


def test_no_canary_is_ever_called(report: Report) -> None:
    """Whatever the URL, its redirects and its name server say."""
    called = {outcome.url: outcome.canaries for outcome in everything(report) if outcome.canaries}

    assert called == {}
    assert report.canaries == []


def test_no_connection_is_even_tried_beside_the_public_web(report: Report) -> None:
    """Also where nobody listens: an attempt would already tell ports and addresses apart."""
    tried = {place for outcome in everything(report) for place in outcome.connected}

    assert tried
    assert tried <= PUBLIC_PLACES


@pytest.mark.parametrize(
    "case",
    HOSTILE_URLS,
    ids=lambda case: f"{case.reason}: {case.url.encode('unicode_escape').decode()[:60]}",
)
def test_a_hostile_url_is_refused(case: HostileUrl, report: Report) -> None:
    """All with one public code, so that nobody learns what is behind an address."""
    outcome = report.hostile[HOSTILE_URLS.index(case)]

    assert outcome.url == case.url
    assert (outcome.body, outcome.code) == (None, case.code)
    assert outcome.elapsed_s < LIMITS.timeout_s + MARGIN_S


@pytest.mark.parametrize("place", range(len(GOOD_URLS)), ids=lambda place: GOOD_URLS[place])
def test_a_public_picture_is_fetched(place: int, report: Report) -> None:
    """By name, by address, by alias and by redirect: the fetcher works here."""
    assert report.good[place].body == PICTURE
    assert report.good[place].connected


def test_requests_give_nothing_away(report: Report) -> None:
    """No cookie from the redirect before, no credentials, no referrer, no compression asked for."""
    heads = [head.lower() for head in report.heads]

    assert heads
    for head in heads:
        assert "accept-encoding: identity" in head
        assert not any(name in head for name in ("\ncookie:", "\nauthorization:", "\nreferer:"))


def test_every_hostile_server_is_stopped_in_time(report: Report) -> None:
    """Slow, endless, lying and silent ones, all inside the one deadline."""
    late = {
        path: outcome.elapsed_s
        for path, outcome in report.resources.items()
        if outcome.elapsed_s > LIMITS.timeout_s + MARGIN_S
    }

    assert len(report.resources) >= 40
    assert late == {}


def test_every_hostile_server_gets_its_code(report: Report) -> None:
    """What is too large, refused or failed is called so."""
    codes = {path: outcome.code for path, outcome in report.resources.items()}

    assert codes == {path: EXPECTED.get(path, "image_fetch_failed") for path in codes}


def test_no_server_makes_us_read_without_end(report: Report) -> None:
    """The cap counts what is read from the network, not only what is left of it as a body."""
    greedy = {
        path: sent
        for path, sent in report.sent.items()
        if sent > 2 * LIMITS.bytes_max + IN_FLIGHT_BYTES
    }

    assert greedy == {}


def test_memory_does_not_grow_with_what_servers_send(report: Report) -> None:
    """Neither a bomb nor an endless body is held."""
    assert report.memory_growth_bytes < MEMORY_BYTES_MAX


def test_a_body_never_is_what_the_server_did_not_send(report: Report) -> None:
    """A compressed body that nobody announced stays as it is."""
    body = report.resources["/unsaid-gzip"].body

    assert body is not None
    assert body.startswith(b"\x1f\x8b")


def test_the_name_of_a_certificate_is_checked(tls: dict[str, Outcome]) -> None:
    """A server with somebody else's certificate is no server of this name."""
    assert tls["good"].body == PICTURE
    assert tls["wrong name"].code == "image_fetch_failed"


def test_redirects_never_leave_encryption(tls: dict[str, Outcome]) -> None:
    """From https only to https, and never inside."""
    assert set(tls) == set(TLS_URLS)
    assert tls["kept"].body == PICTURE
    assert tls["downgrade"].code == "image_fetch_refused"
    assert tls["inside"].code == "image_fetch_refused"
