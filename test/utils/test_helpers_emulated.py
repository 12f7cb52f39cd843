"""The helpers against the emulator: its storage, its lists, and code that streams."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted import client_of

import ubiops
from ubiops.utils import (
    download_file,
    download_files,
    paginate,
    stream_deployment_request,
    upload_file,
    upload_files,
    wait_for_deployment_version,
)

CODE = """
class Deployment:
    def request(self, data, context):
        for word in data.split():
            context["streaming_update"](word)
        if "fail" in data:
            raise ValueError("as it was told to")
        return data
"""


@pytest.fixture(scope="module")
def api() -> Iterator[ubiops.CoreApi]:
    import ubiops.emulator

    with ubiops.emulator.start() as emulator, emulator.api() as made:
        yield made


def test_files_go_to_a_bucket_and_back(api: ubiops.CoreApi, tmp_path: Path) -> None:
    source = tmp_path / "in"
    (source / "sub").mkdir(parents=True)
    for number in range(8):
        (source / "sub" / f"{number} é.bin").write_bytes(os.urandom(number * 10_000))
    uris = upload_files(api, "p", [source], file_prefix="x", _progress_bar=False)
    assert uris[0] == "ubiops-file://default/x/sub/0 é.bin"
    download_files(api, "p", prefix="x/", output_path=tmp_path / "out", _progress_bar=False)
    for path in (source / "sub").iterdir():
        assert (tmp_path / "out" / "x" / "sub" / path.name).read_bytes() == path.read_bytes()
    with pytest.raises(ubiops.NotFoundError):
        download_file(api, "p", file_name="nothing", output_path=tmp_path)


def test_a_large_file_goes_in_parts_and_is_resumed(api: ubiops.CoreApi, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("ubiops._storage.upload.LARGE", 1 << 20)
    monkeypatch.setattr("ubiops._storage.parts.PART_SIZE", 1 << 20)
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom((6 << 20) + 5))

    class Stop(Exception):
        pass

    def stop(done: int, total: int | None) -> None:
        if done > 5 << 20:
            raise Stop

    with pytest.raises(Stop):
        upload_file(api, "p", path, _progress_bar=False, on_progress=stop)
    upload_file(api, "p", path, _progress_bar=False)
    copy = download_file(api, "p", file_name="large.bin", output_path=tmp_path / "copy", _progress_bar=False)
    assert Path(copy).read_bytes() == path.read_bytes()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["copy", "large.bin"]


def test_a_broken_download_is_continued(api: ubiops.CoreApi, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("ubiops._storage.partial.KEPT_SIZE", 1 << 20)
    monkeypatch.setattr("ubiops._storage.download.KEPT_SIZE", 1 << 20)
    path = tmp_path / "data.bin"
    path.write_bytes(os.urandom(4 << 20))
    upload_file(api, "p", path, _progress_bar=False)
    (tmp_path / "out").mkdir()

    class Stop(Exception):
        pass

    def stop(done: int, total: int | None) -> None:
        if done > 2 << 20:
            raise Stop

    with pytest.raises(Stop):
        download_file(api, "p", file_name="data.bin", output_path=tmp_path / "out", on_progress=stop)
    reported: list[int] = []
    download_file(
        api,
        "p",
        file_name="data.bin",
        output_path=tmp_path / "out",
        on_progress=lambda done, total: reported.append(done),
    )
    assert (tmp_path / "out" / "data.bin").read_bytes() == path.read_bytes()
    assert reported[0] > 2 << 20


def test_everything_is_paged(api: ubiops.CoreApi, tmp_path: Path) -> None:
    api.buckets_create("p", {"name": "many", "provider": "ubiops"})
    for number in range(7):
        (tmp_path / str(number)).touch()
    upload_files(api, "p", [tmp_path], "many", _progress_bar=False)
    assert [file.file for file in paginate(api.files_list, "p", "many", limit=2)] == [str(n) for n in range(7)]
    for number in range(5):
        api.deployments_create("p", {"name": f"d-{number}", "input_type": "plain", "output_type": "plain"})
    every = api.project_audit_events_list("p", limit=50)
    assert [event.id for event in paginate(api.project_audit_events_list, "p", limit=2)] == [one.id for one in every]


def test_streams_lists_and_logs_of_requests(api: ubiops.CoreApi, tmp_path: Path) -> None:
    (tmp_path / "deployment.py").write_text(CODE)
    api.deployments_create("p", {"name": "talker", "input_type": "plain", "output_type": "plain"})
    api.deployment_versions_create("p", "talker", {"version": "v1", "environment": "python3-11"})
    api.revisions_file_upload("p", "talker", "v1", file=tmp_path)
    wait_for_deployment_version(api, "p", "talker", "v1", quiet=True)
    for _ in range(5):
        *texts, request = stream_deployment_request(api, "p", "talker", data="a b", full_response=True)
        assert texts == ["a", "b"]
        assert isinstance(request, ubiops.DeploymentRequestCreateResponse)
        assert (request.status, request.result) == ("completed", "a b")
    texts = []
    stream = stream_deployment_request(api, "p", "talker", version="v1", data="now fail")
    assert [next(stream), next(stream)] == ["now", "fail"]
    with pytest.raises(ubiops.StatusError, match="Request failed with error message"):
        next(stream)
    found = list(paginate(api.deployment_requests_list, "p", "talker", limit=2))
    assert len({request.id for request in found}) == len(found) == 5
    logs = list(paginate(api.logs_list, "p", limit=3))
    assert [line.timestamp for line in logs] == sorted(line.timestamp for line in logs)
    assert len(logs) == len(api.logs_list("p", limit=5000))


def test_an_address_of_the_emulator_expires_and_is_signed_again(tmp_path: Path) -> None:
    import ubiops.emulator

    with ubiops.emulator.start() as emulator, client_of(emulator.host, api_key={}, token=emulator.token) as client:
        path = tmp_path / "a"
        path.write_bytes(b"a")
        moved: list[bool] = []

        def later(event: Any) -> None:
            if not moved and event.operation == "files_upload":
                moved.append(True)
                emulator.clock.advance(7200)

        client.event_hooks = {"response": later}
        assert upload_file(client, "p", path, _progress_bar=False) == "ubiops-file://default/a"
        assert moved
