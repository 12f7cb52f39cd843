"""Requests to pipelines: how data flows, operators, failures and nested pipelines."""

from __future__ import annotations

import json
import threading
import time
from pipes import Pipes, attach, fields, operator
from typing import Any
from urllib.parse import quote

import pytest
from thread_runner import PublicError

X = fields(x="int")
TEXT = {"Content-Type": "text/plain"}
ONE = [{"name": "a", "reference_name": "one"}]
SPLIT_TO_ONE = [operator("split", "one-to-many", X, batch_size=None), *ONE]
THROUGH_SPLIT = [
    attach("split", ("pipeline_start", "x")),
    attach("a", ("split", "x")),
    attach("pipeline_end", ("a", "x")),
]
THROUGH_ONE = [attach("a", ("pipeline_start", "x")), attach("pipeline_end", ("a", "x"))]
MILLIMETRES = [{"name": "unit", "value": "mm"}]


def add(number: int) -> Any:
    return lambda data, context: {"x": data["x"] + number}


def test_a_request_passes_through_its_objects(api: Any, pipes: Pipes) -> None:
    pipes.deployment("one", add(1), X)
    pipes.deployment("ten", add(10), X)
    objects = [*ONE, {"name": "b", "reference_name": "ten", "version": "v1"}]
    attachments = [
        attach("b", ("a", "x")),
        attach("pipeline_end", ("b", "x>y")),
        attach("a", ("pipeline_start", "x")),
    ]
    path = pipes.pipeline(objects, attachments, X, fields(y="int"))
    for where in (path, f"{path}/versions/v1"):
        created = api.ok("POST", f"{where}/requests", {"x": 0})
        assert (created["status"], created["success"], created["result"]) == ("completed", True, {"y": 11})
        assert (created["pipeline"], created["version"], created["error_message"]) == ("p", "v1", None)
        assert (created["pipeline_timeout"], created["deployment_timeout"]) == (3600, 3600)
        first, second = created["deployment_requests"]
        assert (created["operator_requests"], created["pipeline_requests"]) == ([], [])
        assert (first["pipeline_object"], first["deployment"], first["version"]) == ("a", "one", "v1")
        assert (second["pipeline_object"], second["deployment"], second["status"]) == ("b", "ten", "completed")
        assert int(first["sequence_id"]) < int(second["sequence_id"])
        assert first["time_created"] <= first["time_started"] <= first["time_completed"]
        assert (first["input_size"], first["output_size"]) == (8, 8)
        stored = api.ok("GET", f"{where}/requests/{created['id']}")
        assert (stored["request_data"], stored["result"]) == ({"x": 0}, {"y": 11})
        assert stored["deployment_requests"] == created["deployment_requests"]
        assert (stored["input_size"], stored["output_size"]) == (8, 9)
        assert stored["origin"] == {"created_by": "user@example.com"}
        inner = api.ok("GET", f"{api.project}/deployments/one/requests/{first['id']}")
        assert (inner["request_data"], inner["result"]) == ({"x": 0}, {"x": 1})


def test_code_learns_of_which_pipeline_it_is_a_part(api: Any, pipes: Pipes) -> None:
    seen: list[dict[str, Any]] = []

    def see(data: Any, context: dict[str, Any]) -> Any:
        seen.append(context)
        return data

    pipes.deployment("one", see, X)
    path = pipes.pipeline(ONE, THROUGH_ONE, X)
    version = api.ok("GET", f"{path}/versions/v1")
    created = api.ok("POST", f"{path}/requests?timeout=60", {"x": 1})
    assert seen[0]["pipeline_id"] == api.ok("GET", path)["id"]
    assert seen[0]["pipeline_version_id"] == version["id"]
    assert seen[0]["pipeline_object_id"] == version["objects"][0]["id"]
    assert seen[0]["pipeline_request_id"] == created["id"]
    names = ("pipeline_name", "pipeline_version", "pipeline_object_name")
    assert [seen[0][name] for name in names] == ["p", "v1", "a"]
    assert seen[0]["request_mode"] == "express"
    assert pipes.runner.jobs[-1].timeout == 60
    assert created["deployment_timeout"] == 60


