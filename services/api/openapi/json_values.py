"""JSON as Python has it once it is decoded: what the document is made of."""

from typing import Any

import msgspec

JsonObject = dict[str, Any]


def as_json(body: object) -> Any:
    """A body as clients get it: what is left out when it is sent is left out here."""
    return msgspec.json.decode(msgspec.json.encode(body))
