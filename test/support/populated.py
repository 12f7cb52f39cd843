"""A project with an object of every kind, for tests that cover all operations."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import populated_storage
from described import FORM
from populated_pipelines import PopulatedPipelines, is_about_pipelines, populate_pipelines
from populated_projects import Further, populate_further

if TYPE_CHECKING:
    from described import Described

    import ubiops
    from ubiops.emulator import Emulator

PLAIN = {"input_type": "plain", "output_type": "plain"}
VARIABLE = {"name": "LANGUAGE", "value": "en", "secret": False}
# A request with this input does not end.
WAIT = "wait"
MISSING_ID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class PopulatedProject:
    """The names and ids of its objects.

    The deployment has two versions. The first one is built and is the default.
    Deployment and first version have a variable each. There is a
    completed request to that version. No name is one of the
    description's examples, so that these can be created.
    """

    project_name: str
    deployment_name: str
    version: str
    other_version: str
    revision_id: str
    build_id: str
    variable_of_deployment: str
    variable_of_version: str
    request_id: str
    new_open_request: Callable[[], str]
    new_instance: Callable[[], str]
    new_pipelines: Callable[[], PopulatedPipelines]
    template_deployment_id: str
    package: bytes
    # Values of path parameters and fields of bodies that areas add.
    paths: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    further: Further = field(default_factory=Further)

    def value(self, operation: Described, parameter: str) -> str:
        """Returns the value of a path parameter: the longest key that fits wins.

        A key may also be a whole path, a space and the parameter.
        """
        path = operation.path
        if "/instances" in path:
            self.further.values["/instances/{instance_id}"] = self.new_instance()
        values = {
            "/projects/{project_name}": self.project_name,
            "/deployments/{deployment_name}": self.deployment_name,
            "/versions/{version}": self.version,
            "/revisions/{revision_id}": self.revision_id,
            "/builds/{build_id}": self.build_id,
            "/requests/{request_id}": "" if is_about_pipelines(operation) else self.request_of(operation),
            "/deployments/{deployment_name}/environment-variables/{id}": self.variable_of_deployment,
            "/versions/{version}/environment-variables/{id}": self.variable_of_version,
            **self.paths,
            **self.further.values,
        }
        exact = f"{path} {parameter}"
        if exact in values:
            return values[exact]
        if is_about_pipelines(operation):
            values.update(self.pipelines.values(operation))
        start = path[: path.index(f"{{{parameter}}}")] + f"{{{parameter}}}"
        return values[max((key for key in values if start.endswith(key)), key=len)]

    @functools.cached_property
    def open_request_id(self) -> str:
        """A request that does not end, created when it is needed."""
        return self.new_open_request()

    @functools.cached_property
    def pipelines(self) -> PopulatedPipelines:
        """Pipelines, schedules and webhooks.

        They are created when they are needed: what they use can't be deleted.
        """
        return self.new_pipelines()

    def request_of(self, operation: Described) -> str:
        """Returns the id of a request that an operation is possible for."""
        changes = operation.operation_id.endswith(("requests_update", "requests_batch_cancel", "requests_batch_delete"))
        return self.open_request_id if changes else self.request_id

    def path(self, operation: Described, **changes: str) -> str:
        """Returns the path of an operation with its required query."""
        path = operation.path
        for name in operation.parameters:
            path = path.replace(f"{{{name}}}", quote(changes.get(name, self.value(operation, name)), safe=""))
        query = self.query(operation)
        return f"{path}?{urlencode(query)}" if query else path

    def query(self, operation: Described) -> dict[str, Any]:
        """Returns the required query, and what a response needs to not be empty."""
        return {**operation.query, **self.further.queries.get(operation.operation_id, {})}

    def body(self, operation: Described) -> Any:
        """Returns the example of a body, with references to objects of this project."""
        if is_about_pipelines(operation):
            return self.pipelines.body(operation)
        references = {
            "default_version": self.version,
            "source_deployment": self.deployment_name,
            "source_version": self.version,
            "template_deployment_id": self.template_deployment_id,
            **dict.fromkeys(operation.files, self.package),
            **self.fields,
        }
        if operation.operation_id.endswith(("batch_get", "batch_cancel", "batch_delete")):
            return [self.request_of(operation)]
        if not isinstance(operation.body, dict):
            return operation.body
        changes = self.further.bodies.get(operation.operation_id, {})
        body = {**{name: references.get(name, value) for name, value in operation.body.items()}, **changes}
        # A change to None leaves a field out.
        return {name: value for name, value in body.items() if value is not None or name not in changes}

    def request(self, operation: Described) -> dict[str, Any]:
        """Returns what to send besides the path."""
        body = self.body(operation)
        if operation.media_type == FORM:
            files = {name: (f"{name}.zip", body[name], "application/zip") for name in operation.files if name in body}
            return {"fields": {**body, **files}}
        return {"data": body} if operation.media_type else {}

    def positional(self, operation: Described) -> list[Any]:
        """Returns the method's positional arguments in their order."""
        values = [self.value(operation, name) for name in operation.parameters]
        files = [self.package] * len(operation.required_files)
        return [*values, *files, *([self.body(operation)] if takes_data(operation) else [])]

    def keywords(self, operation: Described) -> dict[str, Any]:
        """Returns the arguments that the method accepts by keyword only."""
        fields = self.body(operation) if operation.media_type == FORM else {}
        keywords = {**self.query(operation), **fields}
        return {name: value for name, value in keywords.items() if name not in operation.required_files}

    def arguments(self, operation: Described) -> dict[str, Any]:
        """Returns all arguments of the method by name."""
        return {**dict(zip(positional_names(operation), self.positional(operation))), **self.keywords(operation)}


