"""The workbench that every reactor test works on."""

import pytest

from tests.unit.reactor.workbench import Workbench


@pytest.fixture
async def bench() -> Workbench:
    """A fresh reactor on memory adapters."""
    return Workbench()
