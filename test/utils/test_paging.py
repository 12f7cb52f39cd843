"""Paging returns every item once, page by page, as each operation pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from scripted import Request, client_of, reply, settings_for
from served import Served, path_of, query_of

import ubiops
import ubiops.aio
from ubiops.utils import paginate


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Starts servers, and stops them at the end."""
    with ExitStack() as stack:
        yield lambda handler: stack.enter_context(Served(handler))


@pytest.fixture
def api_for(serve: Any) -> Iterator[Callable[..., Any]]:
    """Returns the API of a server with this handler, and the server."""
    with ExitStack() as stack:

        def make(handler: Any) -> Any:
            server = serve(handler)
            return ubiops.CoreApi(stack.enter_context(client_of(server))), server

        yield make


class Items:
    """A list that is served by offset, and can change between two pages."""

    def __init__(self, count: int, *, default: int = 50, most: int = 50, with_ids: bool = True) -> None:
        self.items: list[dict[str, Any]] = [{"id": f"r{n}"} if with_ids else {"status": f"r{n}"} for n in range(count)]
        self.default, self.most = default, most
        self.between: Callable[[int], object] = lambda page: None
        self.pages = 0

    def __call__(self, request: Request) -> Any:
        query = query_of(request)
        limit = min(int(query.get("limit", self.default)), self.most)
        offset = int(query.get("offset", 0))
        found = self.items[offset : offset + limit]
        self.pages += 1
        self.between(self.pages)
        return found

    def remove(self, *ids: str) -> None:
        self.items = [item for item in self.items if item["id"] not in ids]


def ids(items: Any) -> list[str]:
    return [item.id for item in items]


# --- offset ---------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 49, 50, 51, 99, 100, 101, 230])
@pytest.mark.parametrize("limit", [None, 1, 2, 7, 50, 500])
def test_every_item_is_returned_once(count: int, limit: int | None, api_for: Any) -> None:
    if limit == 1 and count > 60:
        count = 60
    items = Items(count)
    api, _ = api_for(items)
    found = ids(paginate(api.deployment_requests_list, "p", "d", limit=limit, status="failed"))
    assert found == [f"r{n}" for n in range(count)]


def test_all_arguments_are_sent_with_each_page(api_for: Any) -> None:
    api, server = api_for(Items(120))
    list(paginate(api.deployment_requests_list, "p", "d", status="failed", _headers={"X-Mine": "1"}, offset=10))
    queries = [query_of(request) for request in server.requests]
    assert [query["offset"] for query in queries] == ["10", "59", "108"]
    assert {query["status"] for query in queries} == {"failed"}
    assert {request.headers["x-mine"] for request in server.requests} == {"1"}
    assert {path_of(request) for request in server.requests} == {"/v2.1/projects/p/deployments/d/requests"}


def test_a_page_is_requested_when_it_is_needed(api_for: Any) -> None:
    api, server = api_for(Items(120))
    pages = paginate(api.deployment_requests_list, "p", "d")
    assert server.requests == []
    iterator = iter(pages)
    for _ in range(50):
        next(iterator)
    assert len(server.requests) == 1
    next(iterator)
    assert len(server.requests) == 2
    # Each loop starts again.
    assert len(list(pages)) == 120


def test_items_that_are_added_at_the_front_make_none_come_twice(api_for: Any) -> None:
    items = Items(130)
    items.between = lambda page: items.items.insert(0, {"id": f"new{page}"})
    api, _ = api_for(items)
    assert ids(paginate(api.deployment_requests_list, "p", "d")) == [f"r{n}" for n in range(130)]


@pytest.mark.parametrize("added", [49, 50, 51, 120])
def test_many_items_that_are_added_at_once_do_not_end_it(added: int, api_for: Any) -> None:
    items = Items(130)

    def add(page: int) -> None:
        if page == 1:
            items.items = [{"id": f"new{n}"} for n in range(added)] + items.items

    items.between = add
    api, _ = api_for(items)
    found = ids(paginate(api.deployment_requests_list, "p", "d"))
    assert [one for one in found if one.startswith("r")] == [f"r{n}" for n in range(130)]
    assert len(found) == len(set(found))


def test_items_that_are_removed_make_none_be_missed(api_for: Any) -> None:
    items = Items(130)
    items.between = lambda page: items.remove(*(f"r{n}" for n in range(10 * page)))
    api, _ = api_for(items)
    assert ids(paginate(api.deployment_requests_list, "p", "d")) == [f"r{n}" for n in range(130)]


def test_each_item_may_be_removed_in_the_loop(api_for: Any) -> None:
    items = Items(130)
    api, _ = api_for(items)
    found = []
    for item in paginate(api.deployment_requests_list, "p", "d"):
        found.append(item.id)
        items.remove(item.id)
    assert found == [f"r{n}" for n in range(130)]


def test_everything_may_vanish_in_the_loop(api_for: Any) -> None:
    items = Items(130)
    items.between = lambda page: items.items.clear()
    api, _ = api_for(items)
    assert len(list(paginate(api.deployment_requests_list, "p", "d"))) == 50


