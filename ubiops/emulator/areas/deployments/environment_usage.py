"""Lists the versions that run on an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments.version_states import states_of_versions
from ubiops.emulator.areas.environments import base
from ubiops.emulator.areas.environments.kinds import TAG
from ubiops.emulator.areas.environments.lookup import find_custom, find_tag, resolve, versions_on
from ubiops.emulator.core.errors import not_found
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.context import RequestContext


@handler("environments_usage")
def list_of_environment(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the versions that run on any build of an environment."""
    system = base.find(context.path["environment_name"]) is not None
    with context.reading() as db:
        if not system:
            find_custom(db, context)
        if context.query.get("environment_type") == ("custom" if system else "base"):
            return []
        return _usage(db, context, None)


@handler("environment_tags_usage")
def list_of_tag(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the versions that run on a tag."""
    tag = context.path["tag_name"]
    with context.reading() as db:
        if base.find(context.path["environment_name"]) is None:
            find_tag(db, context)
        elif tag != base.DEFAULT_TAG:
            raise not_found(TAG)
        return _usage(db, context, tag)


def _usage(db: sqlite3.Connection, context: RequestContext, tag: str | None) -> list[dict[str, Any]]:
    name, found = context.path["environment_name"], []
    for row, settings in versions_on(db, context.project, name, tag, context.now):
        resolved = resolve(db, context.project, name, settings.get("environment_tag"), context.now)
        states = states_of_versions(db, context.now, row["deployment"], row["pk"])
        found.append(
            {
                "id": row["id"],
                "deployment": row["deployment_name"],
                "version": row["name"],
                "environment": name,
                "environment_display_name": resolved.display_name,
                "environment_name": name,
                "environment_tag": resolved.tag,
                "status": states[row["pk"]].status,
            }
        )
    return found
