"""``deploy``: creates what is missing, changes what differs, and nothing else."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from manual_clock import ManualClock

import ubiops
import ubiops.aio
import ubiops.emulator
from ubiops.aio.utils import deploy as deploy_async
from ubiops.emulator import Emulator
from ubiops.utils import PackageError, PackageFolder, deploy

CODE = """
class Deployment:
    def request(self, data):
        return {}
"""
PLAIN = {"input_type": "plain", "output_type": "plain"}
FIELDS = {
    "input_type": "structured",
    "output_type": "plain",
    "input_fields": [{"name": "x", "data_type": "int"}, {"name": "y", "data_type": "string"}],
}


@pytest.fixture
def own_emulator() -> Iterator[Emulator]:
    """An emulator whose clock is frozen: builds take as long as a test wants."""
    with ubiops.emulator.start() as running:
        running.clock.freeze()
        yield running


@pytest.fixture
def api(own_emulator: Emulator) -> ubiops.CoreApi:
    """A client whose pauses advance the emulator's clock."""
    api = own_emulator.api()
    api.api_client._clock = ManualClock(own_emulator.clock.advance)
    return api


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "package"
    root.mkdir()
    write(root, "'first'")
    return root


def write(folder: Path, result: str) -> None:
    (folder / "deployment.py").write_text(CODE.format(result))


def run(api: Any, folder: Any, *arguments: Any, **more: Any) -> Any:
    return deploy(api, "p", "d", "v1", folder, *arguments, **{"quiet": True, **more})


def events(api: ubiops.CoreApi) -> list[str]:
    """Returns the texts of the audit log, the oldest first."""
    return [one.event for one in reversed(api.project_audit_events_list("p", limit=50))]


def revisions(api: ubiops.CoreApi) -> list[Any]:
    return api.revisions_list("p", "d", "v1")


def names(api: ubiops.CoreApi) -> list[str]:
    return [one.name for one in api.deployments_list("p")]


def test_everything_is_created(api: ubiops.CoreApi, folder: Path) -> None:
    settings = {"description": "Rain", "maximum_instances": 2, "labels": {"team": "rain"}}
    statuses: list[str] = []
    version = run(api, folder, FIELDS, settings, on_status=lambda update: statuses.append(update.status))
    assert isinstance(version, ubiops.DeploymentVersionDetail)
    assert (version.status, version.version, version.description) == ("available", "v1", "Rain")
    assert version.active_revision == version.latest_revision
    assert version.maximum_instances == 2
    assert version.labels["team"] == "rain"
    assert statuses[-1] == "success"
    assert [one.name for one in api.deployments_get("p", "d").input_fields] == ["x", "y"]


@pytest.mark.parametrize("times", [1, 2])
def test_nothing_changes_if_nothing_has_changed(api: ubiops.CoreApi, folder: Path, times: int) -> None:
    settings = {
        "environment": "python3-11",
        "labels": {"team": "rain"},
        "ports": [{"public_port": 2222, "deployment_port": 8080, "protocol": "tcp"}],
        "instance_type_group_name": "512 MB + 0.125 vCPU",
        "scaling_strategy": "moderate",
    }
    version = run(api, folder, FIELDS, settings)
    before = events(api)
    for path in folder.iterdir():
        path.touch()
    for _ in range(times):
        assert run(api, folder, FIELDS, settings) == version
        assert run(api, PackageFolder(folder)) == version
    assert events(api) == before
    assert len(revisions(api)) == 1


def test_a_changed_folder_is_uploaded(api: ubiops.CoreApi, folder: Path) -> None:
    first = run(api, folder, PLAIN)
    write(folder, "'second'")
    second = run(api, folder, PLAIN)
    assert second.active_revision != first.active_revision
    (folder / "more.txt").write_text("more")
    assert run(api, folder).active_revision != second.active_revision
    assert len(revisions(api)) == 3


def test_settings_that_differ_are_changed(api: ubiops.CoreApi, folder: Path) -> None:
    first = run(api, folder, PLAIN, {"labels": {"a": "1"}, "maximum_instances": 3})
    changed = run(api, folder, {"description": "Rain"}, {"labels": {"b": "2"}, "maximum_idle_time": 20})
    assert changed.latest_revision == first.latest_revision
    assert (changed.maximum_instances, changed.maximum_idle_time) == (3, 20)
    assert set(changed.labels) == {"b", "ubiops-package"}
    assert api.deployments_get("p", "d").description == "Rain"
    assert run(api, folder, None, {"labels": {"b": "2"}}) == changed


