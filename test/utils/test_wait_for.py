"""The functions that wait for builds: those that succeed, fail or take too long."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from manual_clock import ManualClock

import ubiops
import ubiops.aio
import ubiops.emulator
import ubiops.utils
from ubiops.utils import StatusUpdate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ubiops.emulator import Emulator

WAITERS = (ubiops.utils.wait_for_deployment_version, ubiops.utils.wait_for_revision)


@pytest.fixture
def frozen_emulator() -> Iterator[Emulator]:
    """An emulator whose clock is frozen until a test advances it."""
    with ubiops.emulator.start() as running:
        running.clock.freeze()
        yield running


@pytest.fixture
def clock(frozen_emulator: Emulator) -> ManualClock:
    """The clock of the client, which advances that of the emulator."""
    return ManualClock(frozen_emulator.clock.advance)


@pytest.fixture
def api(frozen_emulator: Emulator, clock: ManualClock) -> Iterator[ubiops.CoreApi]:
    """A client whose pauses between polls advance the emulator's clock."""
    with ubiops.CoreApi(ubiops.ApiClient(frozen_emulator.configuration())) as core_api:
        core_api.api_client._clock = clock
        core_api.deployments_create("p", {"name": "d", "input_type": "plain", "output_type": "plain"})
        core_api.deployment_versions_create("p", "d", {"version": "v1"})
        yield core_api


def upload(api: ubiops.CoreApi, package: bytes) -> str:
    return api.revisions_file_upload("p", "d", "v1", file=package).revision


def test_waits_for_the_build_and_prints_each_status(
    api: ubiops.CoreApi, package: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    upload(api, package)
    version = ubiops.utils.wait_for_deployment_version(api.api_client, "p", "d", "v1")
    assert (type(version), version.status) == (ubiops.DeploymentVersionDetail, "available")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "d v1: queued after 0.0 s"
    statuses = [line.split()[2] for line in lines]
    assert statuses == ["queued", "building", "success"]


def test_waits_for_a_revision_by_its_id(
    api: ubiops.CoreApi, package: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    first = upload(api, package)
    second = upload(api, b"not a zip file")
    found = ubiops.utils.wait_for_revision(api, "p", "d", "v1", first, quiet=True)
    assert (type(found), found.id, found.status) == (ubiops.RevisionList, first, "success")
    version = ubiops.utils.wait_for_deployment_version(api.api_client, "p", "d", "v1", revision_id=first, quiet=True)
    assert version.latest_revision == second
    assert capsys.readouterr().out == ""


def test_any_blocking_client_is_accepted(api: ubiops.CoreApi, package: bytes) -> None:
    revision = upload(api, package)
    for client in (api, api.api_client, ubiops.Deployments(api.api_client)):
        found = ubiops.utils.wait_for_revision(client, "p", "d", "v1", revision, quiet=True)  # type: ignore[arg-type]
        assert found.status == "success"


def test_a_failed_build_raises_a_status_error(api: ubiops.CoreApi) -> None:
    from ubiops.utils.exceptions import StatusError

    assert StatusError is ubiops.StatusError is ubiops.utils.StatusError
    revision = upload(api, b"not a zip file")
    for waiter in WAITERS:
        with pytest.raises(StatusError) as caught:
            waiter(api.api_client, "p", "d", "v1", revision, quiet=True)
        error = caught.value
        assert isinstance(error, ubiops.UbiOpsException)
        assert isinstance(error, ValueError)
        found = api.revisions_get("p", "d", revision, "v1")
        assert (error.status, error.message) == ("failed", found.error_message)
        assert (error.project_name, error.deployment_name, error.version) == ("p", "d", "v1")
        assert (error.revision_id, error.resource) == (revision, found)
        assert str(error) == (
            f"the build of revision {revision} of d v1 failed: {found.error_message}\n"
            "  hint: fix the deployment package and upload it again"
        )


def test_a_failed_build_of_the_latest_revision_names_it(api: ubiops.CoreApi) -> None:
    revision = upload(api, b"not a zip file")
    with pytest.raises(ubiops.StatusError) as caught:
        ubiops.utils.wait_for_deployment_version(api, "p", "d", "v1", quiet=True)
    assert caught.value.revision_id == revision


def test_an_expired_timeout_raises_one_error_of_many_kinds(
    api: ubiops.CoreApi, package: bytes, clock: ManualClock
) -> None:
    revision = upload(api, package)
    # The build never gets ahead.
    clock._slept = None
    for waiter in WAITERS:
        started = clock.now
        with pytest.raises(ubiops.WaitTimeoutError) as caught:
            waiter(api.api_client, "p", "d", "v1", revision, timeout=700.5, quiet=True)
        assert clock.now - started == pytest.approx(700.5)
        error = caught.value
        assert isinstance(error, ubiops.ApiTimeoutError)
        assert isinstance(error, TimeoutError)
        assert (error.status, error.timeout, error.last_status) == (504, 700.5, "queued")
        assert str(error) == (
            f"(504) the build of revision {revision} of d v1 is still 'queued' after 700.5 s (timeout=700.5)\n"
            f"  hint: raise timeout, or call {waiter.__name__}() again later"
        )


@pytest.mark.parametrize("waiter", WAITERS)
def test_on_status_is_called_at_each_change(
    waiter: Any, api: ubiops.CoreApi, package: bytes, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    revision = upload(api, package)
    updates: list[StatusUpdate[ubiops.RevisionList]] = []
    waiter(api, "p", "d", "v1", revision, quiet=True, on_status=updates.append)
    assert [(update.status, update.previous_status, update.is_final) for update in updates] == [
        ("queued", None, False),
        ("building", "queued", False),
        ("success", "building", True),
    ]
    assert updates[0].elapsed == 0 < updates[1].elapsed < updates[2].elapsed <= sum(clock.sleeps)
    assert {update.resource.id for update in updates} == {revision}
    assert [update.resource.status for update in updates] == ["queued", "building", "success"]
    assert capsys.readouterr().out == ""


def test_on_status_is_called_before_a_failure_is_raised(api: ubiops.CoreApi) -> None:
    revision = upload(api, b"not a zip file")
    seen = []
    with pytest.raises(ubiops.StatusError):
        ubiops.utils.wait_for_revision(
            api, "p", "d", "v1", revision, quiet=True, on_status=lambda update: seen.append(update.status)
        )
    assert seen[-1] == "failed"


def test_an_error_of_on_status_ends_the_wait(api: ubiops.CoreApi, package: bytes) -> None:
    def stop(update: StatusUpdate[ubiops.RevisionList]) -> None:
        raise KeyError(update.status)

    with pytest.raises(KeyError, match="queued"):
        ubiops.utils.wait_for_revision(api, "p", "d", "v1", upload(api, package), on_status=stop)


def test_version_without_revision_is_an_error(api: ubiops.CoreApi) -> None:
    with pytest.raises(ubiops.ApiValueError, match="has no revision to wait for: upload a file first"):
        ubiops.utils.wait_for_deployment_version(api.api_client, "p", "d", "v1")


def test_what_does_not_exist_is_reported_as_such(api: ubiops.CoreApi) -> None:
    with pytest.raises(ubiops.NotFoundError, match="Deployment was not found"):
        ubiops.utils.wait_for_deployment_version(api, "p", "no-such-deployment", "v1")


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), None, "10", True])
def test_invalid_timeout_is_an_error(timeout: Any) -> None:
    for waiter in WAITERS:
        with pytest.raises(
            (ubiops.ApiValueError, ubiops.ApiTypeError), match=rf"{waiter.__name__}\(\): 'timeout' must be .*, got"
        ):
            waiter(ubiops.ApiClient(), "p", "d", "v1", "r", timeout=timeout)


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        (
            {"client": ubiops.Configuration()},
            TypeError,
            "'client' must be an ApiClient or a CoreApi, got ubiops.configuration.Configuration",
        ),
        ({"client": None}, TypeError, "'client' must be an ApiClient or a CoreApi, got builtins.NoneType"),
        (
            {"client": ubiops.aio.ApiClient()},
            TypeError,
            "'client' must be an ApiClient or a CoreApi, got ubiops.aio.client.ApiClient; an async client",
        ),
        (
            {"client": ubiops.aio.CoreApi()},
            TypeError,
            "'client' must be an ApiClient or a CoreApi, got ubiops.aio.core_api.CoreApi; an async client",
        ),
        ({"project_name": None}, ValueError, "needs a value for 'project_name': it is missing or None"),
        (
            {"revision_id": ubiops.RevisionCreate(revision="r")},
            TypeError,
            "'revision_id' must be a string, got the object RevisionCreate; pass only its id",
        ),
        (
            {"version": ubiops.DeploymentVersionCreate(version="v")},
            TypeError,
            "'version' must be a string, got the object DeploymentVersionCreate; pass only its name",
        ),
        ({"on_status": "print"}, TypeError, "'on_status' must be callable, got str"),
    ],
)
def test_a_wrong_argument_is_named(changes: dict[str, Any], kind: type[Exception], message: str) -> None:
    for waiter in WAITERS:
        arguments: dict[str, Any] = {
            "client": ubiops.ApiClient(),
            "project_name": "p",
            "deployment_name": "d",
            "version": "v",
            "revision_id": "r",
            **changes,
        }
        with pytest.raises(kind) as caught:
            waiter(**arguments)
        assert isinstance(caught.value, ubiops.UbiOpsException)
        assert str(caught.value).startswith(f"{waiter.__name__}()")
        assert message in str(caught.value)


