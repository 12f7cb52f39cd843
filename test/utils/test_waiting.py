"""Waiting for builds that succeed, fail or take too long."""

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
def frozen_emulator() -> Iterator[Emulator]:
    """An emulator whose clock is frozen until a test advances it."""
    with ubiops.emulator.start() as running:
        running.clock.freeze()
        yield running


@pytest.fixture
def api(frozen_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[ubiops.CoreApi]:
    """A client whose pauses between polls advance the emulator's clock."""
    monkeypatch.setattr("ubiops.utils.waiting.sleep", frozen_emulator.clock.advance)
    monkeypatch.setattr("ubiops.utils.waiting.monotonic", frozen_emulator.clock.now)
    with ubiops.CoreApi(ubiops.ApiClient(frozen_emulator.configuration())) as core_api:
        core_api.deployments_create("p", {"name": "d", "input_type": "plain", "output_type": "plain"})
        core_api.deployment_versions_create("p", "d", {"version": "v1"})
        yield core_api


def upload(api: ubiops.CoreApi, package: bytes) -> str:
    return api.revisions_file_upload("p", "d", "v1", file=package).revision


def test_signatures_match_the_official_client() -> None:
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


def test_waits_for_the_build_and_prints_each_status(
    api: ubiops.CoreApi, package: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    upload(api, package)
    version = ubiops.utils.wait_for_deployment_version(api.api_client, "p", "d", "v1")
    assert (type(version), version.status) == (ubiops.DeploymentVersionDetail, "available")
    statuses = [line.split()[2] for line in capsys.readouterr().out.splitlines()]
    assert statuses[-1] == "success"
    assert statuses == [status for status in ("queued", "building", "success") if status in statuses]


def test_waits_for_a_revision_by_its_id(
    api: ubiops.CoreApi, package: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    first = upload(api, package)
    second = upload(api, b"not a zip file")
    found = ubiops.utils.wait_for_revision(api, "p", "d", "v1", first, quiet=True)  # type: ignore[arg-type]
    assert (type(found), found.id, found.status) == (ubiops.RevisionList, first, "success")
    version = ubiops.utils.wait_for_deployment_version(api.api_client, "p", "d", "v1", revision_id=first, quiet=True)
    assert version.latest_revision == second
    assert capsys.readouterr().out == ""


def test_failed_build_raises_its_error_message(api: ubiops.CoreApi) -> None:
    revision = upload(api, b"not a zip file")
    with pytest.raises(ubiops.ApiException) as caught:
        ubiops.utils.wait_for_deployment_version(api.api_client, "p", "d", "v1", quiet=True)
    message = api.revisions_get("p", "d", revision, "v1").error_message
    assert message
    assert message == caught.value.get_body_message()
    assert message in str(caught.value)
    assert f"the build of revision {revision} of d v1 failed" in str(caught.value)


def test_expired_timeout_raises_504(api: ubiops.CoreApi, package: bytes) -> None:
    revision = upload(api, package)
    for call in (
        lambda: ubiops.utils.wait_for_deployment_version(api.api_client, "p", "d", "v1", timeout=0.01, quiet=True),
        lambda: ubiops.utils.wait_for_revision(api.api_client, "p", "d", "v1", revision, timeout=0.01, quiet=True),
    ):
        with pytest.raises(ubiops.ApiException, match=r"is still 'queued' after 0 s \(timeout=0.01\)") as caught:
            call()
        assert caught.value.status == 504


def test_version_without_revision_is_an_error(api: ubiops.CoreApi) -> None:
    with pytest.raises(ubiops.ApiValueError, match="has no revision to wait for: upload a file first"):
        ubiops.utils.wait_for_deployment_version(api.api_client, "p", "d", "v1")


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), None, "10", True])
def test_invalid_timeout_is_an_error(api: ubiops.CoreApi, package: bytes, timeout: Any) -> None:
    revision = upload(api, package)
    with pytest.raises((ubiops.ApiValueError, ubiops.ApiTypeError), match="timeout"):
        ubiops.utils.wait_for_revision(api.api_client, "p", "d", "v1", revision, timeout=timeout)


def test_stream_logs_warns_that_it_is_unsupported(
    api: ubiops.CoreApi, package: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    revision = upload(api, package)
    with pytest.warns(UserWarning, match="can't stream build logs") as warned:
        ubiops.utils.wait_for_revision(api.api_client, "p", "d", "v1", revision, quiet=True, stream_logs=True)
    assert warned[0].filename == __file__
    assert "success" in capsys.readouterr().out
