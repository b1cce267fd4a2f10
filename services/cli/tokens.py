"""Bearer tokens of the embedded stack, signed with its own key."""

from datetime import UTC, datetime, timedelta
from typing import Final

import jwt

AUDIT_SCOPE: Final = "audit:read"


def sign_token(user: str, *, secret: str, life: timedelta, scopes: tuple[str, ...] = ()) -> str:
    """A token of a user; `scope` is a space-separated list, as RFC 9068 has it."""
    now = datetime.now(UTC)
    claims: dict[str, object] = {"sub": user, "iat": now, "exp": now + life}
    if scopes:
        claims["scope"] = " ".join(scopes)
    return jwt.encode(claims, secret, algorithm="HS256")
