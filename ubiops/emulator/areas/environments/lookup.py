"""Finds environments, tags and what uses them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops.emulator.areas.environments import base
from ubiops.emulator.areas.environments.kinds import ENVIRONMENT, REVISION, TAG
from ubiops.emulator.areas.environments.packages import NO_IMAGE, Contents, build_variables
from ubiops.emulator.areas.environments.states import builds_of, contents_of, state_of
from ubiops.emulator.core.errors import ApiError, bad_request, not_found
from ubiops.emulator.core.lookup import find_row, get_row

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext

# A guess: the status of an object that can't be deleted because it is used.
IN_USE = 400


class Resolved(NamedTuple):
    """What a version runs on.

    Attributes:
        environment: The environment of the platform that it is built on. For a docker
            image it is the default one, so that packages can be inspected.
        name: The name of the environment.
        display_name: Its name for people.
        tag: The name of the tag.
        requirements: The text of the requirements.txt of the build in use.
        variables: The environment variables for installing them.
        secrets: The names of variables whose values are secret.
        refusal: Why code can't be run on it; an empty text if it can.
    """

    environment: base.Environment
    name: str
    display_name: str
    tag: str
    requirements: str = ""
    variables: dict[str, str] = {}  # noqa: RUF012 - never changed
    secrets: frozenset[str] = frozenset()
    refusal: str = ""


def find_custom(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    """Returns the environment of the project that the path names.

    Raises:
        ApiError: There is none, or it is one of the platform.
    """
    name = context.path["environment_name"]
    found = find_row(db, "environments", {"project": context.project, "name": name})
    if found is None and base.find(name):
        raise bad_request(f"environment {name!r} belongs to the platform and can't be changed")
    return get_row(db, ENVIRONMENT, "environments", {"project": context.project, "name": name})


def find_tag(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    """Returns the tag of an environment of the project that the path names."""
    return tag_named(db, find_custom(db, context), context.path["tag_name"])


def tag_named(db: sqlite3.Connection, environment: sqlite3.Row, name: str) -> sqlite3.Row:
    """Returns the tag of this name of an environment."""
    return get_row(db, TAG, "environment_tags", {"environment": environment["pk"], "name": name})


def custom_named(db: sqlite3.Connection, project: str, name: str) -> sqlite3.Row:
    """Returns the environment of this name in a project."""
    return get_row(db, ENVIRONMENT, "environments", {"project": project, "name": name})


def find_revision(db: sqlite3.Connection, context: RequestContext) -> sqlite3.Row:
    """Returns the revision that the path names, with the name of its tag."""
    environment = find_custom(db, context)
    found: sqlite3.Row | None = db.execute(
        "SELECT environment_revisions.*, environment_tags.name AS tag_name FROM environment_revisions"
        " JOIN environment_tags ON environment_tags.pk = environment_revisions.tag"
        " WHERE environment_tags.environment = ? AND environment_revisions.id = ?",
        (environment["pk"], context.path["revision_id"].lower()),
    ).fetchone()
    if found is None:
        raise not_found(REVISION)
    return found


def base_of(environment: sqlite3.Row, tag: sqlite3.Row | None = None) -> base.Environment | None:
    """Returns what an environment or one of its tags is built on; None: an image."""
    name = json.loads(tag["settings"])["base_environment_name"] if tag else None
    name = name or json.loads(environment["settings"])["base_environment"]
    return base.find(name) if name else None


def check_usable(
    db: sqlite3.Connection, project: str, name: str, tag: str | None, supports_request_format: bool
) -> None:
    """Rejects an environment that a version can't run on.

    Args:
        db: The database.
        project: The project of the version.
        name: The name of the environment.
        tag: The name of the tag; None stands for the one in use.
        supports_request_format: That of the deployment.

    Raises:
        ApiError: There is no such environment or tag, or it doesn't fit.
    """
    environment = find_row(db, "environments", {"project": project, "name": name})
    supported: bool | None = True
    if environment is None:
        if base.find(name) is None:
            raise bad_request(
                f"there is no environment {name!r}; there are python3-8 to python3-13, r4-0, "
                "the same names followed by '-cuda', and those that were created in the project"
            )
        if tag not in (None, base.DEFAULT_TAG):
            raise bad_request(f"environment {name!r} has no tag {tag!r}; it has {base.DEFAULT_TAG!r}")
    elif tag is not None:
        found = find_row(db, "environment_tags", {"environment": environment["pk"], "name": tag})
        if found is None:
            raise bad_request(f"environment {name!r} has no tag {tag!r}")
        supported = json.loads(found["settings"])["supports_request_format"]
    elif base_of(environment) is None:
        supported = None
    # A docker image of /v2.1 doesn't say whether it supports requests.
    if supported is not None and supported != supports_request_format:
        shown = name if tag is None else f"{name}:{tag}"
        raise bad_request(
            f"supports_request_format of the environment {shown!r} is {str(supported).lower()}, and that of the "
            f"deployment is {str(supports_request_format).lower()}: they must be equal"
        )


def resolve(db: sqlite3.Connection, project: str, name: str, tag: str | None, now: float) -> Resolved:
    """Returns what a version runs on that has this environment and tag.

    Of an environment without a successful build, nothing but the base is used.
    """
    environment = find_row(db, "environments", {"project": project, "name": name})
    if environment is None:
        found = base.find(name) or base.DEFAULT_ENVIRONMENT
        return Resolved(found, name, found.display_name, base.DEFAULT_TAG)
    builds = [build for build in builds_of(db, environment["pk"]) if tag in (None, build["tag_name"])]
    active = state_of(builds, now).active
    tag_name = tag or (active["tag_name"] if active else base.DEFAULT_TAG)
    row = find_row(db, "environment_tags", {"environment": environment["pk"], "name": tag_name})
    below = base_of(environment, row)
    resolved = Resolved(
        below or base.DEFAULT_ENVIRONMENT,
        name,
        json.loads(environment["settings"])["display_name"] or name,
        tag_name,
        refusal="" if below else NO_IMAGE,
    )
    if active is None or row is None:
        return resolved
    contents = Contents(contents_of(db, active))
    variables, secrets = variables_of_tag(db, row["pk"])
    return resolved._replace(
        requirements=contents.requirements,
        variables={**build_variables(contents), **variables},
        secrets=secrets,
    )


def variables_of_tag(db: sqlite3.Connection, tag: int) -> tuple[dict[str, str], frozenset[str]]:
    """Returns the variables for building a tag, and the names of the secret ones."""
    rows = db.execute("SELECT * FROM environment_secrets WHERE tag = ?", (tag,)).fetchall()
    return {row["name"]: row["value"] for row in rows}, frozenset(row["name"] for row in rows if row["secret"])


def versions_on(
    db: sqlite3.Connection, project: str, environment: str, tag: str | None = None, now: float = 0
) -> list[tuple[sqlite3.Row, dict[str, Any]]]:
    """Returns the versions that run on an environment or tag, with their settings."""
    rows = db.execute(
        "SELECT versions.*, deployments.name AS deployment_name FROM versions"
        " JOIN deployments ON deployments.pk = versions.deployment"
        " WHERE deployments.project = ? ORDER BY versions.pk",
        (project,),
    ).fetchall()
    found = []
    for row in rows:
        settings = json.loads(row["settings"])
        if settings["environment"] == environment and (
            tag is None or tag == (settings.get("environment_tag") or resolve(db, project, environment, None, now).tag)
        ):
            found.append((row, settings))
    return found


def check_unused(db: sqlite3.Connection, project: str, environment: str, tag: str | None, now: float) -> None:
    """Rejects the deletion of an environment or tag that versions run on."""
    used = versions_on(db, project, environment, tag, now)
    if used:
        row = used[0][0]
        more = f" and {len(used) - 1} more" if len(used) > 1 else ""
        what = f"environment {environment!r}" if tag is None else f"tag {tag!r} of environment {environment!r}"
        raise ApiError(
            IN_USE,
            f"{what} is used by version {row['name']!r} of deployment {row['deployment_name']!r}{more}, so it can't "
            "be deleted",
        )
