"""Tells before a task begins whether an image URL could ever be fetched; it looks no name up."""

from typing import Final
from urllib.parse import urlsplit

from services.adapters.storage import ObjectStore
from services.runtime.addresses import AddressRule, is_literal

_PORTS: Final = {"http": 80, "https": 443}


class ImageAddresses:
    """Judges address literals as the worker will. A courtesy: the worker still checks all of it."""

    def __init__(self, *, store: ObjectStore, rule: AddressRule) -> None:
        self._store = store
        self._rule = rule

    def may_fetch(self, url: str) -> bool:
        """Say whether a valid http(s) URL may lead to an image.

        One of our own bucket is read through the object store, wherever that is.
        """
        if self._store.key_of(url) is not None:
            return True
        parts = urlsplit(url)
        host = parts.hostname or ""
        return not is_literal(host) or self._rule.may_permit(
            host, port=parts.port or _PORTS[parts.scheme]
        )
