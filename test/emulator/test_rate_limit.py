"""The rate limit counts calls per minute and reports the remaining ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import ubiops.emulator


@pytest.fixture
def three(api: Any) -> Iterator[Any]:
    """A client of an emulator that accepts three calls per minute."""
    with ubiops.emulator.start(rate_limit=3) as emulator:
        emulator.clock.freeze()
        client = type(api)(emulator)
        yield client
        client.pool.clear()


def call(api: Any) -> tuple[int, str, str | None]:
    response = api.pool.request(
        "GET", api.emulator.host + "/template-deployments", headers={"Authorization": "Token x"}
    )
    assert response.headers["x-ratelimit-limit"] == "3"
    return response.status, response.headers["x-ratelimit-remaining"], response.headers.get("x-ratelimit-reset")


def test_calls_beyond_the_limit_are_rejected_until_the_next_minute(three: Any) -> None:
    assert [call(three) for _ in range(3)] == [(200, "2", None), (200, "1", None), (200, "0", None)]
    assert call(three) == (429, "0", "60")
    three.emulator.clock.advance(58.5)
    assert call(three) == (429, "0", "2")
    three.emulator.clock.advance(1.25)
    assert call(three) == (429, "0", "1")
    three.emulator.clock.advance(0.25)
    assert call(three) == (200, "2", None)


def test_the_error_says_how_long_to_wait(three: Any) -> None:
    for _ in range(3):
        call(three)
    three.emulator.clock.advance(48)
    response = three.pool.request("GET", three.emulator.host + "/template-deployments")
    assert json.loads(response.data) == {"error": "Too many requests, try again in 12 seconds"}
    three.emulator.clock.advance(11)
    response = three.pool.request("GET", three.emulator.host + "/template-deployments")
    assert json.loads(response.data) == {"error": "Too many requests, try again in 1 second"}


def test_a_rejected_call_has_no_effect(three: Any) -> None:
    deployment = three.deployment()
    three.version(deployment)
    three.pool.request("DELETE", three.emulator.host + deployment, headers={"Authorization": "Token x"})
    response = three.pool.request("POST", three.emulator.host + "/projects/project-1/deployments", body=b"{}")
    assert response.status == 429
    three.emulator.clock.advance(60)
    assert three.ok("GET", "/projects/project-1/deployments") == []


def test_every_response_reports_the_limit(api: Any) -> None:
    for path, status in (("/v2.1/template-deployments", 401), ("/nowhere", 404)):
        response = api.pool.request("GET", api.origin + path)
        assert response.status == status
        assert response.headers["x-ratelimit-limit"] == "1000000"
        assert "x-ratelimit-reset" not in response.headers
