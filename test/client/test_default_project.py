"""Clients from a token, an address and a project; the default of ``project_name``."""

from __future__ import annotations

import asyncio
import copy
import pickle
from typing import Any

import pytest

import ubiops
import ubiops.aio

SECRET = "hunter2-hunter2"


@pytest.mark.parametrize("make", [ubiops.CoreApi, ubiops.Deployments, ubiops.ApiClient, ubiops.aio.CoreApi])
def test_a_client_is_made_from_token_host_and_project(make: Any) -> None:
    made = make(token=SECRET, host="http://127.0.0.1:1", project="p")
    client = getattr(made, "api_client", made)
    configuration = client.configuration
    assert configuration.host == "http://127.0.0.1:1/v2.1"
    assert configuration.get_api_key_with_prefix() == f"Token {SECRET}"
    assert configuration.project == "p"
    assert SECRET not in f"{made!r}{configuration!r}{vars(configuration)!r}"
    assert SECRET.encode() not in pickle.dumps(client)
    assert pickle.loads(pickle.dumps(client)).configuration.project == "p"
    assert copy.copy(configuration).project == "p"


def test_what_is_given_takes_precedence_over_the_default_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UBIOPS_API_TOKEN", "of-the-environment")
    ubiops.Configuration.set_default(ubiops.Configuration(host="http://a", project="default", max_retries=7))
    try:
        api = ubiops.CoreApi(host="http://b", token="mine")
        configuration = api.api_client.configuration
        assert (configuration.host, configuration.project, configuration.max_retries) == (
            "http://b/v2.1",
            "default",
            7,
        )
        assert configuration.token == "mine"
        assert ubiops.CoreApi().api_client.configuration.token == "of-the-environment"
    finally:
        ubiops.Configuration.set_default(None)


@pytest.mark.parametrize("package", [ubiops, ubiops.aio])
def test_a_client_takes_either_a_configuration_or_its_settings(package: Any) -> None:
    for settings in ({"token": SECRET}, {"host": "h"}, {"project": "p"}):
        with pytest.raises(ubiops.ApiTypeError, match="either a client, or token, host, project") as caught:
            package.CoreApi(package.ApiClient(), **settings)
        assert SECRET not in str(caught.value)
        with pytest.raises(ubiops.ApiTypeError, match="either a configuration, or token, host and project"):
            package.ApiClient(ubiops.Configuration(), **settings)
    with pytest.raises(ubiops.ApiTypeError, match="unexpected keyword argument 'tokne'; did you mean 'token'"):
        package.CoreApi(tokne=SECRET)
    with pytest.raises(ubiops.ApiValueError, match="either token or api_key, not both"):
        ubiops.Configuration(token="a", api_key={"Authorization": "b"})


def test_the_token_of_a_configuration_is_that_of_api_key() -> None:
    configuration = ubiops.Configuration(token="one")
    assert configuration.api_key == {"Authorization": "one"}
    configuration.token = "two"
    assert configuration.get_api_key_with_prefix() == "Token two"
    assert repr(configuration.token) == "'***'"
    configuration.token = None
    assert configuration.get_api_key_with_prefix() is None
    with pytest.raises(ubiops.ApiTypeError, match="token must be a string, got int"):
        configuration.token = 5  # type: ignore[assignment]


@pytest.mark.parametrize(("value", "error"), [("", ubiops.ApiValueError), (5, ubiops.ApiTypeError)])
def test_a_project_has_to_be_a_name(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="project"):
        ubiops.Configuration(project=value)


# --- the default of every call --------------------------------------------------------


def target(server: Any, call: Any) -> str:
    call()
    path: str = server.last.target
    return path


def test_the_project_can_be_left_out(server: Any) -> None:
    api: Any = ubiops.CoreApi(token="x", host=server.host, project="my project")
    server.body = b"[]"
    for call in (api.deployments_list, lambda: api.deployments_list(labels="a:b")):
        assert target(server, call).startswith("/v2.1/projects/my%20project/deployments")
    server.body = b"{}"
    calls = {
        "deployments/d": lambda: api.deployments_get(deployment_name="d"),
        "deployments": lambda: api.deployments_create(
            data={"name": "d", "input_type": "plain", "output_type": "plain"}
        ),
        "deployments/d/versions/v": lambda: api.deployment_versions_get(version="v", deployment_name="d"),
    }
    for path, call in calls.items():
        assert target(server, call) == f"/v2.1/projects/my%20project/{path}"
    assert api.deployments_get_with_http_info(deployment_name="d")[1] == 200
    assert target(server, lambda: api.deployments_get(deployment_name="d", async_req=True).get()).endswith("/d")
    call = lambda: api.api_client.call_api("/projects/{project_name}/new/{id}", "GET", {"id": 5})  # noqa: E731
    assert target(server, call) == "/v2.1/projects/my%20project/new/5"
    api.close()


