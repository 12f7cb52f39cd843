"""Finds stored requests."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, NamedTuple

from ubiops.emulator.areas.deployment_requests.kinds import REQUEST
from ubiops.emulator.areas.deployment_requests.limits import MAXIMUM_REQUESTS
from ubiops.emulator.areas.deployment_requests.retention import VISIBLE
from ubiops.emulator.areas.deployments.lookup import find_deployment, version_named
from ubiops.emulator.core.errors import ApiError, bad_request, not_found

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext

WITH_NAMES = (
    "SELECT deployment_requests.*, deployments.name AS deployment_name, versions.name AS version_name"
    " FROM deployment_requests JOIN deployments ON deployments.pk = deployment_requests.deployment"
    " JOIN versions ON versions.pk = deployment_requests.version"
)


class Scope(NamedTuple):
    """The requests that a path is about, as an SQL condition with a parameter.

    Attributes:
        condition: The condition on deployment_requests.
        value: The key of a version or deployment.
    """

    condition: str
    value: int | None


def scope_of_ids(db: sqlite3.Connection, context: RequestContext) -> Scope:
    """Returns where single requests are looked up.

    Without a version in the path these are all versions of the deployment. That is a
    guess: the documentation names the default version, but it may have changed since
    the request was sent, and its sender still asks for it.
    """
    deployment = find_deployment(db, context)
    if "version" in context.path:
        return Scope("deployment_requests.version = ?", version_named(db, deployment, context.path["version"])["pk"])
    return Scope("deployment_requests.deployment = ?", deployment["pk"])


def scope_of_list(db: sqlite3.Connection, context: RequestContext) -> Scope:
    """Returns which requests are listed: those of a version, by default the default."""
    deployment = find_deployment(db, context)
    version = deployment["default_version"]
    if "version" in context.path:
        version = version_named(db, deployment, context.path["version"])["pk"]
    return Scope("deployment_requests.version IS ?", version)


def find_request(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    """Returns the request that the path names."""
    found = _find(db, scope_of_ids(db, context), context.path["request_id"].lower(), context.now)
    if found is None:
        raise not_found(REQUEST)
    return found


def find_requests(db: sqlite3.Connection, context: RequestContext) -> list[sqlite3.Row]:
    """Returns the requests whose ids the body lists, each of them once.

    Raises:
        ApiError: One of them doesn't exist, or there are too many.
    """
    scope, rows = scope_of_ids(db, context), []
    for identifier in read_ids(context.body):
        found = _find(db, scope, identifier, context.now)
        if found is None:
            raise ApiError(404, f"{REQUEST} was not found: {identifier}")
        rows.append(found)
    return rows


def read_ids(body: list[str]) -> list[str]:
    """Returns the ids of a body as they are stored, each of them once."""
    if len(body) > MAXIMUM_REQUESTS:
        raise bad_request(f"At most {MAXIMUM_REQUESTS} requests can be given, not {len(body)}")
    return list(dict.fromkeys(map(_read_id, body)))


def _read_id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise bad_request(f"{text[:100]!r} is not a UUID") from error


def _find(db: sqlite3.Connection, scope: Scope, identifier: str, now: float) -> sqlite3.Row | None:
    query = f"{WITH_NAMES} WHERE deployment_requests.id = ? AND {scope.condition} AND {VISIBLE}"
    found: sqlite3.Row | None = db.execute(query, (identifier, scope.value, now)).fetchone()
    return found
