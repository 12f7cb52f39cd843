"""The account of the caller, sign-up, and the sign-in of the command-line program.

The emulator has one user, whoever holds a token. Further accounts exist to be members
of organizations and projects; they cannot sign in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.core.auth import check_token, strip_prefix
from ubiops.emulator.core.clock import in_microseconds
from ubiops.emulator.core.errors import ApiError, bad_request, name_taken
from ubiops.emulator.core.handlers import extra_route, handler
from ubiops.emulator.core.lookup import find_row, get_row
from ubiops.emulator.core.storage import new_id

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext

EMULATED = """
Whoever holds a token is the same user, `user@example.com`. Accounts that `user_create`
makes need no activation and can become members of organizations and projects, but
cannot sign in. `ubiops signin` of the command-line program works with any e-mail
address; the password is a token of the emulator.
"""
USER = "User"
# What the emulator says of its user is made up.
_NAME, _SURNAME = "Local", "User"
_SERVICE_USER = "Service user"
_AUTHENTICATION = "password"
_SHORTEST_PASSWORD = 8


def emulator_user(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    """Returns the row of the emulator's user, which is created at the first use."""
    email = context.backend.settings.user
    return _find(db, email) or _add(db, email, _NAME, _SURNAME, context.now)


def user_with(db: sqlite3.Connection, email: str) -> sqlite3.Row | None:
    """Returns the row of an account, or None."""
    return _find(db, email)


@handler("user_get")
def get(context: RequestContext) -> dict[str, Any]:
    """Returns the account of the caller, who may be a service user."""
    with context.transaction() as db:
        if context.user == context.backend.settings.user:
            user = emulator_user(db, context)
            name, surname = user["name"] or _NAME, user["surname"] or _SURNAME
        else:
            user = get_row(db, USER, "service_users", {"id": context.user.partition(".")[0]})
            name, surname = user["name"] or _SERVICE_USER, _SERVICE_USER
    return {
        "id": user["id"],
        "email": context.user,
        "name": name,
        "surname": surname,
        "registration_date": in_microseconds(user["created"]),
        "authentication": _AUTHENTICATION,
    }


@handler("user_create")
def create(context: RequestContext) -> dict[str, Any]:
    """Creates an account. It needs no activation, and its password is not stored."""
    body = context.body
    if "@" not in body["email"]:
        raise bad_request("email is not a valid e-mail address")
    if len(body["password"]) < _SHORTEST_PASSWORD:
        raise bad_request(f"password must have at least {_SHORTEST_PASSWORD} characters")
    with context.transaction() as db:
        if _find(db, body["email"]):
            raise name_taken(USER, body["email"], "the emulator")
        _add(db, body["email"], body.get("name"), body.get("surname"), context.now)
    return {name: body.get(name) for name in ("email", "name", "surname", "phone")}


@extra_route("POST", path="/oauth/sign-in", prefixed=True, body="json", authorized=False)
def start_signing_in(context: RequestContext) -> dict[str, Any]:
    """Tells the command-line program to ask for a password."""
    _text(context, "email")
    return {"provider": "ubiops", "url": f"{context.backend.address}/authorize"}


@extra_route("POST", path="/authorize", prefixed=True, body="json", authorized=False)
def sign_in(context: RequestContext) -> dict[str, Any]:
    """Returns the password as token: a token of the emulator is the password.

    If the emulator accepts any token, it accepts any password.
    """
    _text(context, "email")
    password = strip_prefix(_text(context, "password"))
    tokens = context.backend.settings.tokens
    if tokens is None:
        return {"access": "any", "refresh": "any"}
    try:
        check_token(f"Token {password}", tokens)
    except ApiError as error:
        message = "Wrong e-mail address or password: the password is one of the emulator's tokens"
        raise ApiError(401, message) from error
    return {"access": password, "refresh": password}


def _text(context: RequestContext, field: str) -> str:
    value = context.body.get(field) if isinstance(context.body, dict) else None
    if not isinstance(value, str) or not value:
        raise bad_request(f"{field} is required")
    return value


def _find(db: sqlite3.Connection, email: str) -> sqlite3.Row | None:
    return find_row(db, "users", {"email": email})


def _add(db: sqlite3.Connection, email: str, name: str | None, surname: str | None, now: float) -> sqlite3.Row:
    db.execute(
        "INSERT INTO users (id, email, name, surname, created) VALUES (?, ?, ?, ?, ?)",
        (new_id(), email, name, surname, now),
    )
    found = _find(db, email)
    if found is None:
        raise AssertionError("a row that was just written is missing")
    return found