def test_a_project_that_is_named_takes_precedence(server: Any) -> None:
    with ubiops.CoreApi(token="x", host=server.host, project="default") as api:
        for call in (
            lambda: api.deployments_get("p", "d"),
            lambda: api.deployments_get(project_name="p", deployment_name="d"),
            lambda: api.deployments_get("p", deployment_name="d"),
        ):
            assert target(server, call) == "/v2.1/projects/p/deployments/d"
        call = lambda: api.api_client.call_api("/projects/{project_name}/x", "GET", {"project_name": "q"})  # noqa: E731
        assert target(server, call) == "/v2.1/projects/q/x"


def test_positional_arguments_always_start_with_the_project(server: Any) -> None:
    """One argument short, a call is refused, and never guessed at."""
    api: Any = ubiops.CoreApi(token="x", host=server.host, project="default")
    rule = "the first positional argument is always project_name: to use the default project ('default'), write "
    for call, written in (
        (lambda: api.deployments_get("d"), "deployments_get(deployment_name=...)"),
        (lambda: api.deployments_delete("d"), "deployments_delete(deployment_name=...)"),
        (lambda: api.deployments_create({"name": "d"}), "deployments_create(data=...)"),
        (lambda: api.deployments_update("d", {"name": "e"}), "deployments_update(deployment_name=..., data=...)"),
        (
            lambda: api.revisions_file_upload("d", "v", file=b""),
            "revisions_file_upload(deployment_name=..., version=...)",
        ),
    ):
        with pytest.raises((ubiops.ApiValueError, ubiops.ApiTypeError)) as caught:
            call()
        assert str(caught.value).endswith(rule + written)
    assert server.requests == []


def test_none_does_not_stand_for_the_default(server: Any) -> None:
    """A name that should have been passed may be missing, and the call may delete."""
    api: Any = ubiops.CoreApi(token="x", host=server.host, project="default")
    with pytest.raises(ubiops.ApiValueError, match=r"leave it out to use the default project \('default'\)"):
        api.deployments_delete(None, "d")
    assert server.requests == []


def test_without_a_default_the_project_is_required(server: Any) -> None:
    api: Any = ubiops.CoreApi(token="x", host=server.host)
    with pytest.raises(ubiops.ApiValueError, match=r"needs a value for 'project_name': .*CoreApi\(project=...\) sets"):
        api.deployments_list()
    with pytest.raises(ubiops.ApiValueError, match="needs a value for 'project_name'"):
        api.api_client.call_api("/projects/{project_name}", "GET")


def test_the_async_client_has_a_default_project_too(server: Any) -> None:
    async def work() -> None:
        async with ubiops.aio.CoreApi(token="x", host=server.host, project="default") as api:
            await api.deployments_get(deployment_name="d")
            with pytest.raises(ubiops.ApiValueError, match="always project_name"):
                await api.deployments_get("d")  # type: ignore[call-overload]

    asyncio.run(work())
    assert [one.target for one in server.requests] == ["/v2.1/projects/default/deployments/d"]


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ({"team": "x"}, "team%3Ax"),
        ({"team": "x", "n": 5}, "team%3Ax%2Cn%3A5"),
        ({"url": "a:b"}, "url%3Aa%3Ab"),
        ("team:x", "team%3Ax"),
    ],
)
def test_labels_can_be_a_dict(labels: Any, text: str, server: Any) -> None:
    server.body = b"[]"
    with ubiops.CoreApi(token="x", host=server.host) as api:
        api.deployments_list("p", labels=labels)
        assert server.last.target.endswith(f"?labels={text}")
        assert target(server, lambda: api.deployments_list("p", labels={})).endswith("/deployments")


@pytest.mark.parametrize(
    "labels", [{"a": None}, {5: "a"}, {"a": ["b"]}, {"a": True}, {"a": "x,y"}, {"a:b": "c"}, {"": "x"}]
)
def test_labels_that_a_filter_can_not_express_are_refused(labels: Any) -> None:
    with pytest.raises((ubiops.ApiTypeError, ubiops.ApiValueError), match="label"):
        ubiops.CoreApi(token="x").deployments_list("p", labels=labels)