def test_an_object_without_a_version_uses_the_default_of_the_moment(api: Any, pipes: Pipes, good: bytes) -> None:
    deployment = pipes.deployment("one", add(1), X)
    path = pipes.pipeline(ONE, THROUGH_ONE, X)
    api.build(api.version(deployment, "v2"), good)
    api.ok("PATCH", deployment, {"default_version": "v2"})
    assert api.ok("POST", f"{path}/requests", {"x": 1})["deployment_requests"][0]["version"] == "v2"


def test_sources_are_merged_and_one_source_feeds_many(api: Any, pipes: Pipes) -> None:
    pipes.deployment("one", add(1), X)
    takes = fields(x="int", unit="string")
    objects = [
        *ONE,
        {"name": "b", "reference_name": "one"},
        operator(
            "unit", "pipeline-variable", [], fields(unit="string"), output_values=[{"name": "unit", "value": "mm"}]
        ),
        operator("write", "function", takes, fields(text="string"), expression="str(x) + unit"),
    ]
    attachments = [
        attach("a", ("pipeline_start", "x")),
        attach("b", ("a", "x")),
        attach("write", ("a", "x"), ("unit", "unit")),
        attach("pipeline_end", ("b", "x"), ("write", "text")),
    ]
    path = pipes.pipeline(objects, attachments, X, fields(x="int", text="string"))
    created = api.ok("POST", f"{path}/requests", {"x": 1})
    assert created["result"] == {"x": 3, "text": "2mm"}
    assert [one["operator"] for one in created["operator_requests"]] == ["pipeline-variable", "function"]


def test_a_plain_pipeline_passes_text_on(api: Any, pipes: Pipes) -> None:
    pipes.deployment("echo", lambda data, context: data.upper())
    path = pipes.pipeline(
        [{"name": "chat", "reference_name": "echo"}],
        [attach("chat", ("pipeline_start",)), attach("pipeline_end", ("chat",))],
    )
    created = api.ok("POST", f"{path}/requests", body=b"rain?", headers=TEXT)
    assert created["result"] == "RAIN?"
    assert api.ok("POST", f"{path}/requests", ["a", "b"])["result"] == ["A", "B"]
    assert api.ok("POST", f"{path}/requests", {"x": 1})["result"] == '{"X": 1}'


def test_a_list_is_passed_on_as_a_whole(api: Any, pipes: Pipes) -> None:
    pipes.deployment("one", add(1), X)
    path = pipes.pipeline(ONE, THROUGH_ONE, X)
    created = api.ok("POST", f"{path}/requests", [{"x": 1}, {"x": 2}])
    assert created["result"] == [{"x": 2}, {"x": 3}]
    assert len(created["deployment_requests"]) == 1


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({}, "Missing input field: x"),
        ({"x": "1"}, "Input field x must be an integer"),
        ({"x": 1, "y": 1}, "Unknown input field: y"),
        ("text", "must be an object"),
        ([], "The list of inputs is empty"),
        ([{"x": 1}, {}], "Missing input field in input 2: x"),
    ],
)
def test_an_input_that_does_not_fit_is_rejected(api: Any, pipes: Pipes, data: Any, error: str) -> None:
    pipes.deployment("one", add(1), X)
    path = pipes.pipeline(ONE, THROUGH_ONE, X)
    for kind in ("", "/batch", "/stream"):
        assert error in api.fails(400, "POST", f"{path}/requests{kind}", data)
    assert api.ok("GET", f"{path}/requests?status=failed") == []


