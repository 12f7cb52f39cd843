"""Who calls: the token of a request."""

from __future__ import annotations

import hmac

from ubiops.emulator.errors import ApiError

PREFIXES = ("token", "bearer")


def strip_prefix(token: str) -> str:
    """The secret of a token that may be written with its prefix."""
    token = token.strip()
    prefix, _, secret = token.partition(" ")
    return secret.strip() if secret and prefix.lower() in PREFIXES else token


def check_token(header: str | None, known: tuple[str, ...] | None) -> None:
    """Refuses a request without a token, or with one that is not known.

    Args:
        header: The value of the header ``Authorization``, if it was sent.
        known: The secrets that are taken; None takes any.

    Raises:
        ApiError: With status 401; the text says what is wrong, and does not repeat the token.
    """
    if not header or not header.strip():
        raise _refusal("No API token was given: send it as 'Authorization: Token <your token>'")
    prefix, _, secret = header.strip().partition(" ")
    secret = secret.strip()
    if prefix.lower() not in PREFIXES:
        raise _refusal("Invalid token: 'Authorization' has to begin with 'Token '")
    if not secret:
        raise _refusal("Invalid token: there is nothing behind 'Token'")
    if " " in secret:
        again = secret.partition(" ")[0].lower() in PREFIXES
        raise _refusal("Invalid token: " + ("its prefix is there twice" if again else "it has a space in it"))
    if known is not None and not any(_same(secret, one) for one in known):
        raise _refusal("Invalid token")


def _same(first: str, second: str) -> bool:
    return hmac.compare_digest(first.encode("utf-8", "replace"), second.encode("utf-8", "replace"))


def _refusal(message: str) -> ApiError:
    return ApiError(401, message, {"WWW-Authenticate": "Token"})