def test_fields_of_the_deployment_are_changed(api: ubiops.CoreApi, folder: Path) -> None:
    run(api, folder, FIELDS)
    run(api, folder, {"input_fields": [{"name": "x", "data_type": "int"}]})
    assert [one.name for one in api.deployments_get("p", "d").input_fields] == ["x"]


def test_models_may_hold_the_settings(api: ubiops.CoreApi, folder: Path) -> None:
    deployment = ubiops.DeploymentCreate(name="d", **PLAIN)
    version = ubiops.DeploymentVersionCreate(version="v1", maximum_instances=2)
    assert run(api, folder, deployment, version).maximum_instances == 2
    before = events(api)
    run(api, folder, deployment, version)
    assert events(api) == before


def test_an_upload_by_other_means_is_noticed(api: ubiops.CoreApi, folder: Path, package: bytes) -> None:
    run(api, folder, PLAIN)
    other = api.revisions_file_upload("p", "d", "v1", file=package).revision
    version = run(api, folder, PLAIN)
    assert version.latest_revision != other
    assert len(revisions(api)) == 3


def test_a_build_that_is_under_way_is_waited_for(api: ubiops.CoreApi, folder: Path) -> None:
    def stop(update: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(api, folder, PLAIN, on_status=stop)
    assert run(api, folder, PLAIN).status == "available"
    assert len(revisions(api)) == 1


def test_a_failed_build_is_kept_and_repeated(api: ubiops.CoreApi, folder: Path) -> None:
    (folder / "deployment.py").write_text("def request(data): pass\n")
    for count in (1, 2):
        with pytest.raises(ubiops.StatusError, match="failed"):
            run(api, folder, PLAIN, validate=False)
        assert len(revisions(api)) == count
    write(folder, "'mended'")
    assert run(api, folder, PLAIN).status == "available"


def test_a_wait_that_takes_too_long_ends(api: ubiops.CoreApi, folder: Path) -> None:
    with pytest.raises(ubiops.WaitTimeoutError):
        run(api, folder, PLAIN, timeout=0.5)
    assert run(api, folder, PLAIN).status == "available"
    assert len(revisions(api)) == 1


def test_an_archive_can_be_deployed(api: ubiops.CoreApi, folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(folder / "deployment.py", "deployment_package/deployment.py")
    version = run(api, archive, PLAIN)
    assert run(api, archive, PLAIN) == version


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (({**PLAIN, "nmae": "x"},), ubiops.ApiValueError, "'deployment_settings' has no setting 'nmae'"),
        (({**PLAIN, "name": "x"},), ubiops.ApiValueError, "'deployment_settings' has name='x', but this is 'd'"),
        (({"input_type": "other"},), ubiops.ApiValueError, "input_type"),
        ((5,), ubiops.ApiTypeError, "'deployment_settings' must be a dict or a DeploymentCreate, got int"),
        ((PLAIN, {"version": "v2"}), ubiops.ApiValueError, "'version_settings' has version='v2', but this is 'v1'"),
        ((PLAIN, {"maximum_idle_time": 1}), ubiops.ApiValueError, "maximum_idle_time"),
    ],
)
def test_settings_are_checked_before_anything_is_sent(
    api: ubiops.CoreApi, folder: Path, arguments: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        run(api, folder, *arguments)
    assert names(api) == []


def test_packages_are_checked_before_anything_is_sent(api: ubiops.CoreApi, folder: Path) -> None:
    with pytest.raises(PackageError, match="there is no folder"):
        run(api, folder / "missing", PLAIN)
    with pytest.raises(FileNotFoundError):
        run(api, folder / "missing", PLAIN)
    (folder / "deployment.py").write_text("class Deployment:\n    pass\n")
    with pytest.raises(PackageError, match="neither a method request") as caught:
        run(api, folder, PLAIN)
    assert caught.value.report is not None
    assert names(api) == []


def test_types_can_not_be_changed(api: ubiops.CoreApi, folder: Path) -> None:
    run(api, folder, PLAIN)
    before = events(api)
    with pytest.raises(ubiops.ApiValueError, match="exists with input_type='plain', which can't be changed"):
        run(api, folder, FIELDS)
    assert events(api) == before


def test_a_deployment_needs_its_types(api: ubiops.CoreApi, folder: Path) -> None:
    with pytest.raises(ubiops.BadRequestError, match="input_type"):
        run(api, folder)
    assert names(api) == []


@pytest.mark.parametrize(
    "operation", ["deployment_versions_create", "revisions_file_upload", "deployment_versions_get"]
)
@pytest.mark.parametrize("fault", [{"status": 403}, {"status": 400}, {"cut": "before"}])
def test_nothing_is_left_of_a_failure(
    api: ubiops.CoreApi, own_emulator: Emulator, folder: Path, operation: str, fault: dict[str, Any]
) -> None:
    own_emulator.faults.add(operation=operation, times=None, **fault)
    with pytest.raises(ubiops.ApiException):
        run(api, folder, PLAIN)
    assert names(api) == []
    own_emulator.faults.clear()
    assert run(api, folder, PLAIN).status == "available"


def test_only_what_was_created_is_removed(api: ubiops.CoreApi, own_emulator: Emulator, folder: Path) -> None:
    api.deployments_create("p", {"name": "d", **PLAIN})
    api.deployment_versions_create("p", "d", {"version": "other"})
    own_emulator.faults.add(operation="revisions_file_upload", status=403)
    with pytest.raises(ubiops.ForbiddenError):
        run(api, folder, PLAIN)
    assert [one.version for one in api.deployment_versions_list("p", "d")] == ["other"]


def test_a_failed_removal_keeps_the_error(
    api: ubiops.CoreApi, own_emulator: Emulator, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own_emulator.faults.add(operation="revisions_file_upload", status=400, message="this one")
    own_emulator.faults.add(operation="deployment_versions_delete", status=403)
    with pytest.raises(ubiops.BadRequestError, match="this one"):
        run(api, folder, PLAIN)
    assert "version 'v1' was created, but can't be removed after the failure" in caplog.text


@pytest.mark.parametrize("operation", ["deployments_create", "deployment_versions_create"])
def test_lost_responses_to_creations_do_no_harm(
    api: ubiops.CoreApi, own_emulator: Emulator, folder: Path, operation: str
) -> None:
    own_emulator.faults.add(operation=operation, cut="after")
    assert run(api, folder, PLAIN).status == "available"


def test_a_lost_response_to_the_upload_is_an_error(api: ubiops.CoreApi, own_emulator: Emulator, folder: Path) -> None:
    run(api, folder, PLAIN)
    write(folder, "'second'")
    own_emulator.faults.add(operation="revisions_file_upload", cut="after")
    with pytest.raises(ubiops.ApiConnectionError):
        run(api, folder, PLAIN)
    version = run(api, folder, PLAIN)
    assert version.active_revision == version.latest_revision


def test_throttling_is_waited_out(api: ubiops.CoreApi, own_emulator: Emulator, folder: Path) -> None:
    own_emulator.faults.add(status=429, headers={"Retry-After": "1"}, times=3)
    own_emulator.faults.add(operation="revisions_get", status=503, times=2)
    assert run(api, folder, PLAIN).status == "available"


def test_ctrl_c_leaves_nothing(own_emulator: Emulator, folder: Path) -> None:
    own_emulator.clock.resume()
    own_emulator.faults.add(operation="revisions_file_upload", delay=60)
    program = (
        "import ubiops, ubiops.utils, sys\n"
        f"api = ubiops.CoreApi(host={own_emulator.host!r}, token={own_emulator.token!r})\n"
        "api.api_client.event_hooks['request'] = [lambda event: print(event.method, event.url, flush=True)]\n"
        f"ubiops.utils.deploy(api, 'p', 'd', 'v1', sys.argv[1], {PLAIN!r})\n"
    )
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("POST") and line.rstrip().endswith("/revisions"):
                break
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(60) != 0
    assert names(own_emulator.api()) == []


def test_async(own_emulator: Emulator, folder: Path) -> None:
    own_emulator.clock.resume()

    async def main() -> None:
        async with ubiops.aio.CoreApi(ubiops.aio.ApiClient(own_emulator.configuration())) as client:
            version = await deploy_async(client, "p", "d", "v1", folder, PLAIN, quiet=True)
            assert version.status == "available"
            assert await deploy_async(client.api_client, "p", "d", "v1", folder, PLAIN, quiet=True) == version

    asyncio.run(main())


def test_a_cancelled_task_leaves_nothing(own_emulator: Emulator, folder: Path) -> None:
    own_emulator.faults.add(operation="revisions_file_upload", delay=60)

    async def main() -> None:
        async with ubiops.aio.CoreApi(ubiops.aio.ApiClient(own_emulator.configuration())) as client:
            uploading = asyncio.Event()
            client.api_client.event_hooks["request"] = [
                lambda event: uploading.set() if event.url.endswith("/revisions") else None
            ]
            task = asyncio.ensure_future(deploy_async(client, "p", "d", "v1", folder, PLAIN, quiet=True))
            await asyncio.wait_for(uploading.wait(), 60)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert names(own_emulator.api()) == []