def test_a_pipeline_that_is_not_finished_takes_no_requests(api: Any, pipes: Pipes) -> None:
    pipes.deployment("one", add(1), X)
    path = pipes.pipeline(ONE, [], X)
    assert "has no attachments" in api.fails(400, "POST", f"{path}/requests", {"x": 1})
    api.ok("DELETE", f"{path}/versions/v1")
    assert "has no default version" in api.fails(400, "POST", f"{path}/requests", {"x": 1})
    assert "not found" in api.fails(404, "POST", f"{path}/versions/v1/requests", {"x": 1})
    assert "not found" in api.fails(404, "POST", f"{api.project}/pipelines/q/requests", {"x": 1})
    assert "10 or more" in api.fails(400, "POST", f"{path}/requests?timeout=5", {"x": 1})


# Operators


def branches(pipes: Pipes) -> str:
    """Creates a pipeline that adds 1 to large numbers, and 10 to small ones."""
    pipes.deployment("one", add(1), X)
    pipes.deployment("ten", add(10), X)
    objects = [
        operator("large", "if-condition", X, expression="x > 2"),
        operator("small", "if-condition", X, expression="x <= 2"),
        *ONE,
        {"name": "b", "reference_name": "ten"},
    ]
    attachments = [
        attach("large", ("pipeline_start", "x")),
        attach("small", ("pipeline_start", "x")),
        attach("a", ("large", "x")),
        attach("b", ("small", "x")),
        attach("pipeline_end", ("a", "x"), ("b", "x")),
    ]
    return pipes.pipeline(objects, attachments, X)


def test_a_condition_stops_its_branch(api: Any, pipes: Pipes) -> None:
    path = branches(pipes)
    created = api.ok("POST", f"{path}/requests", {"x": 3})
    assert created["result"] == {"x": 4}
    assert [one["deployment"] for one in created["deployment_requests"]] == ["one"]
    assert [one["status"] for one in created["operator_requests"]] == ["completed"] * 2
    assert api.ok("POST", f"{path}/requests", {"x": 1})["result"] == {"x": 11}
    created = api.ok("POST", f"{path}/requests", [{"x": 1}, {"x": 3}])
    assert created["result"] == [{"x": 4}, {"x": 11}]


def test_a_pipeline_whose_branches_all_stop_has_no_result(api: Any, pipes: Pipes) -> None:
    attachments = [attach("never", ("pipeline_start", "x")), attach("pipeline_end", ("never", "x"))]
    objects = [operator("never", "if-condition", X, expression="False")]
    path = pipes.pipeline(objects, attachments, X)
    created = api.ok("POST", f"{path}/requests", {"x": 3})
    assert (created["status"], created["result"]) == ("completed", None)


def test_raise_error_ends_the_pipeline_with_its_message(api: Any, pipes: Pipes) -> None:
    pipes.deployment("one", add(1), X)
    objects = [
        *ONE,
        operator("negative", "if-condition", X, expression="x < 0"),
        operator("refuse", "raise-error", X, [], error_message="There is no such station"),
    ]
    attachments = [*THROUGH_ONE, attach("negative", ("pipeline_start", "x")), attach("refuse", ("negative", "x"))]
    path = pipes.pipeline(objects, attachments, X)
    assert api.ok("POST", f"{path}/requests", {"x": 1})["result"] == {"x": 2}
    created = api.ok("POST", f"{path}/requests", {"x": -1})
    assert (created["status"], created["result"]) == ("failed", None)
    assert created["error_message"] == "There is no such station"
    failed = [one for one in created["operator_requests"] if one["operator"] == "raise-error"]
    assert [(one["status"], one["error_message"]) for one in failed] == [("failed", "There is no such station")]
    where = f"{path}/versions/v1/object-requests/{failed[0]['id']}"
    detail = api.ok("GET", where)
    assert (detail["operator"], detail["pipeline_object"], detail["status"]) == ("raise-error", "refuse", "failed")
    assert (detail["request_data"], detail["result"]) == ({"x": -1}, None)
    assert (detail["pipeline_request_id"], detail["pipeline"], detail["version"]) == (created["id"], "p", "v1")


