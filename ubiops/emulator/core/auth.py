"""Token authentication."""

from __future__ import annotations

import hmac

from ubiops.emulator.core.errors import ApiError

PREFIXES = ("token", "bearer")


def strip_prefix(token: str) -> str:
    """Returns a token without its prefix, if it has one."""
    token = token.strip()
    prefix, _, secret = token.partition(" ")
    return secret.strip() if secret and prefix.lower() in PREFIXES else token


def check_token(header: str | None, known: tuple[str, ...] | None) -> None:
    """Rejects a request whose token is missing, malformed or unknown.

    Args:
        header: The value of the header ``Authorization``, if it was sent.
        known: The accepted tokens without their prefix; None accepts any.

    Raises:
        ApiError: With status 401. The message says what is wrong and doesn't repeat the
            token.
    """
    if not header or not header.strip():
        raise _unauthorized("No API token was given: send it as 'Authorization: Token <your token>'")
    prefix, _, secret = header.strip().partition(" ")
    secret = secret.strip()
    if prefix.lower() not in PREFIXES:
        raise _unauthorized("Invalid token: 'Authorization' must start with 'Token '")
    if not secret:
        raise _unauthorized("Invalid token: nothing follows 'Token'")
    if " " in secret:
        again = secret.partition(" ")[0].lower() in PREFIXES
        raise _unauthorized("Invalid token: " + ("the prefix is repeated" if again else "it contains a space"))
    if known is not None and not any(_same(secret, token) for token in known):
        raise _unauthorized("Invalid token")


def _same(first: str, second: str) -> bool:
    return hmac.compare_digest(first.encode("utf-8", "replace"), second.encode("utf-8", "replace"))


def _unauthorized(message: str) -> ApiError:
    return ApiError(401, message, {"WWW-Authenticate": "Token"})
