"""Environment variables of projects, deployments and versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ubiops.emulator.areas.deployments.kinds import VARIABLE
from ubiops.emulator.areas.deployments.lookup import deployment_named, version_named
from ubiops.emulator.core import audit
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.errors import ApiError, bad_request
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import find_row, get_row
from ubiops.emulator.core.projects import ensure_project
from ubiops.emulator.core.resources import Owner, Resource
from ubiops.emulator.core.storage import new_id
from ubiops.emulator.core.validation import check_texts
from ubiops.exceptions import ApiValueError

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.context import RequestContext

T = TypeVar("T")
_NOT_INHERITED = {"inheritance_type": None, "inheritance_name": None}


class Variables(Resource):
    """The variables of the project, deployment or version that the path names.

    They are addressed by id or by name.
    """

    kind = VARIABLE
    noun = "environment variable"
    table = "variables"
    created_from = "EnvironmentVariableCreate"
    shown_as = "EnvironmentVariableList"
    path_parameter = "id"
    identified_by = "id"
    dated = False
    skips_unchanged = False

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        """Returns the project, deployment or version that the path names."""
        return _owner(db, context.project, context.path.get("deployment_name"), context.path.get("version"))

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        """Returns the owner."""
        return _subject(row["project"], row["deployment"], row["version"])

    def find(self, db: sqlite3.Connection, context: RequestContext, owner: Owner | None = None) -> sqlite3.Row:
        """Returns the variable that the path names by its id or its name.

        No name looks like an id.
        """
        columns = (owner or self.owner(db, context)).columns
        value = context.path["id"]
        found = find_row(db, self.table, {**columns, "id": value.lower()})
        return found or get_row(db, self.kind, self.table, {**columns, "name": value})

    def create(self, context: RequestContext) -> dict[str, Any]:
        """Creates a variable, which new requests see."""
        return _then_restart(context, super().create(context))

    def update(self, context: RequestContext) -> dict[str, Any]:
        """Replaces a variable, which new requests see."""
        return _then_restart(context, super().update(context))

    def delete(self, context: RequestContext) -> None:
        """Deletes a variable, which new requests don't see any more."""
        _then_restart(context, super().delete(context))

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Checks nothing: all rules are in the description of the request."""

    def to_columns(
        self, db: sqlite3.Connection, context: RequestContext, settings: dict[str, Any], row: sqlite3.Row | None
    ) -> dict[str, Any]:
        """Stores value and secrecy in columns of their own. A secret stays one."""
        if row is not None and row["secret"] and not settings["secret"]:
            raise bad_request(f"secret can't be changed to false: environment variable {row['name']} stays a secret")
        return settings

    def from_row(self, row: sqlite3.Row) -> dict[str, Any]:
        """Returns value and secrecy."""
        return {"value": row["value"], "secret": bool(row["secret"])}

    def fields(self, row: sqlite3.Row) -> dict[str, Any]:
        """Hides the value of a secret."""
        fields = super().fields(row)
        return {**fields, "value": None} if row["secret"] else fields


VARIABLES = Variables()
handler(
    "project_environment_variables_create",
    "deployment_environment_variables_create",
    "deployment_version_environment_variables_create",
)(VARIABLES.create)
handler(
    "project_environment_variables_get",
    "deployment_environment_variables_get",
    "deployment_version_environment_variables_get",
)(VARIABLES.get)
handler(
    "project_environment_variables_update",
    "deployment_environment_variables_update",
    "deployment_version_environment_variables_update",
)(VARIABLES.update)
handler(
    "project_environment_variables_delete",
    "deployment_environment_variables_delete",
    "deployment_version_environment_variables_delete",
)(VARIABLES.delete)


@handler(
    "project_environment_variables_list",
    "deployment_environment_variables_list",
    "deployment_version_environment_variables_list",
)
def list_with_inherited(context: RequestContext) -> list[dict[str, Any]]:
    """Lists own and inherited variables by name.

    Of several with one name, only the nearest is listed.
    """
    with context.reading() as db:
        columns = VARIABLES.owner(db, context).columns
        rows = db.execute(
            "SELECT * FROM variables WHERE project = :project AND (deployment IS NULL OR deployment = :deployment)"
            " AND (version IS NULL OR version = :version) ORDER BY deployment IS NOT NULL, version IS NOT NULL",
            columns,
        ).fetchall()
    # Nearer ones come later and replace farther ones.
    nearest = {row["name"]: row for row in rows}
    return [_with_inheritance(nearest[name], context) for name in sorted(nearest)]


@handler("deployment_environment_variables_copy", "deployment_version_environment_variables_copy")
def copy(context: RequestContext) -> list[dict[str, Any]]:
    """Copies the own variables of another owner over those of the same name.

    Returns the copies only.
    """
    with context.transaction() as db:
        owner, body = VARIABLES.owner(db, context), context.body
        source = _owner(db, context.project, body["source_deployment"], body.get("source_version"))
        rows = sorted(VARIABLES.rows(db, source), key=lambda row: str(row["name"]))
        copies = [_put(db, owner.columns, row["name"], row["value"], bool(row["secret"])) for row in rows]
        if rows:
            names = ", ".join(row["name"] for row in rows)
            event = f"Copied environment variables {names} from {source.title} for {owner.title}"
            audit.record(db, context, "update", event, _subject(**owner.columns))
    return _then_restart(context, [{**VARIABLES.fields(row), **_NOT_INHERITED} for row in copies])


def set_project_variable(backend: Backend, project: str, name: str, value: str, secret: bool = False) -> None:
    """Creates or replaces a variable of a project.

    Raises:
        ApiValueError: The name or the value is invalid.
    """
    if not isinstance(value, str):
        raise ApiValueError(f"the value of environment variable {name!r} must be a string, not {type(value).__name__}")
    try:
        check_texts(VARIABLES.created_from, {"name": name, "value": value})
    except ApiError as error:
        raise ApiValueError(f"environment variable {name!r} is invalid: {error.message}") from error
    with backend.storage.transaction() as db:
        ensure_project(db, project, backend.clock.now())
        _put(db, {"project": project, "deployment": None, "version": None}, name, value, secret)
    _restart(backend, project)


def _owner(db: sqlite3.Connection, project: str, deployment_name: str | None, version_name: str | None) -> Owner:
    if deployment_name is None:
        return Owner({"project": project, "deployment": None, "version": None}, f"project {project}")
    deployment = deployment_named(db, project, deployment_name)
    columns, title = {"project": project, "deployment": deployment["pk"]}, f"deployment {deployment['name']}"
    if version_name is None:
        return Owner({**columns, "version": None}, title)
    version = version_named(db, deployment, version_name)
    return Owner({**columns, "version": version["pk"]}, f"version {version['name']} of {title}")


def _subject(project: str, deployment: int | None, version: int | None) -> Subject:
    if deployment is None:
        return Subject(object_type="project", object_name=project)
    return Subject(deployment, version)


def _then_restart(context: RequestContext, result: T) -> T:
    path = context.path
    _restart(context.backend, context.project, path.get("deployment_name"), path.get("version"))
    return result


def _restart(backend: Backend, project: str, deployment: str | None = None, version: str | None = None) -> None:
    """Makes new requests see the present variables."""
    if backend.runner is None:
        return
    with backend.storage.reading() as db:
        rows = db.execute(
            "SELECT versions.pk FROM versions JOIN deployments ON deployments.pk = versions.deployment"
            " WHERE project = :project AND ifnull(:deployment, deployments.name) = deployments.name"
            " AND ifnull(:version, versions.name) = versions.name",
            {"project": project, "deployment": deployment, "version": version},
        ).fetchall()
    for row in rows:
        backend.runner.changed(row["pk"])


def _put(db: sqlite3.Connection, columns: dict[str, Any], name: str, value: str, secret: bool) -> sqlite3.Row:
    """Creates a variable, or replaces the one of this name. A secret stays one."""
    key = {**columns, "name": name}
    found = find_row(db, "variables", key)
    if found is None:
        db.execute(
            "INSERT INTO variables (id, project, deployment, version, name, value, secret)"
            " VALUES (:id, :project, :deployment, :version, :name, :value, :secret)",
            {**key, "id": new_id(), "value": value, "secret": secret},
        )
    else:
        secret = secret or bool(found["secret"])
        db.execute("UPDATE variables SET value = ?, secret = ? WHERE pk = ?", (value, secret, found["pk"]))
    return get_row(db, VARIABLE, "variables", key)


def _with_inheritance(row: sqlite3.Row, context: RequestContext) -> dict[str, Any]:
    fields = VARIABLES.fields(row)
    if row["deployment"] is None:
        return {**fields, "inheritance_type": "project", "inheritance_name": context.project}
    if row["version"] is None and "version" in context.path:
        return {**fields, "inheritance_type": "deployment", "inheritance_name": context.path["deployment_name"]}
    return {**fields, **_NOT_INHERITED}
