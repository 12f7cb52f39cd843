"""Every operation responds as described. The tests are derived from the description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from described import JSON, Described, described_operations
from populated import MISSING_ID, PopulatedProject, populate

import ubiops
from ubiops.emulator import Emulator, areas
from ubiops.emulator.core.description import operations, response_schema
from ubiops.emulator.core.handlers import HANDLERS
from ubiops.emulator.routes import ROUTES

assert areas.MIGRATIONS
SUPPORTED = [operation for operation in described_operations() if operation.operation_id in HANDLERS]
NOT_FOUND = {"deployment_name": "Deployment was not found", "version": "Deployment version was not found"}
# What the path names need not exist, as the operation is about to create it.
CREATED = {("files_upload", "file"), ("files_start_multipart_upload", "file")}


def each(selected: list[Described]) -> Any:
    return pytest.mark.parametrize("operation", selected, ids=lambda operation: operation.operation_id)


@pytest.fixture(scope="module")
def new_project(stopped_emulator: Emulator, package: bytes) -> Callable[[str], PopulatedProject]:
    """Populates a project of this name."""

    def create(name: str) -> PopulatedProject:
        with ubiops.ApiClient(stopped_emulator.configuration()) as client:
            return populate(ubiops.CoreApi(client), stopped_emulator, name, package)

    return create


@pytest.fixture(scope="module")
def shared_project(new_project: Callable[[str], PopulatedProject]) -> PopulatedProject:
    """A populated project that no test changes."""
    return new_project("shared-by-test-operations")


def test_every_operation_has_a_route_and_every_handler_an_operation() -> None:
    described = {(one.method, one.path, one.operation_id, one.status) for one in described_operations()}
    assert {tuple(route) for route in ROUTES} == described
    assert set(HANDLERS) <= {route.operation_id for route in ROUTES}


def test_operations_without_a_handler_are_not_supported(api: Any) -> None:
    for operation in described_operations():
        if operation.operation_id not in HANDLERS:
            path = operation.path.replace("{", "").replace("}", "")
            assert operation.operation_id in api.fails(501, operation.method, path)


@each(SUPPORTED)
def test_a_call_succeeds_with_the_described_status_and_all_described_fields(
    api: Any,
    shared_project: PopulatedProject,
    new_project: Callable[[str], PopulatedProject],
    operation: Described,
    project_name: str,
) -> None:
    project = shared_project if operation.reads_only else new_project(project_name)
    response = api.send(operation.method, project.path(operation), **project.request(operation))
    assert response.operation_id == operation.operation_id
    assert response.status == operation.status, response.data
    if isinstance(response.data, list):
        assert response.data, "an empty list proves nothing"
    check_fields(response_schema(operations()[operation.operation_id]), response.data)


def check_fields(schema: Any, value: Any) -> None:
    """Checks that every object has all fields of its schema, in the same order."""
    if isinstance(value, list):
        for item in value:
            check_fields(schema.get("items", {}), item)
    elif isinstance(value, dict) and "properties" in schema:
        # A field's widget is an empty object if it has none.
        assert list(value) in (list(schema["properties"]), [])
        for name, item in value.items():
            check_fields(schema["properties"][name], item)


@each([operation for operation in SUPPORTED if operation.authorized])
def test_a_call_without_a_token_is_unauthorized(
    api: Any, shared_project: PopulatedProject, operation: Described
) -> None:
    path, request = shared_project.path(operation), shared_project.request(operation)
    assert "Authorization: Token" in api.fails(401, operation.method, path, **request, token=None)


@each([operation for operation in SUPPORTED if len(operation.parameters) > 1])
def test_an_object_that_does_not_exist_is_not_found(
    api: Any, shared_project: PopulatedProject, operation: Described
) -> None:
    for name in operation.parameters:
        if name != "project_name" and (operation.operation_id, name) not in CREATED:
            path = shared_project.path(operation, **{name: MISSING_ID})
            error = api.fails(404, operation.method, path, **shared_project.request(operation))
            expected = NOT_FOUND.get(name, error)
            assert error == (expected.replace("Deployment", "Pipeline") if "/pipelines/" in path else expected)
            assert error.endswith("was not found")


@each([operation for operation in SUPPORTED if operation.media_type == JSON and operation.body_required])
def test_a_body_that_is_not_valid_json_is_a_bad_request(
    api: Any, shared_project: PopulatedProject, operation: Described
) -> None:
    path = shared_project.path(operation)
    for body, reason in ((b"", "needs a body"), (b"{", "not valid JSON"), (b"\xff", "not valid JSON"), (b"5", "must")):
        assert reason in api.fails(400, operation.method, path, body=body, headers={"Content-Type": JSON})
    html = {"Content-Type": "text/html"}
    assert JSON in api.fails(415, operation.method, path, body=b"{}", headers=html)


@each([operation for operation in SUPPORTED if operation.method == "GET"])
def test_a_head_request_returns_the_headers_of_a_get_request_without_the_body(
    api: Any, shared_project: PopulatedProject, operation: Described
) -> None:
    url = api.emulator.host + shared_project.path(operation)
    headers = {"Authorization": "Token x"}
    whole, head = (api.pool.request(method, url, headers=headers) for method in ("GET", "HEAD"))
    assert head.status == whole.status == operation.status
    assert head.data == b""
    assert head.headers["content-length"] == str(len(whole.data))
    assert head.headers["content-type"] == whole.headers["content-type"]
