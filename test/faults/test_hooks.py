"""Event hooks: what is called, with what, and what becomes of their errors."""

from __future__ import annotations

import asyncio
import pickle
import threading
from typing import Any

import pytest
from scripted import TOKEN, reply, then_close

import ubiops
import ubiops.aio
from ubiops.hooks import RequestEvent, ResponseEvent, RetryEvent

OK = reply(200, [], "x-request-id: abc")


class Stop(Exception):
    """What a hook raises."""


def test_hooks_are_called_in_order_with_each_attempt(wire: Any, client_for: Any, clock: Any) -> None:
    server = wire(then_close(), reply(503, {}, "Retry-After: 2"), OK)
    client = client_for(server)
    events: list[Any] = []
    client.event_hooks = {"request": events.append, "response": [events.append], "retry": [events.append]}
    ubiops.CoreApi(client).deployments_list("p", _query={"token": "secret"})
    kinds = [type(event) for event in events]
    assert kinds == [
        RequestEvent,
        RetryEvent,
        RequestEvent,
        ResponseEvent,
        RetryEvent,
        RequestEvent,
        ResponseEvent,
    ]
    url = f"{server.host}/v2.1/projects/p/deployments?token=***".replace("/v2.1/v2.1", "/v2.1")
    assert {(event.operation, event.method, event.url) for event in events} == {("deployments_list", "GET", url)}
    assert [event.attempt for event in events] == [1, 1, 2, 2, 2, 3, 3]
    assert [event.status for event in events if not isinstance(event, RequestEvent)] == [0, 503, 503, 200]
    lost, busy = (event for event in events if isinstance(event, RetryEvent))
    assert "closed" in lost.reason
    assert busy.reason.startswith("503")
    assert 2 <= busy.delay <= 3
    assert [lost.delay, busy.delay] == clock.waits
    last = events[-1]
    assert (last.reason, last.request_id) == ("OK", "abc")
    assert last.seconds >= sum(clock.waits)
    for event in events:
        assert TOKEN not in repr(event)
        assert pickle.loads(pickle.dumps(event)) == event
        with pytest.raises(AttributeError):
            event.url = ""


def test_redirects_and_call_api_have_events_too(wire: Any, client_for: Any) -> None:
    client = client_for(wire(reply(302, b"", "Location: /v2.1/y"), OK))
    events: list[Any] = []
    client.event_hooks["response"].append(events.append)
    client.call_api("/x", "GET")
    assert [(event.operation, event.status, event.attempt) for event in events] == [
        ("call_api", 302, 1),
        ("call_api", 200, 2),
    ]
    assert events[1].url.endswith("/v2.1/y")


@pytest.mark.parametrize("kind", ["request", "response", "retry"])
def test_an_exception_of_a_hook_ends_the_call_and_leaves_nothing_open(
    kind: str, wire: Any, client_for: Any, clock: Any
) -> None:
    steps = [reply(503)] if kind == "retry" else [reply(200, b"x" * 100_000)]
    server = wire(*steps, OK)
    client = client_for(server)

    def fail(event: Any) -> None:
        raise Stop(kind)

    client.event_hooks[kind].append(fail)
    with pytest.raises(Stop) as caught:
        ubiops.CoreApi(client).deployments_list("p")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert len(server.requests) == (0 if kind == "request" else 1)
    assert clock.waits == []
    client.event_hooks[kind].clear()
    assert ubiops.CoreApi(client).deployments_list("p", _preload_content=False).status == 200


def test_hooks_see_the_calls_of_other_hosts_and_threads(wire: Any, client_for: Any) -> None:
    client = client_for(wire(OK), pool_threads=2)
    events: list[Any] = []
    client.event_hooks["request"].append(events.append)
    ubiops.CoreApi(client).deployments_list("p", async_req=True).get()
    client.call_api("/x", "GET", _host=wire(OK).host)
    assert len(events) == 2


@pytest.mark.parametrize(
    ("hooks", "error", "said"),
    [
        ([], ubiops.ApiTypeError, "event_hooks must be a dict, got list"),
        (
            {"retries": print},
            ubiops.ApiValueError,
            "event_hooks has 'retries': the events are request, response, retry",
        ),
        ({"retry": 5}, ubiops.ApiTypeError, r"event_hooks\['retry'\] must be a function or a list of functions"),
        ({"retry": [5]}, ubiops.ApiTypeError, r"event_hooks\['retry'\] must be a function or a list of functions"),
    ],
)
@pytest.mark.parametrize("package", [ubiops, ubiops.aio])
def test_hooks_are_validated(package: Any, hooks: Any, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        package.ApiClient(event_hooks=hooks)


def test_hooks_are_not_pickled() -> None:
    client = ubiops.ApiClient(event_hooks={"retry": lambda event: None})
    assert pickle.loads(pickle.dumps(client)).event_hooks == {"request": [], "response": [], "retry": []}


def test_the_blocking_client_refuses_a_coroutine_function(wire: Any) -> None:
    async def hook(event: Any) -> None: ...

    client = ubiops.ApiClient(host=wire(OK).host, token="x", event_hooks={"request": hook})
    with client, pytest.raises(ubiops.ApiTypeError, match="the hook 'hook' has to be awaited"):
        ubiops.CoreApi(client).deployments_list("p")


def test_the_async_client_awaits_coroutine_functions_in_the_event_loop(wire: Any) -> None:
    server = wire(OK)
    seen: list[Any] = []

    async def slow(event: Any) -> None:
        await asyncio.sleep(0)
        seen.append((type(event), threading.current_thread() is threading.main_thread(), asyncio.current_task()))

    def plain(event: Any) -> None:
        seen.append((type(event), threading.current_thread() is threading.main_thread(), asyncio.current_task()))

    async def work() -> None:
        hooks: Any = {"request": [slow, plain], "response": slow}
        async with ubiops.aio.ApiClient(host=server.host, token="x", event_hooks=hooks) as client:
            await ubiops.aio.CoreApi(client).deployments_list("p")
        assert [kind for kind, _, _ in seen] == [RequestEvent, RequestEvent, ResponseEvent]
        assert all(main and task is asyncio.current_task() for _, main, task in seen)

    asyncio.run(work())


def test_a_call_that_is_cancelled_in_a_hook_closes_its_response(wire: Any) -> None:
    server = wire(reply(200, b"x" * 100_000), OK)

    async def work() -> None:
        reached = asyncio.Event()

        async def wait(event: Any) -> None:
            reached.set()
            await asyncio.sleep(60)

        async with ubiops.aio.ApiClient(host=server.host, token="x", event_hooks={"response": wait}) as client:
            task = asyncio.create_task(ubiops.aio.CoreApi(client).deployments_list("p"))
            await reached.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            client.event_hooks["response"].clear()
            assert await ubiops.aio.CoreApi(client).deployments_list("p") == []

    asyncio.run(work())
