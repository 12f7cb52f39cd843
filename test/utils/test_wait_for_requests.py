"""Waiting for requests, pipelines and environments of the emulator."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from manual_clock import ManualClock

import ubiops
import ubiops.emulator
import ubiops.utils

if TYPE_CHECKING:
    from ubiops.emulator import Emulator

ATTACHMENTS = [
    {"destination_name": "one", "sources": [{"source_name": "pipeline_start"}]},
    {"destination_name": "pipeline_end", "sources": [{"source_name": "one"}]},
]


def pause(seconds: float) -> None:
    """Lets the emulator's threads go on."""
    time.sleep(0.002)


@pytest.fixture(scope="module")
def quick_emulator() -> Iterator[Emulator]:
    """An emulator that builds at once, and whose requests run in threads."""
    from thread_runner import provided

    with ubiops.emulator.start(build_seconds=(0, 0, 0)) as running, provided(running):
        yield running


@pytest.fixture
def api(quick_emulator: Emulator, project_name: str, package: bytes) -> Iterator[ubiops.CoreApi]:
    """A client whose pauses are short, and a deployment d that returns its input."""
    client = ubiops.ApiClient(quick_emulator.configuration())
    client._clock = ManualClock(pause)
    with ubiops.CoreApi(client) as api:
        api.deployments_create(project_name, {"name": "d", "input_type": "plain", "output_type": "plain"})
        api.deployment_versions_create(project_name, "d", {"version": "v1"})
        uploaded = api.revisions_file_upload(project_name, "d", "v1", file=package)
        ubiops.utils.wait_for_revision(api, project_name, "d", "v1", uploaded.revision, quiet=True)
        yield api


def test_a_batch_request_is_waited_for(api: ubiops.CoreApi, project_name: str) -> None:
    (created,) = api.batch_deployment_requests_create(project_name, "d", ["hello"])
    found = ubiops.utils.wait_for_deployment_request(api, project_name, "d", created.id, quiet=True)
    assert (found.id, found.status, found.request_data, found.result) == (created.id, "completed", "hello", "hello")
    again = ubiops.utils.wait_for_deployment_version_request(api, project_name, "d", "v1", created.id, quiet=True)
    assert again == found


def test_a_request_that_is_cancelled_ends_the_wait(api: ubiops.CoreApi, project_name: str) -> None:
    (created,) = api.batch_deployment_requests_create(project_name, "d", ["wait"])

    def cancel(update: Any) -> None:
        if update.status == "processing":
            api.deployment_requests_update(project_name, "d", created.id, {"status": "cancelled"})

    with pytest.raises(ubiops.StatusError, match=f"request {created.id} to d was cancelled") as caught:
        ubiops.utils.wait_for_deployment_request(api, project_name, "d", created.id, quiet=True, on_status=cancel)
    assert (caught.value.request_id, caught.value.deployment_name) == (created.id, "d")


def test_a_request_that_is_never_done_exceeds_the_timeout(api: ubiops.CoreApi, project_name: str) -> None:
    (created,) = api.batch_deployment_requests_create(project_name, "d", ["wait"])
    with pytest.raises(ubiops.WaitTimeoutError, match="is still 'p"):
        ubiops.utils.wait_for_deployment_request(api, project_name, "d", created.id, timeout=3, quiet=True)
    api.deployment_requests_update(project_name, "d", created.id, {"status": "cancelled"})


def test_a_request_that_does_not_exist_is_an_error(api: ubiops.CoreApi, project_name: str) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    with pytest.raises(ubiops.NotFoundError):
        ubiops.utils.wait_for_deployment_request(api, project_name, "d", unknown, quiet=True)


def test_a_pipeline_request_is_waited_for(api: ubiops.CoreApi, project_name: str) -> None:
    api.pipelines_create(project_name, {"name": "l", "input_type": "plain", "output_type": "plain"})
    objects = [{"name": "one", "reference_name": "d", "reference_type": "deployment", "version": "v1"}]
    api.pipeline_versions_create(project_name, "l", {"version": "v1", "objects": objects, "attachments": ATTACHMENTS})
    (created,) = api.batch_pipeline_requests_create(project_name, "l", ["hello"])
    found = ubiops.utils.wait_for_pipeline_request(api, project_name, "l", created.id, quiet=True)
    assert (found.status, found.result) == ("completed", "hello")
    again = ubiops.utils.wait_for_pipeline_version_request(api, project_name, "l", "v1", created.id, quiet=True)
    assert again == found


@pytest.fixture
def environment_package() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("environment_package/requirements.txt", "")
    return packed.getvalue()


def test_an_environment_of_v2_1_is_waited_for(
    api: ubiops.CoreApi, project_name: str, environment_package: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    api.environments_create(project_name, {"name": "own", "base_environment": "python3-11"})
    with pytest.raises(ubiops.ApiValueError, match="environment own has no revision to wait for: upload a file first"):
        ubiops.utils.wait_for_environment(api, project_name, "own")
    uploaded = api.environment_revisions_file_upload(project_name, "own", file=environment_package)
    capsys.readouterr()
    found = ubiops.utils.wait_for_environment(api, project_name, "own", stream_logs=True)
    assert (type(found), found.status) == (ubiops.EnvironmentList, "available")
    assert (found.active_revision, found.active_build) == (uploaded.revision, uploaded.build)
    output = capsys.readouterr().out
    assert "environment own: success after" in output
    assert "  Build of environment own:" in output


def test_a_tag_of_v2_is_waited_for(api: ubiops.CoreApi, project_name: str, environment_package: bytes) -> None:
    api.environments_create(project_name, {"name": "own"})
    api.environment_tags_create(project_name, "own", {"name": "t1", "supports_request_format": True})
    api.environment_tags_build(
        project_name,
        "own",
        "t1",
        file=environment_package,
        base_environment_name="python3-11",
        base_environment_tag="v1",
    )
    found = ubiops.utils.wait_for_environment(api, project_name, "own", "t1", quiet=True)
    assert (type(found), found.name, found.status, found.built) == (ubiops.EnvironmentTagList, "t1", "success", True)


def test_an_environment_of_the_platform_is_always_ready(api: ubiops.CoreApi, project_name: str) -> None:
    assert ubiops.utils.wait_for_environment(api, project_name, "python3-11", quiet=True).name == "python3-11"