def test_a_missing_revision_id_is_named() -> None:
    with pytest.raises(ubiops.ApiValueError, match=r"wait_for_revision\(\) needs a value for 'revision_id'"):
        ubiops.utils.wait_for_revision(ubiops.ApiClient(), "p", "d", "v", None)  # type: ignore[arg-type]


def test_quiet_silences_stream_logs_too(
    api: ubiops.CoreApi, package: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    ubiops.utils.wait_for_revision(api, "p", "d", "v1", upload(api, package), quiet=True, stream_logs=True)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("module", ["ubiops.utils", "ubiops.utils.wait_for"])
def test_a_name_that_does_not_exist_is_an_error_as_in_any_module(module: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'wait_for_nothing'"):
        getattr(sys.modules[module], "wait_for_nothing")  # noqa: B009
    with pytest.raises(ImportError, match="cannot import name 'wait_for_nothing'"):
        exec(f"from {module} import wait_for_nothing")  # noqa: S102


@pytest.mark.parametrize(
    "statement",
    [
        "from ubiops.utils.wait_for import wait_for_revision",
        "from ubiops.utils.exceptions import StatusError",
        "import ubiops; ubiops.utils.wait_for.wait_for_revision; ubiops.utils.exceptions.StatusError",
        "from ubiops.utils import StatusUpdate, StatusError",
        "import ubiops.utils, sys; 'ubiops._waiting' in sys.modules and 1/0",
    ],
)
def test_each_way_to_import_works_in_a_process_of_its_own(statement: str) -> None:
    subprocess.run([sys.executable, "-c", statement], check=True, timeout=60)
