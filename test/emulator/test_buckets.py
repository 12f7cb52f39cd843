"""Buckets: the default one, settings, providers, and what deletes files."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

WEEK = 604800
DEFAULTS = {"provider": "ubiops", "configuration": None, "ttl": None, "description": "", "labels": {}}
S3 = {
    "provider": "amazon_s3",
    "credentials": {"access_key": "AKIAEXAMPLE", "secret_key": "sesame"},
    "configuration": {"bucket": "radar", "prefix": "images", "region": "eu-west-1"},
}


def put(api: Any, file: str, content: bytes = b"content", bucket: str = "default") -> None:
    url = api.ok("POST", f"{api.project}/buckets/{bucket}/files/{quote(file, safe='')}", {})["url"]
    assert api.pool.request("PUT", url, body=content).status == 200


def names(api: Any, bucket: str = "default") -> list[str]:
    return [one["file"] for one in api.ok("GET", f"{api.project}/buckets/{bucket}/files")["files"]]


def stored(api: Any) -> int:
    folder = api.emulator._backend.files.path("")
    return len(list(folder.iterdir()))


def test_every_project_has_a_default_bucket(api: Any) -> None:
    path = f"{api.project}/buckets"
    (listed,) = api.ok("GET", path)
    assert listed["name"] == "default"
    assert {name: listed[name] for name in DEFAULTS} == DEFAULTS
    assert f"/projects/{listed['project']}" == api.project
    assert "size" not in listed
    shown = api.ok("GET", f"{path}/default")
    assert {**listed, "size": 0, "size_measurement_date": shown["size_measurement_date"]} == shown
    assert "409" not in api.fails(409, "POST", path, {"name": "default"})


def test_the_default_bucket_can_be_changed_but_not_deleted(api: Any) -> None:
    path = f"{api.project}/buckets/default"
    assert api.ok("PATCH", path, {"ttl": 2 * WEEK, "labels": {"a": "b"}})["ttl"] == 2 * WEEK
    assert "can't be deleted" in api.fails(400, "DELETE", path)
    assert api.ok("GET", path)["labels"] == {"a": "b"}


def test_a_bucket_is_created_listed_changed_and_deleted(api: Any) -> None:
    path = f"{api.project}/buckets"
    created = api.ok("POST", path, {"name": "scratch", "ttl": WEEK, "labels": {"stage": "test"}})
    assert {name: created[name] for name in DEFAULTS} == {**DEFAULTS, "ttl": WEEK, "labels": {"stage": "test"}}
    assert [one["name"] for one in api.ok("GET", path)] == ["default", "scratch"]
    assert api.ok("GET", f"{path}?labels=stage:test") == [created]
    api.emulator.clock.advance(1)
    changed = api.ok("PATCH", f"{path}/scratch", {"ttl": None, "description": "x", "name": "other"})
    assert (changed["name"], changed["ttl"], changed["description"]) == ("scratch", None, "x")
    assert changed["labels"] == {"stage": "test"}
    assert changed["last_updated"] > changed["creation_date"] == created["creation_date"]
    api.ok("DELETE", f"{path}/scratch")
    for method in ("GET", "DELETE"):
        assert api.fails(404, method, f"{path}/scratch") == "Bucket was not found"


def test_changes_of_buckets_are_in_the_audit_log(api: Any) -> None:
    path = f"{api.project}/buckets"
    api.ok("POST", path, {"name": "scratch"})
    api.ok("PATCH", f"{path}/scratch", {"ttl": WEEK})
    api.ok("DELETE", f"{path}/scratch")
    with api.emulator._backend.storage.reading() as db:
        rows = db.execute(
            "SELECT action, event, object_type FROM audit_events WHERE project = ? ORDER BY pk",
            (api.project.rpartition("/")[2],),
        ).fetchall()
    owner = f"for project {api.project.rpartition('/')[2]}"
    assert [tuple(row) for row in rows] == [
        ("create", f"Created bucket scratch {owner}", "bucket"),
        ("update", f"Updated bucket scratch {owner}", "bucket"),
        ("delete", f"Deleted bucket scratch {owner}", "bucket"),
    ]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"name": "with space"}, "not a valid name"),
        ({"name": "a/b"}, "not a valid name"),
        ({"name": ""}, "must not be empty"),
        ({"name": "x" * 65}, "at most 64"),
        ({"ttl": 1}, "multiple of 604800"),
        ({"ttl": 0}, "multiple of 604800"),
        ({"ttl": -WEEK}, "multiple of 604800"),
        ({"ttl": WEEK + 1}, "multiple of 604800"),
        ({"provider": "dropbox"}, "must be one of"),
        ({"credentials": {"access_key": "x"}}, "neither credentials"),
        ({"configuration": {"prefix": "x"}}, "neither credentials"),
        ({**S3, "credentials": {"access_key": "x"}}, "need secret_key"),
        ({**S3, "configuration": None}, "need bucket"),
        ({"provider": "azure_blob_storage"}, "need connection_string"),
        ({"provider": "google_cloud_storage", "credentials": {"json_key_file": "{}"}}, "need bucket"),
    ],
)
def test_settings_are_checked(api: Any, settings: dict[str, Any], reason: str) -> None:
    error = api.fails(400, "POST", f"{api.project}/buckets", {"name": "new", **settings})
    assert reason in error
    assert "sesame" not in error


def test_empty_credentials_and_no_provider_mean_storage_here(api: Any) -> None:
    body = {"name": "new", "provider": None, "credentials": {}, "configuration": {}}
    created = api.ok("POST", f"{api.project}/buckets", body)
    assert (created["provider"], created["configuration"]) == ("ubiops", None)


def test_a_bucket_of_another_provider_is_a_connection_without_files(api: Any) -> None:
    path = f"{api.project}/buckets"
    created = api.ok("POST", path, {"name": "radar", **S3})
    assert created["configuration"] == {"bucket": "radar", "prefix": "images/", "region": "eu-west-1"}
    shown = api.ok("GET", f"{path}/radar")
    assert "credentials" not in shown
    assert (shown["size"], shown["size_measurement_date"]) == (None, None)
    for method, rest, data in (
        ("GET", "files", None),
        ("GET", "files/a", None),
        ("POST", "files/a", {}),
        ("GET", "files/a/download", None),
        ("POST", "files/a/start-multipart-upload", {}),
        ("DELETE", "files/a", None),
    ):
        assert "connection to amazon_s3" in api.fails(400, method, f"{path}/radar/{rest}", data)
    new = {"credentials": {"access_key": "a", "secret_key": "b"}, "configuration": {"bucket": "b", "prefix": "p/"}}
    assert api.ok("PATCH", f"{path}/radar", new)["configuration"] == new["configuration"]
    api.ok("DELETE", f"{path}/radar")


def test_deleting_a_bucket_deletes_its_files(api: Any) -> None:
    before = stored(api)
    api.ok("POST", f"{api.project}/buckets", {"name": "scratch"})
    put(api, "a", bucket="scratch")
    put(api, "folder/b", bucket="scratch")
    upload = api.ok("POST", f"{api.project}/buckets/scratch/files/c/start-multipart-upload", {})["upload_id"]
    query = f"upload_id={upload}&part_number=1"
    url = api.ok("POST", f"{api.project}/buckets/scratch/files/c?{query}")["url"]
    api.pool.request("PUT", url, body=b"part")
    assert stored(api) == before + 3
    assert api.ok("GET", f"{api.project}/buckets/scratch")["size"] == 14
    api.ok("DELETE", f"{api.project}/buckets/scratch")
    assert stored(api) == before
    assert api.fails(404, "GET", f"{api.project}/buckets/scratch/files") == "Bucket was not found"


def test_files_go_when_they_are_older_than_the_time_to_live(api: Any) -> None:
    path, before = f"{api.project}/buckets/scratch", stored(api)
    api.ok("POST", f"{api.project}/buckets", {"name": "scratch", "ttl": WEEK})
    put(api, "old", bucket="scratch")
    url = api.ok("GET", f"{path}/files/old/download")["url"]
    assert api.pool.request("GET", url).data == b"content"
    api.emulator.clock.advance(WEEK - 1)
    put(api, "new", bucket="scratch")
    assert names(api, "scratch") == ["new", "old"]
    url = api.ok("GET", f"{path}/files/old/download")["url"]
    api.emulator.clock.advance(1)
    assert names(api, "scratch") == ["new"]
    assert api.fails(404, "GET", f"{path}/files/old") == "File was not found"
    assert api.fails(404, "GET", f"{path}/files/old/download") == "File was not found"
    assert api.pool.request("GET", url).status == 404
    assert api.ok("GET", path)["size"] == 7
    # A longer time doesn't bring it back.
    api.ok("PATCH", path, {"ttl": None})
    assert names(api, "scratch") == ["new"]
    assert stored(api) == before + 1


def test_a_shorter_time_to_live_deletes_files_at_once(api: Any) -> None:
    path, before = f"{api.project}/buckets/default", stored(api)
    put(api, "file")
    api.emulator.clock.advance(2 * WEEK)
    assert names(api) == ["file"]
    api.ok("PATCH", path, {"ttl": 3 * WEEK})
    assert names(api) == ["file"]
    assert api.ok("PATCH", path, {"ttl": WEEK})["size"] == 0
    assert names(api) == []
    assert stored(api) == before


def test_buckets_of_projects_are_apart(api: Any) -> None:
    other = type(api)(api.emulator, f"{api.project.rpartition('/')[2]}-other")
    put(api, "a")
    put(other, "b")
    assert (names(api), names(other)) == (["a"], ["b"])
    other.pool.clear()
