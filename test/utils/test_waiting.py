"""Waiting for builds: to their good end, to their bad one, and until the time runs out."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

import ubiops
import ubiops.emulator
import ubiops.utils

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ubiops.emulator import Emulator

WAITERS = (ubiops.utils.wait_for_deployment_version, ubiops.utils.wait_for_revision)


@pytest.fixture
def still() -> Iterator[Emulator]:
    """An emulator whose time stands still until a test moves it."""
    with ubiops.emulator.start() as running:
        running.clock.freeze()
        yield running


@pytest.fixture
def api(still: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[ubiops.CoreApi]:
    """The methods against it; a pause between two questions moves its time on instead of being waited for."""
    monkeypatch.setattr("ubiops.utils.waiting.sleep", still.clock.advance)
    monkeypatch.setattr("ubiops.utils.waiting.monotonic", still.clock.now)
    with ubiops.CoreApi(ubiops.ApiClient(still.configuration())) as made:
        made.deployments_create("p", {"name": "d", "input_type": "plain", "output_type": "plain"})
        made.deployment_versions_create("p", "d", {"version": "v1"})
        yield made


def upload(api: ubiops.CoreApi, package: bytes) -> str:
    return api.revisions_file_upload("p", "d", "v1", file=package).revision


def test_the_signatures_are_those_of_the_official_client() -> None:
    expected = [
        "client",
        "project_name",
        "deployment_name",
        "version",
        "revision_id",
        "timeout",
        "quiet",
        "stream_logs",
    ]
    for waiter in WAITERS:
        assert list(inspect.signature(waiter).parameters) == expected


def test_a_build_is_followed_to_its_end_and_each_status_is_told(
    api: ubiops.CoreApi, package: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    upload(api, package)
    version = ubiops.utils.wait_for_deployment_version(api.api_client, "p", "d", "v1")
    assert (type(version), version.status) == (ubiops.DeploymentVersionDetail, "available")
    told = [line.split()[2] for line in capsys.readouterr().out.splitlines()]
    assert told[-1] == "success"
    assert told == [status for status in ("queued", "building", "success") if status in told]


def test_a_revision_is_waited_for_by_its_id(
    api: ubiops.CoreApi, package: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    first = upload(api, package)
    second = upload(api, b"no zip file")
    found = ubiops.utils.wait_for_revision(api, "p", "d", "v1", first, quiet=True)  # type: ignore[arg-type]
    assert (type(found), found.id, found.status) == (ubiops.RevisionList, first, "success")
    version = ubiops.utils.wait_for_deployment_version(api.api_client, "p", "d", "v1", revision_id=first, quiet=True)
    assert version.latest_revision == second
    assert capsys.readouterr().out == ""


def test_a_build_that_fails_raises_what_it_says(api: ubiops.CoreApi) -> None:
    revision = upload(api, b"no zip file")
    with pytest.raises(ubiops.ApiException) as caught:
        ubiops.utils.wait_for_deployment_version(api.api_client, "p", "d", "v1", quiet=True)
    message = api.revisions_get("p", "d", revision, "v1").error_message
    assert message
    assert message == caught.value.get_body_message()
    assert message in str(caught.value)
    assert f"the build of revision {revision} of d v1 failed" in str(caught.value)


def test_a_wait_that_runs_out_raises_504(api: ubiops.CoreApi, package: bytes) -> None:
    revision = upload(api, package)
    for call in (
        lambda: ubiops.utils.wait_for_deployment_version(api.api_client, "p", "d", "v1", timeout=0.01, quiet=True),
        lambda: ubiops.utils.wait_for_revision(api.api_client, "p", "d", "v1", revision, timeout=0.01, quiet=True),
    ):
        with pytest.raises(ubiops.ApiException, match="'queued' after 0 s") as caught:
            call()
        assert caught.value.status == 504


def test_a_version_without_code_has_nothing_to_wait_for(api: ubiops.CoreApi) -> None:
    with pytest.raises(ubiops.ApiValueError, match="has no revision to wait for: upload a file first"):
        ubiops.utils.wait_for_deployment_version(api.api_client, "p", "d", "v1")


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), None, "10", True])
def test_a_timeout_that_makes_no_sense_is_refused(api: ubiops.CoreApi, package: bytes, timeout: Any) -> None:
    revision = upload(api, package)
    with pytest.raises((ubiops.ApiValueError, ubiops.ApiTypeError), match="timeout"):
        ubiops.utils.wait_for_revision(api.api_client, "p", "d", "v1", revision, timeout=timeout)


def test_logs_that_can_not_be_streamed_are_no_secret(
    api: ubiops.CoreApi, package: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    revision = upload(api, package)
    with pytest.warns(UserWarning, match="build logs can't be streamed") as warned:
        ubiops.utils.wait_for_revision(api.api_client, "p", "d", "v1", revision, quiet=True, stream_logs=True)
    assert warned[0].filename == __file__
    assert "success" in capsys.readouterr().out
