"""Creates the objects of an import, through the operations that clients use."""

from __future__ import annotations

import contextlib
import graphlib
from typing import TYPE_CHECKING, Any, Callable

from ubiops._packages.archive import open_archive
from ubiops._packages.errors import UnusableError
from ubiops.emulator.areas.imports_and_exports.calls import background_context, call
from ubiops.emulator.areas.imports_and_exports.reading import member_path
from ubiops.emulator.core.context import UploadedFile
from ubiops.emulator.core.errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ubiops.emulator.core.backend import Backend

# A variable whose value is not in the file is created with this one: a guess.
_NO_VALUE = ""


class Stopped(Exception):
    """The emulator stops, or the import was deleted."""


class Creator:
    """Creates objects, or none of them.

    Args:
        backend: The emulator.
        project: The project.
        user: Who imports.
        archive: The zip file.
        contents: What it contains. Values of secrets are taken from here.
        wait: Waits a moment. Raises `Stopped` if the import must not go on.
    """

    def __init__(
        self,
        backend: Backend,
        project: str,
        user: str,
        archive: Path,
        contents: dict[str, Any],
        wait: Callable[[], None],
    ) -> None:
        self._backend = backend
        self._context = background_context(backend, project, user)
        self._archive = archive
        self._contents = contents
        self._wait = wait
        self._created: list[tuple[str, dict[str, str]]] = []

    def create(self, selection: dict[str, Any]) -> None:
        """Creates everything that is selected.

        Raises:
            ApiError: Something can't be created. Everything else was deleted again.
            Stopped: Likewise.
        """
        try:
            self._create(selection)
        except BaseException:
            self._undo()
            raise

    def _create(self, selection: dict[str, Any]) -> None:
        self._create_variables(selection.get("environment_variables", {}), {}, ())
        environments = selection.get("environments", {})
        for name, settings in environments.items():
            self._environment(name, settings)
        deployments = selection.get("deployments", {})
        if deployments:
            self._until_built("environments_get", [{"environment_name": name} for name in environments])
        for name, settings in deployments.items():
            self._deployment(name, settings)
        pipelines = selection.get("pipelines", {})
        if any(settings.get("versions") for settings in pipelines.values()):
            versions = [
                {"deployment_name": name, "version": version}
                for name, settings in deployments.items()
                for version in settings.get("versions", {})
            ]
            self._until_built("deployment_versions_get", versions)
        for name, settings in pipelines.items():
            with _about(f"pipeline {name}"):
                self._call("pipelines_create", {}, {**settings, "name": name}, {"pipeline_name": name})
        for name in _by_dependence(pipelines):
            for version, of_version in _default_first(pipelines[name]):
                with _about(f"version {version} of pipeline {name}"):
                    body = {**of_version, "version": version, "objects": _objects(of_version)}
                    self._call("pipeline_versions_create", {"pipeline_name": name}, body)
        for name, settings in selection.get("services", {}).items():
            with _about(f"service {name}"):
                self._call("services_create", {}, {**settings, "name": name}, {"service_name": name})

    def _environment(self, name: str, settings: dict[str, Any]) -> None:
        path = {"environment_name": name}
        with _about(f"environment {name}"):
            self._call("environments_create", {}, {**settings, "name": name}, path)
            if settings.get("zip"):
                self._upload("environment_revisions_file_upload", path, settings["zip"])

    def _deployment(self, name: str, settings: dict[str, Any]) -> None:
        path = {"deployment_name": name}
        with _about(f"deployment {name}"):
            self._call("deployments_create", {}, {**settings, "name": name}, path)
            self._create_variables(settings.get("environment_variables", {}), path, ("deployments", name))
        for version, of_version in _default_first(settings):
            of_path = {**path, "version": version}
            with _about(f"version {version} of deployment {name}"):
                self._call("deployment_versions_create", path, {**_modern(of_version), "version": version})
                keys = ("deployments", name, "versions", version)
                self._create_variables(of_version.get("environment_variables", {}), of_path, keys)
                if of_version.get("zip"):
                    self._upload("revisions_file_upload", of_path, of_version["zip"])

    def _create_variables(self, variables: dict[str, Any], path: dict[str, str], keys: tuple[str, ...]) -> None:
        kind = "deployment_version" if "version" in path else "deployment" if path else "project"
        known: Any = self._contents
        for key in (*keys, "environment_variables"):
            known = known.get(key, {})
        for name, variable in variables.items():
            value = variable.get("value")
            if value is None:
                value = known.get(name, {}).get("value")
            body = {
                "name": name,
                "value": _NO_VALUE if value is None else value,
                "secret": variable.get("secret", False),
            }
            with _about(f"environment variable {name}"):
                created = self._call(f"{kind}_environment_variables_create", path, body)
            if not path:
                self._created.append(("project_environment_variables_delete", {"id": created["id"]}))

    def _upload(self, operation_id: str, path: dict[str, str], name: str) -> None:
        """Uploads a file of the archive, block by block."""
        limit = self._backend.settings.maximum_file_size
        try:
            with self._backend.files.create() as incoming:
                with open_archive(self._archive) as archive:
                    size = 0
                    for block in archive.blocks(member_path(self._archive, name)):
                        size += len(block)
                        if size > limit:
                            raise bad_request(f"{name} is larger than {limit:,} bytes")
                        incoming.file.write(block)
                call(self._context, operation_id, path, {}, UploadedFile(name.rpartition("/")[2], incoming))
        except UnusableError as error:
            raise bad_request(str(error)) from error

    def _until_built(self, operation_id: str, paths: list[dict[str, str]]) -> None:
        """Waits for builds: what comes next needs them."""
        for path in paths:
            while call(self._context, operation_id, path)["status"] == "building":
                self._wait()

    def _call(
        self, operation_id: str, path: dict[str, str], body: dict[str, Any], created: dict[str, str] | None = None
    ) -> Any:
        result = call(self._context, operation_id, path, body)
        if created is not None:
            self._created.append((operation_id.replace("_create", "_delete"), created))
        return result

    def _undo(self) -> None:
        for operation_id, path in reversed(self._created):
            # Somebody else may have deleted it, or may use it.
            with contextlib.suppress(ApiError):
                call(self._context, operation_id, path)