@pytest.mark.parametrize(("size", "sizes"), [(None, [1] * 5), (2, [2, 2, 1]), (10, [5])])
def test_a_list_is_spread_over_parallel_requests_and_collected(
    api: Any, pipes: Pipes, size: int | None, sizes: list[int]
) -> None:
    pipes.deployment("one", add(1), X)
    pipes.deployment("ten", add(10), X)
    objects = [
        operator("split", "one-to-many", X, batch_size=size),
        *ONE,
        operator("join", "many-to-one", X),
        {"name": "b", "reference_name": "ten"},
    ]
    attachments = [
        attach("split", ("pipeline_start", "x")),
        attach("a", ("split", "x")),
        attach("join", ("a", "x")),
        attach("b", ("join", "x")),
        attach("pipeline_end", ("b", "x")),
    ]
    path = pipes.pipeline(objects, attachments, X)
    created = api.ok("POST", f"{path}/requests", [{"x": number} for number in range(5)])
    assert created["result"] == [{"x": number + 11} for number in range(5)]
    found = [one for one in created["deployment_requests"] if one["pipeline_object"] == "a"]
    assert len(found) == len(sizes)
    assert len(created["deployment_requests"]) == len(sizes) + 1
    jobs = [job for job in pipes.runner.jobs if pipes.deployment_of(job.version) == "one"]
    assert sorted(len(job.load()) for job in jobs) == sorted(sizes)
    assert {job.many for job in jobs} == {size is not None}


def test_parts_run_at_the_same_time(api: Any, pipes: Pipes) -> None:
    together = threading.Barrier(5, timeout=30)

    def wait(data: Any, context: Any) -> Any:
        together.wait()
        return data

    pipes.deployment("one", wait, X)
    path = pipes.pipeline(SPLIT_TO_ONE, THROUGH_SPLIT, X)
    created = api.ok("POST", f"{path}/requests", [{"x": number} for number in range(5)])
    assert created["result"] == [{"x": number} for number in range(5)]


def test_more_parts_than_the_queue_of_a_version_holds_are_processed(api: Any, pipes: Pipes) -> None:
    deployment = pipes.deployment("one", add(1), X)
    api.ok("PATCH", f"{deployment}/versions/v1", {"maximum_queue_size_express": 20})
    path = pipes.pipeline(SPLIT_TO_ONE, THROUGH_SPLIT, X)
    created = api.ok("POST", f"{path}/requests", [{"x": number} for number in range(200)])
    assert created["result"] == [{"x": number + 1} for number in range(200)]


def test_a_list_that_one_request_returns_is_spread(api: Any, pipes: Pipes) -> None:
    pipes.deployment("make", lambda data, context: [{"x": number} for number in range(data["x"])], X)
    pipes.deployment("one", add(1), X)
    objects = [
        {"name": "make", "reference_name": "make"},
        operator("split", "one-to-many", X, batch_size=2),
        operator("count", "count-many", X, fields(n="int")),
    ]
    attachments = [
        attach("make", ("pipeline_start", "x")),
        attach("split", ("make", "x")),
        attach("count", ("split", "x")),
        attach("pipeline_end", ("count", "n")),
    ]
    path = pipes.pipeline(objects, attachments, X, fields(n="int"))
    assert api.ok("POST", f"{path}/requests", {"x": 5})["result"] == [{"n": 2}, {"n": 2}, {"n": 1}]
    assert api.ok("POST", f"{path}/requests", {"x": 0})["result"] == []


def test_a_value_from_outside_is_merged_into_each_part(api: Any, pipes: Pipes) -> None:
    takes = fields(x="int", y="int")
    pipes.deployment("make", lambda data, context: [{"x": number} for number in range(data["x"])], X)
    objects = [
        {"name": "make", "reference_name": "make"},
        operator("split", "one-to-many", X, batch_size=None),
        operator("sum", "function", takes, X, expression="x + y"),
        operator("join", "many-to-one", X),
    ]
    attachments = [
        attach("make", ("pipeline_start", "x")),
        attach("split", ("make", "x")),
        attach("sum", ("split", "x"), ("pipeline_start", "x>y")),
        attach("join", ("sum", "x")),
        attach("pipeline_end", ("join", "x")),
    ]
    path = pipes.pipeline(objects, attachments, X)
    assert api.ok("POST", f"{path}/requests", {"x": 3})["result"] == [{"x": 3}, {"x": 4}, {"x": 5}]


