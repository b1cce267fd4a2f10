"""Who may import what, beyond the layers: events stay pure, vendors stay in their one file."""

import ast
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
# Of the standard library, what reads a clock, draws random numbers or does IO.
IMPURE: Final = frozenset(
    {
        *("asyncio", "concurrent", "ftplib", "glob", "http", "io", "logging", "multiprocessing"),
        *("os", "pathlib", "random", "secrets", "select", "selectors", "shutil", "signal"),
        *("smtplib", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading"),
        *("time", "urllib"),
    }
)
HOMES: Final = {
    "nats": ("services/adapters/jetstream.py",),
    "motor": ("projections/mongo.py",),
    "aiobotocore": ("services/adapters/s3.py",),
    "litestar": ("services/api/",),
    "granian": ("services/api/process.py",),
}


def imports_of(source: str) -> set[str]:
    """The top-level packages that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module.partition(".")[0])
    return found


def impure(source: str) -> set[str]:
    """What a module of the events imports and must not."""
    allowed = (sys.stdlib_module_names - IMPURE) | {"msgspec", "events"}
    return imports_of(source) - allowed


def modules(*folders: str) -> list[Path]:
    """The modules in these folders."""
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("path", modules("events"), ids=lambda path: path.name)
def test_events_import_what_is_pure(path: Path) -> None:
    """The standard library without clocks, randomness and IO, and msgspec."""
    assert impure(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("package", ["os", "time", "random", "numpy", "services"])
def test_an_impure_import_would_be_seen(package: str) -> None:
    """The check finds what it is there for, also inside a function."""
    assert impure(f"def now():\n    import {package}\n") == {package}


@pytest.mark.parametrize("vendor", HOMES)
def test_a_vendor_is_spoken_to_in_one_place(vendor: str) -> None:
    """Changing a vendor's library is a change of one file."""
    users = {
        str(path.relative_to(ROOT))
        for path in modules("events", "projections", "services")
        if vendor in imports_of(path.read_text(encoding="utf-8"))
    }

    assert users
    assert all(user.startswith(HOMES[vendor]) for user in users)
