"""The permissions, and the roles that every project has.

The form of the names is the platform's, but the list of permissions and what each role
contains are guesses: neither is documented.
"""

from __future__ import annotations

import uuid

_READ = ("list", "get")
_EDIT = (*_READ, "create", "update")
_ADMIN = (*_EDIT, "delete")

# Objects of each kind of object that roles are made for, and those within them.
_OBJECTS = {
    "deployment": (
        "deployments",
        "deployments.environment-variables",
        "deployments.versions",
        "deployments.versions.environment-variables",
        "deployments.versions.requests",
        "deployments.versions.revisions",
    ),
    "pipeline": ("pipelines", "pipelines.versions", "pipelines.versions.requests"),
    "environment": ("environments", "environments.builds", "environments.revisions"),
    "bucket": ("buckets", "buckets.files"),
    "service": ("services",),
}
_OF_PROJECTS = (
    "exports",
    "imports",
    "instance-type-groups",
    "metrics",
    "projects.environment-variables",
    "request-schedules",
    "role-assignments",
    "roles",
    "service-users",
    "webhooks",
)
_SINGLE = ("projects.get", "projects.update", "projects.audit.list", "projects.logs.list", "projects.users.list")
_LEVELS = {"viewer": _READ, "editor": _EDIT, "admin": _ADMIN}


def _permissions(objects: tuple[str, ...], verbs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{one}.{verb}" for one in objects for verb in verbs)


_ALL_OBJECTS = tuple(one for objects in _OBJECTS.values() for one in objects)
PERMISSIONS = tuple(sorted((*_permissions((*_ALL_OBJECTS, *_OF_PROJECTS), _ADMIN), *_SINGLE)))


def _roles() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for level, verbs in _LEVELS.items():
        everything = set(_permissions((*_ALL_OBJECTS, *_OF_PROJECTS), verbs)) | set(_SINGLE)
        found[f"project-{level}"] = tuple(
            one for one in PERMISSIONS if one in everything and (level == "admin" or one != "projects.update")
        )
    for kind, objects in _OBJECTS.items():
        for level, verbs in _LEVELS.items():
            found[f"{kind}-{level}"] = _permissions(objects, verbs)
    for kind in ("deployment", "pipeline"):
        found[f"{kind}-request-user"] = (f"{kind}s.get", f"{kind}s.versions.requests.create")
    found["files-reader"] = _permissions(("buckets", "buckets.files"), _READ)
    found["files-writer"] = (*found["files-reader"], *_permissions(("buckets.files",), ("create", "delete")))
    found["files-reader-restricted"] = ("buckets.files.get",)
    found["files-writer-restricted"] = ("buckets.files.create",)
    return found


ROLES = _roles()


def role_id(name: str) -> str:
    """Returns the id of a built-in role, which is the same everywhere."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"role/{name}"))
