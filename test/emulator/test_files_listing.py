"""Lists of files: prefixes, folders and pages."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import pytest
from bucket_files import at, put

from ubiops.emulator.areas.files.listing import after_prefix


@pytest.fixture
def files(api: Any) -> str:
    """The path of the files in the default bucket."""
    return f"{api.project}/buckets/default/files"


def page(api: Any, files: str, **query: str | int) -> Any:
    return api.ok("GET", f"{files}?{urlencode(query)}")


TREE = ["a.csv", "b/1.csv", "b/2.csv", "b/c/3.csv", "b.csv", "d/4.csv", "é/5.csv", "\uffff", "😀/6.csv"]


@pytest.fixture
def tree(api: Any, files: str) -> str:
    for name in TREE:
        put(api, files, name, name.encode())
    return files


@pytest.mark.parametrize(
    ("query", "listed", "folders"),
    [
        ({}, sorted(TREE), []),
        ({"delimiter": "/"}, ["a.csv", "b.csv", "\uffff"], ["b/", "d/", "é/", "😀/"]),
        ({"prefix": "b"}, ["b.csv", "b/1.csv", "b/2.csv", "b/c/3.csv"], []),
        ({"prefix": "b/"}, ["b/1.csv", "b/2.csv", "b/c/3.csv"], []),
        ({"prefix": "b/", "delimiter": "/"}, ["b/1.csv", "b/2.csv"], ["b/c/"]),
        ({"prefix": "b", "delimiter": "/"}, ["b.csv"], ["b/"]),
        ({"prefix": "\uffff"}, ["\uffff"], []),
        ({"prefix": "😀/"}, ["😀/6.csv"], []),
        ({"prefix": "no"}, [], []),
        ({"delimiter": ".csv"}, ["\uffff"], sorted(set(TREE) - {"\uffff"})),
        ({"limit": 0}, [], []),
    ],
)
def test_files_are_listed_by_prefix_and_folder(
    api: Any, tree: str, query: dict[str, Any], listed: list[str], folders: list[str]
) -> None:
    found = page(api, tree, **query)
    assert [one["file"] for one in found["files"]] == listed
    assert found["prefixes"] == folders
    assert found["continuation_token"] is None
    if query.get("limit") == 0:
        return
    # Page by page, whatever the size of a page.
    for limit in (1, 2, 3):
        seen: list[str] = []
        more: dict[str, str] = {}
        while True:
            found = page(api, tree, **query, limit=limit, **more)
            names = [*(one["file"] for one in found["files"]), *found["prefixes"]]
            assert len(names) <= limit
            seen += names
            if found["continuation_token"] is None:
                break
            assert len(names) == limit
            more = {"continuation_token": found["continuation_token"]}
        assert sorted(seen) == sorted([*listed, *folders])


def test_pages_hold_50_files_by_default_and_1000_at_most(api: Any, files: str) -> None:
    now = api.emulator.clock.now()
    put(api, files, "0000")
    with api.emulator._backend.storage.transaction() as db:
        bucket = db.execute("SELECT pk FROM buckets ORDER BY pk DESC").fetchone()[0]
        rows = [(bucket, f"{number:04}", f"none-{number}.bin", 1, "", now) for number in range(1, 1200)]
        db.executemany(
            "INSERT INTO bucket_files (bucket, name, file, size, etag, created) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
    assert len(page(api, files)["files"]) == 50
    assert len(page(api, files, limit=1000)["files"]) == 1000
    assert "1000 or less" in api.fails(400, "GET", f"{files}?limit=1001")
    assert "0 or more" in api.fails(400, "GET", f"{files}?limit=-1")
    api.ok("PATCH", f"{api.project}/buckets/default", {"ttl": 604800})


def test_a_page_goes_on_after_files_were_removed_and_added(api: Any, tree: str) -> None:
    first = page(api, tree, limit=2)
    api.ok("DELETE", at(tree, first["files"][1]["file"]))
    put(api, tree, "a.csv2")
    second = page(api, tree, limit=2, continuation_token=first["continuation_token"])
    assert [one["file"] for one in second["files"]] == ["b/1.csv", "b/2.csv"]


@pytest.mark.parametrize("token", ["x", "%%%", "bnVsbA==", "W10=", "é", base64.b64encode(b"[" * 5000).decode()])
def test_a_token_belongs_to_its_listing(api: Any, tree: str, token: str) -> None:
    query = urlencode({"continuation_token": token})
    assert "does not belong" in api.fails(400, "GET", f"{tree}?{query}")
    valid = page(api, tree, limit=1)["continuation_token"]
    query = urlencode({"continuation_token": valid, "delimiter": "/"})
    assert "does not belong" in api.fails(400, "GET", f"{tree}?{query}")


def test_the_end_of_a_prefix() -> None:
    assert after_prefix("ab") == "ac"
    assert after_prefix("a\ud7ff") == "a\ue000"
    assert after_prefix("a\U0010ffff\U0010ffff") == "b"
    assert after_prefix("\U0010ffff") is None
    assert after_prefix("") is None
