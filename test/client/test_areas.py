"""The areas of the API as attributes of ``CoreApi``, as in the official client."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from scripted import Wire, reply, settings_for

import ubiops
import ubiops.aio
from ubiops import api

AREAS = {cls.__module__.rpartition(".")[2]: cls for cls in ubiops.CoreApi.__bases__}


def test_every_area_is_an_attribute() -> None:
    core_api = ubiops.CoreApi()
    assert {type(getattr(core_api, name)) for name in AREAS} == {getattr(api, cls.__name__) for cls in AREAS.values()}
    assert len(AREAS) == len(api.__all__) - 1


def test_an_area_uses_the_client_that_its_api_has_now() -> None:
    core_api = ubiops.CoreApi()
    assert core_api.deployments.api_client is core_api.api_client
    core_api.api_client = ubiops.ApiClient()
    assert core_api.deployments.api_client is core_api.api_client
    with pytest.raises(AttributeError):
        core_api.deployments = None  # type: ignore[assignment,misc]


def test_a_method_of_an_area_and_its_twin_make_the_call() -> None:
    with Wire([reply(200, [{"name": "d"}])]) as server, ubiops.ApiClient(settings_for(server)) as client:
        core_api = ubiops.CoreApi(client)
        assert core_api.deployments.deployments_list("p", _request_stream=True)[0].name == "d"
        data, status, _ = core_api.deployments.deployments_list_with_http_info("p")
        assert (data[0].name, status) == ("d", 200)
        assert not hasattr(core_api.deployments, "files_list")


def test_the_areas_of_the_async_api_are_awaited() -> None:
    async def work(server: Wire) -> Any:
        async with ubiops.aio.CoreApi(ubiops.aio.ApiClient(settings_for(server))) as core_api:
            assert {type(getattr(core_api, name)).__name__ for name in AREAS} == {
                one.__name__ for one in AREAS.values()
            }
            assert isinstance(core_api.deployments, api.Deployments)
            found = await core_api.deployments.deployments_list("p")
            data, status, _ = await core_api.deployments.deployments_list_with_http_info("p", _request_stream=False)
            return found[0].name, data[0].name, status

    with Wire([reply(200, [{"name": "d"}])]) as server:
        assert asyncio.run(work(server)) == ("d", "d", 200)


def test_an_area_of_the_async_api_takes_no_blocking_client() -> None:
    with pytest.raises(ubiops.ApiTypeError, match=r"ubiops\.aio\.Deployments must be a ubiops\.aio\.ApiClient"):
        type(ubiops.aio.CoreApi().deployments)(ubiops.ApiClient())


def test_settings_that_the_official_client_has_in_other_places() -> None:
    with ubiops.ApiClient(ubiops.Configuration()) as client:
        assert client.client_side_validation is True
        client.client_side_validation = False
        assert client.configuration.client_side_validation is False
        assert client.rest_client.auto_retry_rate_limiting is True
        client.rest_client.auto_retry_rate_limiting = False
        assert client.configuration.auto_retry_rate_limiting is False


def test_choices_that_can_be_combined_are_a_list_or_a_text_with_commas() -> None:
    with Wire([reply(200, [])]) as server, ubiops.ApiClient(settings_for(server)) as client:
        core_api = ubiops.CoreApi(client)
        core_api.deployment_requests_list("p", "d", status=["failed", "completed"])
        core_api.deployment_requests_list("p", "d", status="failed,completed")
        with pytest.raises(ubiops.ApiValueError, match="status"):
            core_api.deployment_requests_list("p", "d", status="failed,lost")
    assert {request.target.partition("?")[2] for request in server.requests} == {"status=failed%2Ccompleted"}