def takes_data(operation: Described) -> bool:
    """Returns whether the method has a positional argument for the body."""
    return operation.media_type not in (None, FORM) and operation.body_required


def positional_names(operation: Described) -> tuple[str, ...]:
    """Returns the names of the method's positional arguments in their order."""
    names = (*operation.parameters, *operation.required_files)
    return (*names, "data") if takes_data(operation) else names


def _run_instance(api: ubiops.CoreApi, names: tuple[str, str]) -> str:
    """Returns the id of an instance that runs. Earlier ones may have been stopped."""
    api.deployment_requests_create(*names, data="x")
    running = api.project_instances_list(names[0], status=["running"]).results
    return str(running[0].id)


def populate(api: ubiops.CoreApi, emulator: Emulator, project_name: str, package: bytes) -> PopulatedProject:
    """Creates the objects in a project."""
    deployment, version, other = "deployment-1", "first", "second"
    names = project_name, deployment
    api.deployments_create(project_name, {"name": deployment, **PLAIN})
    api.deployment_versions_create(*names, {"version": version})
    api.deployment_versions_create(*names, {"version": other})
    revision = api.revisions_file_upload(*names, version, file=package).revision
    paths, fields = populated_storage.populate(api, emulator, project_name)
    api.deployment_versions_update(*names, other, {"environment": populated_storage.BUILT})
    # Longer than builds take, and not as long as requests are kept.
    emulator.clock.advance(600)
    completed = api.deployment_requests_create(*names, data="x").id
    return PopulatedProject(
        project_name,
        deployment,
        version,
        other,
        revision,
        revision,
        api.deployment_environment_variables_create(*names, VARIABLE).id,
        api.deployment_version_environment_variables_create(*names, version, VARIABLE).id,
        completed,
        lambda: api.batch_deployment_requests_create(*names, data=[WAIT])[0].id,
        lambda: _run_instance(api, names),
        lambda: populate_pipelines(api, project_name, deployment, version),
        api.template_deployments_list()[0].id,
        package,
        paths,
        fields,
        populate_further(api, emulator, project_name, deployment),
    )