def test_splits_may_be_nested_and_branch(api: Any, pipes: Pipes) -> None:
    pipes.deployment("twice", lambda data, context: [data, {"x": data["x"] * 100}], X)
    objects = [
        operator("outer", "one-to-many", X, batch_size=None),
        {"name": "twice", "reference_name": "twice"},
        operator("inner", "one-to-many", X, batch_size=None),
        operator("large", "if-condition", X, expression="x >= 100"),
        operator("small", "if-condition", X, expression="x < 100"),
        operator("more", "function", X, expression="x + 1"),
        operator("again", "many-to-one", X),
        operator("all", "many-to-one", X),
    ]
    attachments = [
        attach("outer", ("pipeline_start", "x")),
        attach("twice", ("outer", "x")),
        attach("inner", ("twice", "x")),
        attach("large", ("inner", "x")),
        attach("small", ("inner", "x")),
        attach("more", ("large", "x"), ("small", "x")),
        attach("again", ("more", "x")),
        attach("all", ("again", "x")),
        attach("pipeline_end", ("all", "x")),
    ]
    path = pipes.pipeline(objects, attachments, X)
    created = api.ok("POST", f"{path}/requests", [{"x": 1}, {"x": 2}])
    assert created["result"] == [{"x": 2}, {"x": 101}, {"x": 3}, {"x": 201}]


def test_operators_of_plain_data(api: Any, pipes: Pipes) -> None:
    objects = [
        operator("f", "function", expression="data.upper()"),
        operator("count", "count-many"),
        operator("join", "many-to-one"),
    ]
    attachments = [
        attach("f", ("pipeline_start",)),
        attach("count", ("f",)),
        attach("join", ("f",)),
        attach("pipeline_end", ("count",), ("join",)),
    ]
    path = pipes.pipeline(objects, attachments)
    assert api.ok("POST", f"{path}/requests", "a")["result"] == [1, "A"]
    assert api.ok("POST", f"{path}/requests", ["a", "b"])["result"] == [2, "A", "B"]


def test_lists_of_different_lengths_are_not_merged(api: Any, pipes: Pipes) -> None:
    takes = fields(x="int", y="int")
    objects = [
        operator("large", "if-condition", X, expression="x > 2"),
        operator("sum", "function", takes, X, expression="x + y"),
    ]
    attachments = [
        attach("large", ("pipeline_start", "x")),
        attach("sum", ("pipeline_start", "x"), ("large", "x>y")),
        attach("pipeline_end", ("sum", "x")),
    ]
    path = pipes.pipeline(objects, attachments, X)
    assert api.ok("POST", f"{path}/requests", [{"x": 3}, {"x": 4}])["result"] == [{"x": 6}, {"x": 8}]
    created = api.ok("POST", f"{path}/requests", [{"x": 1}, {"x": 4}])
    assert created["error_message"] == "The lists that are merged into one input have different lengths"


def test_a_split_into_too_many_parts_fails(api: Any, pipes: Pipes) -> None:
    objects = [operator("split", "one-to-many", batch_size=None)]
    path = pipes.pipeline(objects, [attach("split", ("pipeline_start",)), attach("pipeline_end", ("split",))])
    assert len(api.ok("POST", f"{path}/requests", ["x"] * 10_000)["result"]) == 10_000
    created = api.ok("POST", f"{path}/requests", ["x"] * 10_001)
    assert created["operator_requests"][0]["error_message"] == "The input has more than 10,000 parts"


# Failures


