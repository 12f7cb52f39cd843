"""Writes the zip file of an export."""

from __future__ import annotations

import json
import zipfile
from typing import IO, TYPE_CHECKING, Any

import yaml

from ubiops.emulator.areas.deployments.deployments import DEPLOYMENTS as DEPLOYMENT_OBJECTS
from ubiops.emulator.areas.deployments.version_states import active_revision
from ubiops.emulator.areas.deployments.versions import VERSIONS as DEPLOYMENT_VERSIONS
from ubiops.emulator.areas.environments.environments import ENVIRONMENTS as ENVIRONMENT_OBJECTS
from ubiops.emulator.areas.imports_and_exports import layout
from ubiops.emulator.areas.imports_and_exports.calls import background_context
from ubiops.emulator.areas.imports_and_exports.layout import DEPLOYMENTS, ENVIRONMENTS, PIPELINES, SERVICES
from ubiops.emulator.areas.pipelines.pipelines import PIPELINES as PIPELINE_OBJECTS
from ubiops.emulator.areas.pipelines.versions import PIPELINE_VERSIONS
from ubiops.emulator.areas.services.services import SERVICES as SERVICE_OBJECTS
from ubiops.emulator.core.description import properties
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.lookup import find_row

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.backend import Backend
    from ubiops.emulator.core.resources import Resource

# Archives don't differ because they were made at different times.
_DATE = (1980, 1, 1, 0, 0, 0)
# Of several fields that say the same, the one that other projects understand.
_NOT_EXPORTED = {
    "instance_type_group_id",
    "environment_name",
    "environment_tag",
    "maximum_queue_size",
    "supports_request_format",
}


