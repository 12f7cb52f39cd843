"""What an export contains: the selection of a request, or everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.imports_and_exports.layout import KINDS
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.lookup import find_row

if TYPE_CHECKING:
    import sqlite3

# Where the versions of an object are, and what they call it.
_VERSIONS = {"deployments": ("versions", "deployment"), "pipelines": ("pipeline_versions", "pipeline")}
_INCLUDE = "include_value"


def selected(db: sqlite3.Connection, project: str, body: dict[str, Any]) -> dict[str, Any]:
    """Returns a checked selection of objects that exist.

    Raises:
        ApiError: There is no such object, or the selection is malformed.
    """
    found: dict[str, Any] = {}
    for kind in KINDS:
        for name, wanted in _items(body.get(kind, {}), kind):
            if kind == "environment_variables":
                found.setdefault(kind, {})[name] = _variable(db, name, wanted, kind, (project, None, None))
                continue
            row = find_row(db, kind, {"project": project, "name": name})
            if row is None:
                raise bad_request(f"{kind}.{name} was not found in project {project}")
            found.setdefault(kind, {})[name] = _object(db, project, kind, row, wanted)
    return found


def everything(db: sqlite3.Connection, project: str) -> dict[str, Any]:
    """Returns the selection of all objects.

    That it includes the values of variables, but for those of secrets, is a guess.
    """
    found: dict[str, Any] = {}
    for kind in KINDS:
        if kind == "environment_variables":
            if variables := _all_variables(db, project, None, None):
                found[kind] = variables
            continue
        query = f"SELECT * FROM {kind} WHERE project = ? ORDER BY pk"  # noqa: S608  # nosec B608
        for row in db.execute(query, (project,)).fetchall():
            found.setdefault(kind, {})[row["name"]] = _whole_object(db, project, kind, row)
    return found


def _items(value: Any, field: str) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(value, dict) or not all(isinstance(one, dict) for one in value.values()):
        raise bad_request(f"{field} must be an object of objects by name")
    return list(value.items())


def _object(
    db: sqlite3.Connection, project: str, kind: str, row: sqlite3.Row, wanted: dict[str, Any]
) -> dict[str, Any]:
    if kind not in _VERSIONS:
        return {}
    table, owner = _VERSIONS[kind]
    title = f"{kind}.{row['name']}"
    versions: dict[str, Any] = {}
    for name, of_version in _items(wanted.get("versions", {}), f"{title}.versions"):
        version = find_row(db, table, {owner: row["pk"], "name": name})
        if version is None:
            raise bad_request(f"{title}.versions.{name} was not found")
        versions[name] = {}
        if kind == "deployments":
            key, field = (project, row["pk"], version["pk"]), f"{title}.versions.{name}.environment_variables"
            versions[name] = {"environment_variables": _variables(db, of_version, field, key)}
    found: dict[str, Any] = {"versions": versions}
    if kind == "deployments":
        key = (project, row["pk"], None)
        found["environment_variables"] = _variables(db, wanted, f"{title}.environment_variables", key)
    return found


def _variables(db: sqlite3.Connection, wanted: dict[str, Any], field: str, key: tuple[Any, ...]) -> dict[str, Any]:
    items = _items(wanted.get("environment_variables", {}), field)
    return {name: _variable(db, name, value, field, key) for name, value in items}


def _variable(
    db: sqlite3.Connection, name: str, wanted: dict[str, Any], field: str, key: tuple[Any, ...]
) -> dict[str, Any]:
    columns = dict(zip(("project", "deployment", "version"), key))
    if find_row(db, "variables", {**columns, "name": name}) is None:
        raise bad_request(f"{field}.{name} was not found")
    include = wanted.get(_INCLUDE, False)
    if not isinstance(include, bool):
        raise bad_request(f"{field}.{name}.{_INCLUDE} must be true or false")
    return {_INCLUDE: include}


def _whole_object(db: sqlite3.Connection, project: str, kind: str, row: sqlite3.Row) -> dict[str, Any]:
    if kind not in _VERSIONS:
        return {}
    table, owner = _VERSIONS[kind]
    query = f"SELECT * FROM {table} WHERE {owner} = ? ORDER BY pk"  # noqa: S608  # nosec B608
    versions = db.execute(query, (row["pk"],)).fetchall()
    if kind != "deployments":
        return {"versions": {version["name"]: {} for version in versions}}
    return {
        "versions": {
            version["name"]: {"environment_variables": _all_variables(db, project, row["pk"], version["pk"])}
            for version in versions
        },
        "environment_variables": _all_variables(db, project, row["pk"], None),
    }


def _all_variables(db: sqlite3.Connection, project: str, deployment: int | None, version: int | None) -> dict[str, Any]:
    rows = db.execute(
        "SELECT * FROM variables WHERE project = ? AND deployment IS ? AND version IS ? ORDER BY name",
        (project, deployment, version),
    )
    return {row["name"]: {_INCLUDE: not row["secret"]} for row in rows}