def fail(data: Any, context: Any) -> Any:
    raise PublicError("There is no station atlantis")


def test_an_object_that_fails_ends_the_request(api: Any, pipes: Pipes) -> None:
    pipes.deployment("one", fail, X)
    path = pipes.pipeline(ONE, THROUGH_ONE, X)
    created = api.ok("POST", f"{path}/requests", {"x": 1})
    assert (created["status"], created["success"], created["result"]) == ("failed", False, None)
    assert created["error_message"] == "Error while processing a deployment request"
    assert created["deployment_requests"][0]["error_message"] == "There is no station atlantis"
    stored = api.ok("GET", f"{path}/requests/{created['id']}")
    assert (stored["status"], stored["error_message"]) == ("failed", created["error_message"])
    assert stored["deployment_requests"] == created["deployment_requests"]


def test_a_request_goes_on_after_an_object_that_may_fail(api: Any, pipes: Pipes) -> None:
    def odd(data: Any, context: Any) -> Any:
        if data["x"] % 2:
            raise PublicError("odd")
        return data

    pipes.deployment("one", odd, X)
    objects = [
        operator("split", "one-to-many", X, batch_size=None),
        {**ONE[0], "configuration": {"on_error": "continue"}},
        operator("join", "many-to-one", X),
    ]
    attachments = [
        attach("split", ("pipeline_start", "x")),
        attach("a", ("split", "x")),
        attach("join", ("a", "x")),
        attach("pipeline_end", ("join", "x")),
    ]
    path = pipes.pipeline(objects, attachments, X)
    created = api.ok("POST", f"{path}/requests", [{"x": number} for number in range(4)])
    assert (created["status"], created["result"]) == ("completed", [{"x": 0}, {"x": 2}])
    statuses = sorted(one["status"] for one in created["deployment_requests"])
    assert statuses == ["completed", "completed", "failed", "failed"]


def test_the_others_are_cancelled_when_one_fails(api: Any, pipes: Pipes) -> None:
    started, never = threading.Event(), threading.Event()

    def wait(data: Any, context: Any) -> Any:
        started.set()
        never.wait(60)
        return data

    def fail_later(data: Any, context: Any) -> Any:
        started.wait(30)
        raise PublicError("x")

    pipes.deployment("one", wait, X)
    pipes.deployment("bad", fail_later, X)
    objects = [*ONE, {"name": "b", "reference_name": "bad"}]
    attachments = [*THROUGH_ONE, attach("b", ("pipeline_start", "x"))]
    path = pipes.pipeline(objects, attachments, X)
    created = api.ok("POST", f"{path}/requests", {"x": 1})
    never.set()
    assert created["status"] == "failed"
    assert {one["pipeline_object"]: one["status"] for one in created["deployment_requests"]} == {
        "a": "cancelled",
        "b": "failed",
    }


def wait_for_log(api: Any) -> tuple[str, dict[str, str]]:
    """Waits for the first log entry of the project."""
    query = quote("| pipeline_name=`p`")
    while not (found := api.ok("GET", f"{api.project}/logs?query={query}")):
        time.sleep(0.01)
    return found[0]["log"], found[0]["metadata"]


def test_an_expression_that_fails_fails_the_request(api: Any, pipes: Pipes) -> None:
    attachments = [attach("divide", ("pipeline_start", "x")), attach("pipeline_end", ("divide", "x"))]
    objects = [operator("divide", "function", X, expression="x / (x - 1)")]
    path = pipes.pipeline(objects, attachments, X)
    created = api.ok("POST", f"{path}/requests", {"x": 1})
    assert created["error_message"] == "Error while processing an operator request"
    assert created["operator_requests"][0]["error_message"] == "division by zero"
    (line, labels) = wait_for_log(api)
    assert line == "Operator function failed: division by zero"
    assert (labels["pipeline_object_name"], labels["pipeline_request_id"]) == ("divide", created["id"])
    created = api.ok("POST", f"{path}/requests", {"x": 2})
    assert "not of type int" in created["operator_requests"][0]["error_message"]