def test_a_given_offset_is_never_passed_backwards(api_for: Any) -> None:
    items = Items(130)
    items.between = lambda page: items.remove(*(f"r{n}" for n in range(60)))
    api, server = api_for(items)
    found = ids(paginate(api.deployment_requests_list, "p", "d", offset=20, limit=30))
    assert found[:30] == [f"r{n}" for n in range(20, 50)]
    assert len(found) == len(set(found))
    assert min(int(query_of(request)["offset"]) for request in server.requests) == 20


def test_items_without_an_id_are_paged_without_overlap(api_for: Any) -> None:
    api, server = api_for(Items(120, with_ids=False))
    assert len(list(paginate(api.deployment_requests_list, "p", "d"))) == 120
    assert [query_of(request).get("offset") for request in server.requests] == [None, "50", "100", "120"]


OFFSET = [
    ("project_audit_events_list", ("p",)),
    ("deployment_audit_events_list", ("p", "d")),
    ("pipeline_audit_events_list", ("p", "d")),
    ("deployment_requests_list", ("p", "d")),
    ("deployment_version_requests_list", ("p", "d", "v")),
    ("pipeline_requests_list", ("p", "d")),
    ("pipeline_version_requests_list", ("p", "d", "v")),
    ("project_requests_list", ("p",)),
    ("project_events_list", ("p",)),
    ("time_series_search", ("p",)),
]


@pytest.mark.parametrize(("name", "arguments"), OFFSET)
def test_every_operation_with_an_offset_is_paged(name: str, arguments: Any, api_for: Any) -> None:
    api, _ = api_for(Items(120))
    assert len(list(paginate(getattr(api, name), *arguments))) == 120


# --- cursors and tokens ---------------------------------------------------------------


def by_cursor(make: Callable[[int], str]) -> Callable[[Request], Any]:
    """Serves three pages of two items."""

    def handler(request: Request) -> Any:
        place = int(query_of(request).get("cursor", "0"))
        following = None if place == 4 else make(place + 2)
        return {"next": following, "previous": None, "results": [{"id": f"i{place}"}, {"id": f"i{place + 1}"}]}

    return handler


CURSOR = [
    ("instances_list", ("p", "d", "v")),
    ("instance_events_list", ("p", "d", "v", "i")),
    ("instance_types_list", ("p",)),
    ("instance_type_groups_list", ("p",)),
    ("instance_type_groups_usage", ("p", "g")),
    ("project_instances_list", ("p",)),
]


@pytest.mark.parametrize(("name", "arguments"), CURSOR)
@pytest.mark.parametrize(
    "make", [str, "https://api.example.com/v2.1/x?limit=2&cursor={}".format, "?cursor={}".format], ids=["", "url", "?"]
)
def test_cursors_are_followed(name: str, arguments: Any, make: Any, api_for: Any) -> None:
    api, server = api_for(by_cursor(make))
    pages = paginate(getattr(api, name), *arguments, limit=2)
    assert ids(pages) == [f"i{n}" for n in range(6)]
    assert [query_of(request) for request in server.requests] == [
        {"limit": "2"},
        {"limit": "2", "cursor": "2"},
        {"limit": "2", "cursor": "4"},
    ]


@pytest.mark.parametrize(
    ("following", "message"),
    [("https://x/?page=2", "a link without a cursor"), (5, "which is not a string"), ("again", "that came before")],
)
def test_a_next_page_that_can_not_be_found_is_an_error(following: Any, message: str, api_for: Any) -> None:
    api, _ = api_for(lambda request: {"next": following, "results": [{"id": "i"}]})
    with pytest.raises(ubiops.InvalidResponseError, match=message):
        list(paginate(api.instances_list, "p", "d", "v"))


def in_folders(request: Request) -> Any:
    token = query_of(request).get("continuation_token")
    number = int(token.rpartition("+")[2]) if token else 0
    return {
        "continuation_token": f"to/ken+{number + 1}" if number < 2 else None,
        "files": [{"file": f"a/{number}"}] if number != 1 else [],
        "prefixes": [f"a/p{number}/"],
    }


def test_tokens_are_followed_also_after_an_empty_page(api_for: Any) -> None:
    api, server = api_for(in_folders)
    pages = paginate(api.files_list, "p", "default", prefix="a/", delimiter="/")
    assert [file.file for file in pages] == ["a/0", "a/2"]
    assert [query_of(request)["prefix"] for request in server.requests] == ["a/"] * 3


def test_whole_pages_have_the_folders(api_for: Any) -> None:
    api, _ = api_for(in_folders)
    pages = paginate(api.files_list, "p", "default", delimiter="/").pages()
    assert [one for page in pages for one in page.prefixes] == ["a/p0/", "a/p1/", "a/p2/"]


# --- logs -----------------------------------------------------------------------------


class Lines:
    """Log lines at these times, searched as the API does."""

    def __init__(self, *times: int) -> None:
        self.lines = [{"timestamp": time, "log": f"line {n}", "metadata": {}} for n, time in enumerate(times)]

    def __call__(self, request: Request) -> Any:
        query = query_of(request)
        start, end, limit = int(query["start"]), int(query["end"]), int(query["limit"])
        if start <= end:
            found = [line for line in self.lines if start <= line["timestamp"] < end]
        else:
            found = [line for line in reversed(self.lines) if end < line["timestamp"] <= start]
        return found[:limit]