@contextlib.contextmanager
def _about(title: str) -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        raise ApiError(error.status, f"{title}: {error.message}") from error


def _modern(settings: dict[str, Any]) -> dict[str, Any]:
    """Replaces the fields of exports of older generations.

    They had a language and a size of the memory in place of environment and instance
    type.
    """
    found = dict(settings)
    language, memory = found.pop("language", None), found.pop("memory_allocation", None)
    if isinstance(language, str):
        found.setdefault("environment", language.replace(".", "-"))
    if isinstance(memory, int) and not {"instance_type", "instance_type_group_name"} & set(found):
        found["instance_type"] = f"{memory}mb"
    return found


def _default_first(settings: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Returns the versions, the default one first: the first to be created is it."""
    default = settings.get("default_version")
    return sorted((settings.get("versions") or {}).items(), key=lambda item: item[0] != default)


def _objects(version: dict[str, Any]) -> Any:
    """Returns the objects of a version as the API expects them."""
    objects = version.get("objects") or []
    if not isinstance(objects, list) or not all(isinstance(one, dict) for one in objects):
        return objects
    found = []
    for one in objects:
        reference = one.get("reference_version", one.get("version")) or None
        found.append({**one, "version": reference})
    return found


def _by_dependence(pipelines: dict[str, Any]) -> list[str]:
    """Returns the names of pipelines, those first that others use.

    Raises:
        ApiError: Each waits for another one.
    """
    sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    for name, settings in pipelines.items():
        sorter.add(name)
        for version in (settings.get("versions") or {}).values():
            for one in _objects(version):
                if isinstance(one, dict) and one.get("reference_type") == "pipeline":
                    used = one.get("reference_name")
                    if used in pipelines and used != name:
                        sorter.add(name, used)
    try:
        return list(sorter.static_order())
    except graphlib.CycleError as error:
        raise bad_request(f"the pipelines {', '.join(error.args[1])} use one another") from error