def test_an_output_without_a_field_that_is_needed_fails_the_request(api: Any, pipes: Pipes) -> None:
    pipes.deployment("one", lambda data, context: {}, X)
    path = pipes.pipeline(ONE, THROUGH_ONE, X)
    created = api.ok("POST", f"{path}/requests", {"x": 1})
    assert (created["status"], created["error_message"]) == ("failed", "The output of a has no field x")


def test_time_is_what_is_left_of_the_whole(api: Any, pipes: Pipes) -> None:
    def slow(data: Any, context: Any) -> Any:
        api.emulator.clock.advance(7)
        return data

    pipes.deployment("one", slow, X)
    objects = [*ONE, {"name": "b", "reference_name": "one"}, {"name": "c", "reference_name": "one"}]
    attachments = [
        attach("a", ("pipeline_start", "x")),
        attach("b", ("a", "x")),
        attach("c", ("b", "x")),
        attach("pipeline_end", ("c", "x")),
    ]
    path = pipes.pipeline(objects, attachments, X)
    created = api.ok("POST", f"{path}/requests?timeout=14", {"x": 1})
    assert [job.timeout for job in pipes.runner.jobs] == [14, 7]
    assert (created["status"], created["error_message"]) == (
        "failed",
        "The pipeline request timed out after 14 seconds",
    )


def test_an_object_that_is_gone_fails_the_request(api: Any, pipes: Pipes, good: bytes) -> None:
    deployment = pipes.deployment("one", add(1), X)
    path = pipes.pipeline(ONE, THROUGH_ONE, X)
    api.version(deployment, "v2")
    api.ok("PATCH", f"{path}/versions/v1", {"objects": [{**ONE[0], "version": "v1"}]})
    api.ok("PATCH", deployment, {"output_fields": fields(z="int")})
    assert "unknown field x of a" in api.fails(400, "POST", f"{path}/requests", {"x": 1})


# Pipelines within pipelines


def test_a_pipeline_may_be_an_object(api: Any, pipes: Pipes) -> None:
    pipes.deployment("one", add(1), X)
    inner = pipes.pipeline(ONE, THROUGH_ONE, X, name="inner")
    objects = [{"name": "sub", "reference_type": "pipeline", "reference_name": "inner"}]
    attachments = [attach("sub", ("pipeline_start", "x")), attach("pipeline_end", ("sub", "x"))]
    path = pipes.pipeline(objects, attachments, X)
    created = api.ok("POST", f"{path}/requests", {"x": 1})
    assert created["result"] == {"x": 2}
    assert created["deployment_requests"] == []
    (part,) = created["pipeline_requests"]
    assert (part["pipeline"], part["version"], part["pipeline_object"]) == ("inner", "v1", "sub")
    child = api.ok("GET", f"{inner}/requests/{part['id']}")
    assert (child["status"], child["result"]) == ("completed", {"x": 2})
    assert [one["deployment"] for one in child["deployment_requests"]] == ["one"]

    pipes.codes["one"] = fail
    created = api.ok("POST", f"{path}/requests", {"x": 1})
    assert created["error_message"] == "Error while processing a pipeline request"
    assert created["pipeline_requests"][0]["error_message"] == "Error while processing a deployment request"


def test_pipelines_are_nested_only_so_deep(api: Any, pipes: Pipes) -> None:
    attachments = [attach("f", ("pipeline_start", "x")), attach("pipeline_end", ("f", "x"))]
    pipes.pipeline([operator("f", "function", X, expression="x + 1")], attachments, X, name="p0")
    attachments = [attach("sub", ("pipeline_start", "x")), attach("pipeline_end", ("sub", "x"))]
    for number in range(11):
        objects = [{"name": "sub", "reference_type": "pipeline", "reference_name": f"p{number}"}]
        pipes.pipeline(objects, attachments, X, name=f"p{number + 1}")
    assert api.ok("POST", f"{api.project}/pipelines/p10/requests", {"x": 1})["result"] == {"x": 2}
    created = api.ok("POST", f"{api.project}/pipelines/p11/requests", {"x": 1})
    assert created["error_message"] == "Error while processing a pipeline request"