@pytest.mark.parametrize("limit", [None, 3, 4, 10, 11, 5000])
@pytest.mark.parametrize("backward", [False, True])
def test_log_lines_of_one_time_are_neither_lost_nor_repeated(limit: int | None, backward: bool, api_for: Any) -> None:
    lines = Lines(1, 2, 2, 3, 5, 5, 5, 6, 7, 7)
    api, _ = api_for(lines)
    start, end = ("9", "0") if backward else ("0", "9")
    found = [line.log for line in paginate(api.logs_list, "p", start=start, end=end, limit=limit)]
    expected = [line["log"] for line in lines.lines]
    assert found == (expected[::-1] if backward else expected)


def test_more_lines_of_one_time_than_a_page_are_found(api_for: Any) -> None:
    api, server = api_for(Lines(1, *[2] * 30, 3))
    assert len(list(paginate(api.logs_list, "p", start="0", end="9", limit=10))) == 32
    assert "5000" in [query_of(request)["limit"] for request in server.requests]


def test_more_lines_of_one_time_than_any_page_do_not_hang(api_for: Any) -> None:
    api, _ = api_for(Lines(1, *[2] * 5100, 3))
    found = [line.timestamp for line in paginate(api.logs_list, "p", start="0", end="9")]
    assert found == [1, *[2] * 5000, 3]


def test_logs_without_a_period_are_those_of_the_last_day(api_for: Any) -> None:
    api, server = api_for(lambda request: [])
    assert list(paginate(api.logs_list, "p")) == []
    query = query_of(server.requests[0])
    assert int(query["end"]) - int(query["start"]) == 86_400 * 10**9
    assert query["limit"] == "1000"


# --- all others -----------------------------------------------------------------------


def test_methods_without_pages_return_everything(api_for: Any) -> None:
    api, server = api_for(lambda request: [{"id": "1"}, {"id": "2"}])
    assert ids(paginate(api.deployments_list, "p")) == ["1", "2"]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda api: paginate(len, []), ubiops.ApiTypeError, "takes a method of a CoreApi"),
        (lambda api: paginate("files_list"), ubiops.ApiTypeError, "takes a method of a CoreApi"),
        (lambda api: paginate(api.close), ubiops.ApiTypeError, "takes a method that makes one call"),
        (lambda api: paginate(api.deployments_get, "p", "d"), ubiops.ApiTypeError, "returns a list or a page"),
        (lambda api: paginate(api.files_list, "p", "b", limit=0), ubiops.ApiValueError, "of at least 1"),
        (lambda api: paginate(api.files_list, "p", "b", async_req=True), ubiops.ApiTypeError, "async_req=True"),
        (
            lambda api: paginate(api.files_list, "p", "b", _preload_content=False),
            ubiops.ApiTypeError,
            "_preload_content=False",
        ),
        (lambda api: paginate(api.files_list_with_http_info, "p", "b"), ubiops.ApiTypeError, "takes files_list"),
        (lambda api: list(paginate(api.files_list, "p")), ubiops.ApiValueError, "needs a value for 'bucket_name'"),
    ],
)
def test_what_has_no_pages_is_refused(make: Any, error: Any, message: str, api_for: Any) -> None:
    api, server = api_for(lambda request: [])
    with pytest.raises(error, match=message):
        make(api)
    assert server.requests == []


def test_an_error_of_a_page_is_that_of_the_call(api_for: Any) -> None:
    items = Items(120)
    api, _ = api_for(lambda request: reply(404, {"error": "gone"}) if items.pages else items(request))
    iterator = iter(paginate(api.deployment_requests_list, "p", "d"))
    for _ in range(50):
        next(iterator)
    with pytest.raises(ubiops.NotFoundError, match="gone"):
        next(iterator)


def test_the_async_client_pages_too(serve: Any) -> None:
    server = serve(Items(120))
    files = serve(in_folders)

    async def main() -> None:
        async with ubiops.aio.CoreApi(ubiops.aio.ApiClient(settings_for(server))) as api:
            pages = paginate(api.deployment_requests_list, "p", "d")
            assert [item.id async for item in pages] == [f"r{n}" for n in range(120)]
            with pytest.raises(ubiops.ApiTypeError, match="needs 'async for'"):
                list(pages)  # type: ignore[call-overload]
        async with ubiops.aio.CoreApi(ubiops.aio.ApiClient(settings_for(files))) as api:
            found = [page.prefixes async for page in paginate(api.files_list, "p", "b").pages()]
            assert found == [["a/p0/"], ["a/p1/"], ["a/p2/"]]

    asyncio.run(main())


def test_the_blocking_client_can_not_be_awaited(api_for: Any) -> None:
    api, _ = api_for(Items(1))

    async def main() -> None:
        async for _ in paginate(api.deployment_requests_list, "p", "d"):
            pass

    with pytest.raises(ubiops.ApiTypeError, match="needs 'for'"):
        asyncio.run(main())