class Packer:
    """Collects the files of an export and writes them.

    Args:
        backend: The emulator.
        project: The project.
        user: Who exports.
        packages: Whether packages are included.
    """

    def __init__(self, backend: Backend, project: str, user: str, *, packages: bool) -> None:
        self._backend = backend
        self._project = project
        self._context = background_context(backend, project, user)
        self._with_packages = packages
        self._texts: dict[str, str] = {}
        self._files: dict[str, str] = {}

    def collect(self, selection: dict[str, Any]) -> None:
        """Reads the settings of all objects at one moment.

        Raises:
            ApiError: One of them has been deleted.
        """
        self._texts[layout.INFO] = _dump({"format_spec": layout.FORMAT})
        with self._backend.storage.reading() as db:
            variables = selection.get("environment_variables", {})
            if variables:
                listed = self._variables(db, variables, None, None)
                self._texts[layout.VARIABLES] = _dump({"environment_variables": listed})
            for name in selection.get("environments", {}):
                self._environment(db, name)
            for name, wanted in selection.get("deployments", {}).items():
                self._deployment(db, name, wanted)
            for name, wanted in selection.get("pipelines", {}).items():
                self._pipeline(db, name, wanted)
            for name in selection.get("services", {}):
                row = self._row(db, SERVICES.folder, {"project": self._project, "name": name})
                settings = self._settings(db, SERVICE_OBJECTS, row, "ServiceCreate")
                self._texts[f"{SERVICES.path(name)}.yaml"] = _dump(_named(SERVICES.noun, name, settings))

    def write(self, target: IO[bytes]) -> None:
        """Writes the archive.

        Raises:
            FileNotFoundError: A package was deleted in the meantime.
        """
        with zipfile.ZipFile(target, "w") as archive:
            for path, text in self._texts.items():
                archive.writestr(_entry(path, zipfile.ZIP_DEFLATED), text)
            for path, name in self._files.items():
                with self._backend.files.path(name).open("rb") as source, archive.open(_entry(path), "w") as member:
                    while block := source.read(1024 * 1024):
                        member.write(block)

    def _environment(self, db: sqlite3.Connection, name: str) -> None:
        row = self._row(db, ENVIRONMENTS.folder, {"project": self._project, "name": name})
        settings = self._settings(db, ENVIRONMENT_OBJECTS, row, "EnvironmentCreate")
        path = ENVIRONMENTS.path(name)
        self._texts[f"{path}.yaml"] = _dump(_named(ENVIRONMENTS.noun, name, settings))
        revision = db.execute(
            "SELECT file FROM environment_revisions WHERE tag IN"
            " (SELECT pk FROM environment_tags WHERE environment = ?) ORDER BY pk DESC LIMIT 1",
            (row["pk"],),
        ).fetchone()
        if revision is not None and self._with_packages:
            with self._backend.files.path(revision["file"]).open("rb") as file:
                suffix = ".zip" if file.read(2) == b"PK" else ".txt"
            self._files[path + suffix] = revision["file"]

    def _deployment(self, db: sqlite3.Connection, name: str, wanted: dict[str, Any]) -> None:
        row = self._row(db, DEPLOYMENTS.folder, {"project": self._project, "name": name})
        (shown,) = DEPLOYMENT_OBJECTS.serialize(db, self._context, [row])
        settings = {
            **_only("DeploymentCreate", shown),
            "supports_request_format": shown["supports_request_format"],
            **_default(shown, wanted),
            "environment_variables": self._variables(db, wanted.get("environment_variables", {}), row["pk"], None),
        }
        self._texts[f"{DEPLOYMENTS.path(name)}.yaml"] = _dump(_named(DEPLOYMENTS.noun, name, settings))
        for version, of_version in wanted.get("versions", {}).items():
            found = self._row(db, "versions", {"deployment": row["pk"], "name": version})
            settings = self._settings(db, DEPLOYMENT_VERSIONS, found, "DeploymentVersionCreate")
            variables = of_version.get("environment_variables", {})
            settings["environment_variables"] = self._variables(db, variables, row["pk"], found["pk"])
            path = DEPLOYMENTS.version_path(name, version)
            self._texts[f"{path}.yaml"] = _dump(_named("version", version, settings))
            file = self._package(db, found["pk"])
            if file is not None:
                self._files[f"{path}.zip"] = file

    def _package(self, db: sqlite3.Connection, version: int) -> str | None:
        """Returns the package in use, or the latest if none is."""
        if not self._with_packages:
            return None
        query = "SELECT * FROM revisions WHERE version = ? ORDER BY pk DESC LIMIT 1"
        active = active_revision(db, self._backend.clock.now(), version)
        row = active or db.execute(query, (version,)).fetchone()
        return row["file"] if row else None

    def _pipeline(self, db: sqlite3.Connection, name: str, wanted: dict[str, Any]) -> None:
        row = self._row(db, PIPELINES.folder, {"project": self._project, "name": name})
        (shown,) = PIPELINE_OBJECTS.serialize(db, self._context, [row])
        settings = {**_only("PipelineCreate", shown), **_default(shown, wanted)}
        self._texts[f"{PIPELINES.path(name)}.yaml"] = _dump(_named(PIPELINES.noun, name, settings))
        for version in wanted.get("versions", {}):
            found = self._row(db, "pipeline_versions", {"pipeline": row["pk"], "name": version})
            settings = self._settings(db, PIPELINE_VERSIONS, found, "PipelineVersionCreate")
            settings["objects"] = [
                {
                    "name": one["name"],
                    "reference_type": one["reference_type"],
                    "reference_name": one["reference_name"],
                    "reference_version": one["version"] or "",
                    "configuration": one["configuration"],
                    "metadata": one["metadata"],
                }
                for one in settings["objects"]
            ]
            settings["attachments"] = [
                {key: value for key, value in one.items() if key != "id"} for one in settings["attachments"]
            ]
            path = PIPELINES.version_path(name, version)
            self._texts[f"{path}.yaml"] = _dump(_named("version", version, settings))

    def _variables(
        self, db: sqlite3.Connection, wanted: dict[str, Any], deployment: int | None, version: int | None
    ) -> list[dict[str, Any]]:
        """Returns variables, with a value only where it was asked for."""
        found = []
        for name, options in wanted.items():
            columns = {"project": self._project, "deployment": deployment, "version": version, "name": name}
            row = self._row(db, "variables", columns)
            value = {"value": row["value"]} if options.get("include_value") else {}
            found.append({"name": name, **value, "secret": bool(row["secret"])})
        return found

    def _settings(self, db: sqlite3.Connection, resource: Resource, row: sqlite3.Row, model: str) -> dict[str, Any]:
        (shown,) = resource.serialize(db, self._context, [row])
        return _only(model, shown)

    def _row(self, db: sqlite3.Connection, table: str, columns: dict[str, Any]) -> sqlite3.Row:
        row = find_row(db, table, columns)
        if row is None:
            raise bad_request(f"{columns['name']} was deleted before it could be exported")
        return row


def _only(model: str, shown: dict[str, Any]) -> dict[str, Any]:
    """Returns the fields that an object is created from. Null means not given."""
    known = properties(model)
    shown = dict(shown)
    for side in ("input_fields", "output_fields"):
        if side in shown:
            # An empty object stands for no widget.
            shown[side] = [{key: value for key, value in one.items() if value != {}} for one in shown[side] or ()]
    return {
        name: value
        for name, value in shown.items()
        if name in known and value is not None and name not in (*_NOT_EXPORTED, "name", "version_name")
    }


def _default(shown: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    name = shown.get("default_version")
    return {"default_version": name} if name in wanted.get("versions", {}) else {}


def _named(noun: str, name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Returns settings with the keys that YAML files have."""
    if noun == "version":
        settings = {key: value for key, value in settings.items() if key != "version"}
    prefixed = {f"{noun}_{key}" if key in layout.PREFIXED else key: value for key, value in settings.items()}
    return {f"{noun}_name": name, **prefixed}


def _dump(value: dict[str, Any]) -> str:
    # A copy, as YAML would refer to what is in it twice.
    text: str = yaml.safe_dump(json.loads(json.dumps(value)), sort_keys=False, allow_unicode=True)
    return text


def _entry(path: str, method: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, _DATE)
    entry.compress_type = method
    return entry
