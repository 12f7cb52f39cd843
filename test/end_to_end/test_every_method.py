"""Every method, in every form of call. The tests are derived from the description."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from described import Described, described_operations, representatives
from populated import MISSING_ID, PopulatedProject, populate, positional_names, takes_data

import ubiops
import ubiops.emulator.areas
from ubiops.emulator.core.handlers import HANDLERS

if TYPE_CHECKING:
    from ubiops.emulator import Emulator

SUPPORTED = [operation for operation in described_operations() if operation.operation_id in HANDLERS]
REPRESENTATIVES = representatives(SUPPORTED)


def each(selected: list[Described]) -> Any:
    return pytest.mark.parametrize("operation", selected, ids=lambda operation: operation.operation_id)


every_method = each(list(described_operations()))
every_supported_method = each(SUPPORTED)
# One method for each combination of HTTP method, body and response.
one_method_of_each_kind = each(REPRESENTATIVES)
one_method_of_each_kind_with_a_model = each(
    [operation for operation in REPRESENTATIVES if operation.model and takes_data(operation)]
)


@pytest.fixture(scope="module")
def module_api(emulator: Emulator) -> Iterator[ubiops.CoreApi]:
    """The methods, for all tests of this module."""
    with ubiops.CoreApi(ubiops.ApiClient(emulator.configuration())) as api:
        yield api


@pytest.fixture(scope="module")
def shared_project(module_api: ubiops.CoreApi, emulator: Emulator, package: bytes) -> PopulatedProject:
    """A populated project that no test changes."""
    return populate(module_api, emulator, "shared-by-test-every-method", package)


@pytest.fixture
def project(
    operation: Described,
    module_api: ubiops.CoreApi,
    emulator: Emulator,
    shared_project: PopulatedProject,
    project_name: str,
    package: bytes,
) -> PopulatedProject:
    """The project to call the method in: a new one if the method changes it."""
    return shared_project if operation.reads_only else populate(module_api, emulator, project_name, package)


@pytest.fixture
def method(operation: Described, module_api: ubiops.CoreApi) -> Any:
    return getattr(module_api, operation.operation_id)


@pytest.fixture
def twin(operation: Described, module_api: ubiops.CoreApi) -> Any:
    return getattr(module_api, f"{operation.operation_id}_with_http_info")


def check(value: Any, returns: str) -> None:
    """Checks the type of a result."""
    name, _, item = returns.partition("[")
    kind = "ModelList" if item else {"None": "NoneType"}.get(name, name)
    assert type(value).__name__ == kind
    if name == "list":
        assert isinstance(value, list)
        assert value, "an empty list proves nothing"
    if item:
        assert {type(one).__name__ for one in value} == {item.rstrip("]")}
    if name in ("Response", "EventStream"):
        value.close()


def nowhere() -> ubiops.Configuration:
    """Returns a configuration with which every request fails."""
    return ubiops.Configuration(host="http://127.0.0.1:1", api_key={"Authorization": "Token x"}, max_retries=0)


@every_supported_method
def test_a_call_returns_what_the_description_says(operation: Described, twin: Any, project: PopulatedProject) -> None:
    data, status, headers = twin(**project.arguments(operation))
    check(data, operation.returns)
    assert status == operation.status
    if operation.returns not in ("None", "Response", "EventStream"):
        assert headers["content-type"] == "application/json"
    if operation.returns not in ("None", "Response", "EventStream", "dict"):
        for model in data if isinstance(data, list) else [data]:
            assert type(model).from_dict(model.to_dict()) == model
            assert model.additional_properties == {}


@every_method
def test_positional_arguments_come_in_the_described_order(operation: Described) -> None:
    method, twin = (getattr(ubiops.CoreApi, operation.operation_id + end) for end in ("", "_with_http_info"))
    assert list(inspect.signature(method).parameters) == list(inspect.signature(twin).parameters)
    positional = [
        name
        for name, parameter in inspect.signature(method).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    assert positional == ["self", *positional_names(operation), *operation.positional_query]


@each([operation for operation in described_operations() if operation.parameters])
def test_a_missing_argument_is_reported_before_anything_is_sent(
    operation: Described,
) -> None:
    names = positional_names(operation)
    with ubiops.CoreApi(ubiops.ApiClient(nowhere())) as api:
        for missing in names:
            arguments: dict[str, Any] = {name: operation.body if name == "data" else MISSING_ID for name in names}
            with pytest.raises(ubiops.ApiValueError, match=missing):
                getattr(api, operation.operation_id)(**{**arguments, missing: None})
            del arguments[missing]
            with pytest.raises(ubiops.ApiValueError, match=missing):
                getattr(api, operation.operation_id)(**arguments)


@every_method
def test_an_unknown_keyword_is_rejected_before_anything_is_sent(operation: Described) -> None:
    arguments = {name: operation.body if name == "data" else MISSING_ID for name in positional_names(operation)}
    with ubiops.CoreApi(ubiops.ApiClient(nowhere())) as api:
        for end in ("", "_with_http_info"):
            with pytest.raises(ubiops.ApiTypeError, match="no_such_option"):
                getattr(api, operation.operation_id + end)(**arguments, no_such_option=True)


@each([operation for operation in SUPPORTED if "deployment_name" in operation.parameters])
def test_an_object_that_does_not_exist_is_not_found(
    operation: Described, method: Any, shared_project: PopulatedProject
) -> None:
    with pytest.raises(ubiops.NotFoundError) as caught:
        method(**{**shared_project.arguments(operation), "deployment_name": "no-such-deployment"})
    assert caught.value.status == 404
    assert caught.value.get_body_message() == "Deployment was not found"
    assert "no-such-deployment" in str(caught.value)


@each([operation for operation in SUPPORTED if operation.authorized])
def test_a_call_without_a_token_is_unauthorized(
    operation: Described, emulator: Emulator, shared_project: PopulatedProject
) -> None:
    api = ubiops.CoreApi(ubiops.ApiClient(ubiops.Configuration(host=emulator.host)))
    with api, pytest.raises(ubiops.UnauthorizedError, match="UBIOPS_API_TOKEN"):
        getattr(api, operation.operation_id)(**shared_project.arguments(operation))


@one_method_of_each_kind
def test_arguments_by_position(operation: Described, method: Any, project: PopulatedProject) -> None:
    check(method(*project.positional(operation), **project.keywords(operation)), operation.returns)


@one_method_of_each_kind
def test_arguments_by_name(operation: Described, method: Any, project: PopulatedProject) -> None:
    check(method(**project.arguments(operation)), operation.returns)


@one_method_of_each_kind
def test_return_http_data_only_switched_off(operation: Described, method: Any, project: PopulatedProject) -> None:
    data, status, _ = method(**project.arguments(operation), _return_http_data_only=False)
    check(data, operation.returns)
    assert status == operation.status


@one_method_of_each_kind
def test_async_req(operation: Described, method: Any, project: PopulatedProject) -> None:
    handle = method(**project.arguments(operation), async_req=True)
    check(handle.get(), operation.returns)
    assert handle.ready()


@one_method_of_each_kind
def test_async_req_with_http_info(operation: Described, twin: Any, project: PopulatedProject) -> None:
    data, status, _ = twin(**project.arguments(operation), async_req=True).get()
    check(data, operation.returns)
    assert status == operation.status


@one_method_of_each_kind
def test_preload_content_switched_off(operation: Described, method: Any, project: PopulatedProject) -> None:
    with method(**project.arguments(operation), _preload_content=False) as response:
        assert response.status == response.status_code == operation.status
        if operation.returns == "None":
            assert response.data == b""
        elif operation.returns in ("Response", "EventStream"):
            assert response.data
        else:
            assert type(response.json()) is (list if operation.returns.startswith("list") else dict)


@one_method_of_each_kind
@pytest.mark.parametrize("timeout", [60, (10, 60)])
def test_request_timeout(operation: Described, method: Any, project: PopulatedProject, timeout: Any) -> None:
    check(method(**project.arguments(operation), _request_timeout=timeout), operation.returns)


@one_method_of_each_kind_with_a_model
def test_a_model_works_like_a_dict(operation: Described, method: Any, project: PopulatedProject) -> None:
    arguments = project.arguments(operation)
    model = getattr(ubiops, str(operation.model))(**arguments["data"])
    check(method(**{**arguments, "data": model}), operation.returns)


@one_method_of_each_kind_with_a_model
def test_a_dict_is_validated_like_a_model(operation: Described, method: Any, shared_project: PopulatedProject) -> None:
    name = next(iter(getattr(ubiops, str(operation.model)).attribute_map))
    with pytest.raises((ubiops.ApiTypeError, ubiops.ApiValueError), match=name):
        method(**{**shared_project.arguments(operation), "data": {name: 12345}})
