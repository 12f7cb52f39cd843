"""The OpenAI-compatible routes. test/migration calls them with OpenAI's own client."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from thread_runner import PublicError, ThreadRunner

Built = Callable[..., str]
LABELS = {"openai-compatible": "true", "openai-model-names": "small; large"}


class Route:
    """Calls of the routes, which are not part of the description."""

    def __init__(self, api: Any) -> None:
        self.api = api

    def send(self, method: str, path: str, data: Any = None, authorization: str = "Bearer secret") -> Any:
        return self.api.pool.request(
            method,
            f"{self.api.emulator.host}{self.api.project}/openai-compatible/v1/{path}",
            headers={"Authorization": authorization, "Content-Type": "application/json"},
            body=None if data is None else json.dumps(data).encode(),
        )

    def ok(self, method: str, path: str, data: Any = None) -> Any:
        response = self.send(method, path, data)
        assert response.status == 200, response.data
        return json.loads(response.data)


@pytest.fixture
def route(api: Any) -> Route:
    return Route(api)


def test_the_code_gets_the_body_as_text_and_returns_the_completion(
    api: Any, built: Built, runner: ThreadRunner, route: Route
) -> None:
    def complete(data: str, context: Any) -> Any:
        body = json.loads(data)
        completion = {"id": "c", "choices": [{"message": body["messages"][0]}]}
        return completion if body["model"].endswith("dict") else json.dumps(completion)

    runner.code = complete
    deployment = built()
    for model in ("ubiops-deployment/d//dict", "ubiops-deployment/d/v1/org/text"):
        body = {"model": model, "messages": [{"role": "user", "content": "Hi ü"}]}
        assert route.ok("POST", "chat/completions", body)["choices"] == [{"message": body["messages"][0]}]
    stored = api.ok("GET", f"{deployment}/requests")
    assert [one["version"] for one in stored] == ["v1", "v1"]
    assert json.loads(api.ok("GET", f"{deployment}/requests/{stored[0]['id']}")["request_data"]) == body
    runner.code = lambda data, context: {"data": [{"embedding": [0.5]}], "input": json.loads(data)["input"]}
    embedded = route.ok("POST", "embeddings", {"model": "ubiops-deployment/d//m", "input": ["a"]})
    assert embedded == {"data": [{"embedding": [0.5]}], "input": ["a"]}


def test_chunks_become_events(built: Built, runner: ThreadRunner, route: Route) -> None:
    def stream(data: str, context: dict[str, Any]) -> Any:
        chunks = [json.dumps({"n": 1}), json.dumps({"n": 2}, indent=1), "not\nJSON"]
        for chunk in chunks:
            context["streaming_update"](chunk)
        return chunks

    runner.code = stream
    built()
    response = route.send("POST", "chat/completions", {"model": "ubiops-deployment/d//m", "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.data == b'data: {"n": 1}\n\ndata: {"n": 2}\n\ndata: not JSON\n\ndata: [DONE]\n\n'


def test_a_request_that_fails_is_an_error_in_their_form(built: Built, runner: ThreadRunner, route: Route) -> None:
    def fail(data: str, context: Any) -> None:
        raise PublicError("Out of memory")

    runner.code = fail
    built()
    body = {"model": "ubiops-deployment/d//m"}
    response = route.send("POST", "chat/completions", body)
    assert (response.status, response.headers["x-should-retry"]) == (500, "false")
    assert json.loads(response.data)["error"]["message"] == "Out of memory"
    response = route.send("POST", "chat/completions", {**body, "stream": True})
    assert response.status == 200
    assert json.loads(response.data.removeprefix(b"data: "))["error"]["message"] == "Out of memory"


@pytest.mark.parametrize("path", ["chat/completions", "embeddings"])
def test_what_is_refused(api: Any, built: Built, route: Route, path: str) -> None:
    built()
    built("s", input_type="structured", input_fields=[{"name": "a", "data_type": "int"}])
    for body, status, error in (
        ([], 400, "must be an object"),
        ({}, 400, "model must have the form ubiops-deployment/"),
        ({"model": 5}, 400, "model must have the form"),
        ({"model": "gpt-4"}, 400, "model must have the form"),
        ({"model": "ubiops-deployment/d/m"}, 400, "model must have the form"),
        ({"model": "ubiops-deployment/e//m"}, 404, "Deployment was not found"),
        ({"model": "ubiops-deployment/d/v9/m"}, 404, "Deployment version was not found"),
        ({"model": "ubiops-deployment/s//m"}, 400, "must be plain"),
    ):
        response = route.send("POST", path, body)
        assert response.status == status, body
        assert error in json.loads(response.data)["error"]
    assert route.send("POST", path, {}, authorization="").status == 401
    assert route.send("GET", path).status == 405


def test_models_are_listed_by_the_labels_of_versions(api: Any, route: Route) -> None:
    assert route.ok("GET", "models") == {"object": "list", "data": []}
    deployment = api.deployment()
    for number, labels in enumerate((LABELS, {**LABELS, "openai-compatible": "false"}, {"openai-compatible": "true"})):
        api.version(deployment, f"v{number}", labels=labels)
    models = route.ok("GET", "models")["data"]
    assert [model["id"] for model in models] == ["ubiops-deployment/d/v0/small", "ubiops-deployment/d/v0/large"]
    assert {model["object"] for model in models} == {"model"}
    assert isinstance(models[0]["created"], int)
