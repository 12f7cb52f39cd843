"""Requests to pipelines whose deployments really run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pipes import attach, fields, operator
from typing import Any

import pytest

import ubiops.emulator

from .conftest import Api, pack

X = fields(x="int")
ADD = """
class Deployment:
    def request(self, data, context):
        context["streaming_update"](f"got {data['x']}")
        if data["x"] < 0:
            error = ValueError("secret")
            error.public_error_message = "too small"
            raise error
        return {"x": data["x"] + 1}
"""
SUM = """
class Deployment:
    def requests(self, data):
        return [{"x": sum(each["x"] for each in data)}]
"""
SPREAD = [
    attach("split", ("pipeline_start", "x")),
    attach("add", ("split", "x")),
    attach("join", ("add", "x")),
    attach("sum", ("join", "x")),
    attach("pipeline_end", ("sum", "x")),
]
OBJECTS = [
    operator("split", "one-to-many", X, batch_size=None),
    {"name": "add", "reference_name": "add"},
    operator("join", "many-to-one", X),
    {"name": "sum", "reference_name": "sum"},
]
STRUCTURED = {"input_type": "structured", "input_fields": X, "output_type": "structured", "output_fields": X}


@pytest.fixture(scope="module")
def api() -> Iterator[Any]:
    """A client of an emulator that runs code, with a pipeline that adds and sums up."""
    with ubiops.emulator.start(build_seconds=(0, 0, 0)) as emulator:
        client = Api(emulator, "demo")
        for name, code in (("add", ADD), ("sum", SUM)):
            client.upload(client.version(client.deployment(name, **STRUCTURED)), pack({"deployment.py": code}))
        client.ok("POST", f"{client.project}/pipelines", {"name": "p", **STRUCTURED})
        version = {"version": "v1", "objects": OBJECTS, "attachments": SPREAD}
        client.ok("POST", f"{client.project}/pipelines/p/versions", version)
        yield client
        client.pool.clear()


def test_parts_are_spread_and_joined(api: Any) -> None:
    created = api.ok("POST", f"{api.project}/pipelines/p/requests", [{"x": number} for number in range(5)])
    assert (created["status"], created["error_message"]) == ("completed", None)
    assert created["result"] == [{"x": 15}]
    assert len(created["deployment_requests"]) == 6


def test_what_code_streams_passes_through(api: Any) -> None:
    content = api.ok("POST", f"{api.project}/pipelines/p/requests/stream", [{"x": 1}]).decode()
    events, _, last = content.rpartition("\n\n")
    assert events.split("\n")[:2] == ["event: update", "data:got 1"]
    assert json.loads(last)["result"] == [{"x": 2}]


def test_code_that_fails_fails_the_request(api: Any) -> None:
    created = api.ok("POST", f"{api.project}/pipelines/p/requests", [{"x": 1}, {"x": -1}])
    assert created["error_message"] == "Error while processing a deployment request"
    failed = [one for one in created["deployment_requests"] if one["status"] == "failed"]
    assert [one["error_message"] for one in failed] == ["too small"]