def test_a_request_within_another_one_can_be_cancelled(api: Any, pipes: Pipes) -> None:
    entered, leave = threading.Event(), threading.Event()

    def wait(data: Any, context: Any) -> Any:
        entered.set()
        leave.wait(60)
        return data

    pipes.deployment("one", wait, X)
    inner = pipes.pipeline(ONE, THROUGH_ONE, X, name="inner")
    objects = [{"name": "sub", "reference_type": "pipeline", "reference_name": "inner"}]
    attachments = [attach("sub", ("pipeline_start", "x")), attach("pipeline_end", ("sub", "x"))]
    path = pipes.pipeline(objects, attachments, X)
    (outer,) = api.ok("POST", f"{path}/requests/batch", {"x": 1})
    entered.wait(30)
    (child,) = api.ok("GET", f"{inner}/requests?status=processing")
    api.ok("PATCH", f"{inner}/requests/{child['id']}", {"status": "cancelled"})
    while api.ok("GET", f"{path}/requests/{outer['id']}")["status"] == "processing":
        time.sleep(0.01)
    found = api.ok("GET", f"{path}/requests/{outer['id']}")
    assert (found["status"], found["error_message"]) == ("failed", "Error while processing a pipeline request")
    assert found["pipeline_requests"][0]["status"] == "cancelled"
    entered.clear()
    (outer,) = api.ok("POST", f"{path}/requests/batch", {"x": 1})
    entered.wait(30)
    api.ok("PATCH", f"{path}/requests/{outer['id']}", {"status": "cancelled"})
    assert [one["status"] for one in api.ok("GET", f"{inner}/requests?status=cancelled")] == ["cancelled"] * 2
    leave.set()


def test_a_pipeline_needs_a_runner_only_for_deployments(
    api: Any, pipes: Pipes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipes.deployment("one", add(1), X)
    path = pipes.pipeline(ONE, THROUGH_ONE, X)
    attachments = [attach("f", ("pipeline_start", "x")), attach("pipeline_end", ("f", "x"))]
    other = pipes.pipeline([operator("f", "function", X, expression="x + 1")], attachments, X, name="q")
    monkeypatch.setattr(api.emulator._backend, "runner", None)
    assert api.ok("POST", f"{other}/requests", {"x": 1})["result"] == {"x": 2}
    created = api.ok("POST", f"{path}/requests", {"x": 1})
    assert created["status"] == "failed"
    assert "--no-run" in created["deployment_requests"][0]["error_message"]


# Streaming


def test_updates_of_deployments_are_streamed_through(api: Any, pipes: Pipes) -> None:
    def stream(data: Any, context: dict[str, Any]) -> Any:
        context["streaming_update"]("Reading")
        context["streaming_update"]("Computing")
        return data

    pipes.deployment("one", stream, X)
    path = pipes.pipeline(ONE, THROUGH_ONE, X)
    for where in (path, f"{path}/versions/v1"):
        content = api.ok("POST", f"{where}/requests/stream?timeout=60", {"x": 1}).decode()
        events, _, last = content.rpartition("\n\n")
        assert [line for line in events.split("\n") if line] == [
            "event: update",
            "data:Reading",
            "event: update",
            "data:Computing",
        ]
        response = json.loads(last)
        assert (response["status"], response["result"], response["pipeline_timeout"]) == ("completed", {"x": 1}, 60)
        assert len(response["deployment_requests"]) == 1
    pipes.codes["one"] = fail
    response = json.loads(api.ok("POST", f"{path}/requests/stream", {"x": 1}))
    assert (response["status"], response["error_message"]) == (
        "failed",
        "Error while processing a deployment request",
    )
