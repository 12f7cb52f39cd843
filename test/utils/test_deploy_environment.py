"""``deploy_environment``, in both generations of the API."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from manual_clock import ManualClock

import ubiops
import ubiops.aio
import ubiops.emulator
from ubiops.aio.utils import deploy_environment as deploy_environment_async
from ubiops.emulator import Emulator
from ubiops.utils import PackageError, deploy_environment

BASES = {"v2.1": "python3-11", "v2": "ubiops-ubuntu24-04-python3-11"}


@pytest.fixture
def own_emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator that installs nothing: its builds follow the clock."""
    with ubiops.emulator.start() as running, monkeypatch.context() as patch:
        patch.setattr(running._backend, "installer", None)
        running.clock.freeze()
        yield running


@pytest.fixture(params=["v2.1", "v2"])
def generation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def client_for(emulator: Emulator, generation: str) -> ubiops.CoreApi:
    configuration = emulator.configuration()
    configuration.host = configuration.host.replace("v2.1", generation)
    api = ubiops.CoreApi(ubiops.ApiClient(configuration))
    api.api_client._clock = ManualClock(emulator.clock.advance)
    return api


@pytest.fixture
def api(own_emulator: Emulator, generation: str) -> Iterator[ubiops.CoreApi]:
    with client_for(own_emulator, generation) as api:
        yield api


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "environment"
    root.mkdir()
    # A comment, so that nothing is installed.
    (root / "requirements.txt").write_text("# nothing\n")
    return root


@pytest.fixture
def run(api: ubiops.CoreApi, generation: str) -> Any:
    def deploy(folder: Path, **more: Any) -> Any:
        return deploy_environment(
            api, "p", "e", folder, **{"base_environment": BASES[generation], "quiet": True, **more}
        )

    return deploy


def events(api: ubiops.CoreApi) -> list[str]:
    return [one.event for one in api.project_audit_events_list("p", limit=50)]


def own(api: ubiops.CoreApi) -> list[str]:
    return [one.name for one in api.environments_list("p", system=False)]


def test_everything_is_created_and_then_nothing_changes(
    api: ubiops.CoreApi, run: Any, folder: Path, generation: str
) -> None:
    settings = {"description": "Rain", "labels": {"team": "rain"}}
    first = run(folder, settings=settings)
    assert first.environment.description == "Rain"
    assert first.environment.labels["team"] == "rain"
    if generation == "v2":
        assert first.tag.startswith("content-")
        assert first.tag_detail.status == "success"
        assert first.version_settings == {"environment_name": "e", "environment_tag": first.tag}
    else:
        assert (first.tag, first.tag_detail) == (None, None)
        assert first.environment.active_build == first.environment.latest_build
        assert first.version_settings == {"environment": "e"}
    before = events(api)
    again = run(folder, settings=settings)
    assert (again.tag, again.environment.labels) == (first.tag, first.environment.labels)
    run(folder)
    assert events(api) == before


def test_a_version_runs_on_it(api: ubiops.CoreApi, run: Any, folder: Path, package: bytes) -> None:
    environment = run(folder)
    api.deployments_create("p", {"name": "d", "input_type": "plain", "output_type": "plain"})
    version = api.deployment_versions_create("p", "d", {"version": "v1", **environment.version_settings})
    assert version.environment_name == "e"


def test_other_contents_are_built(api: ubiops.CoreApi, run: Any, folder: Path, generation: str) -> None:
    first = run(folder)
    (folder / "requirements.txt").write_text("# something else\n")
    second = run(folder)
    if generation == "v2":
        assert first.tag != second.tag
        # The first one still exists.
        (folder / "requirements.txt").write_text("# nothing\n")
        assert run(folder).tag == first.tag
        assert len(api.environment_tags_list("p", "e")) == 2
    else:
        assert first.environment.active_build != second.environment.active_build


def test_settings_that_differ_are_changed(run: Any, folder: Path) -> None:
    run(folder, settings={"labels": {"a": "1"}})
    changed = run(folder, settings={"description": "Rain", "labels": {"b": "2"}})
    assert changed.environment.description == "Rain"
    assert {"b"} <= set(changed.environment.labels)
    assert "a" not in changed.environment.labels


def test_a_failed_build_is_kept_and_repeated(api: ubiops.CoreApi, run: Any, folder: Path) -> None:
    (folder / "requirements.txt").write_text("== not a requirement\n")
    for _ in range(2):
        with pytest.raises(ubiops.StatusError, match="failed"):
            run(folder)
    assert own(api) == ["e"]
    (folder / "requirements.txt").write_text("# nothing\n")
    run(folder)


def test_a_build_that_is_under_way_is_waited_for(api: ubiops.CoreApi, run: Any, folder: Path) -> None:
    def stop(update: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(folder, on_status=stop)
    before = events(api)
    run(folder)
    assert events(api) == before


@pytest.mark.parametrize("fault", [{"status": 403}, {"cut": "before"}])
def test_nothing_is_left_of_a_failure(
    api: ubiops.CoreApi, own_emulator: Emulator, run: Any, folder: Path, generation: str, fault: dict[str, Any]
) -> None:
    operation = "environment_tags_build" if generation == "v2" else "environment_revisions_file_upload"
    own_emulator.faults.add(operation=operation, **fault)
    with pytest.raises(ubiops.ApiException):
        run(folder)
    assert own(api) == []
    run(folder)


def test_arguments_are_checked(own_emulator: Emulator, api: ubiops.CoreApi, run: Any, folder: Path) -> None:
    with pytest.raises(PackageError, match="there is no folder"):
        run(folder / "missing")
    with pytest.raises(ubiops.ApiValueError, match="'settings' has no setting 'nmae'"):
        run(folder, settings={"nmae": "x"})
    with pytest.raises(ubiops.ApiValueError, match="'settings' has base_environment='other'"):
        run(folder, settings={"base_environment": "other"})
    assert own(api) == []


def test_environments_of_the_platform_are_left_alone(api: ubiops.CoreApi, folder: Path, generation: str) -> None:
    with pytest.raises(ubiops.ApiValueError, match="is one of the platform"):
        deploy_environment(api, "p", BASES[generation], folder, quiet=True)


@pytest.mark.parametrize("generation", ["v2.1"], indirect=True)
def test_the_base_can_not_be_changed(api: ubiops.CoreApi, run: Any, folder: Path) -> None:
    run(folder)
    with pytest.raises(ubiops.ApiValueError, match="exists with base_environment='python3-11', which can't be changed"):
        run(folder, base_environment="python3-12")
    with pytest.raises(ubiops.ApiValueError, match="'tag' needs the API v2"):
        run(folder, tag="t")


@pytest.mark.parametrize("generation", ["v2"], indirect=True)
def test_tags_may_be_named(api: ubiops.CoreApi, run: Any, folder: Path) -> None:
    assert run(folder, tag="t").tag == "t"
    before = events(api)
    assert run(folder, tag="t").tag_detail.status == "success"
    assert run(folder, tag="t", settings={"labels": {}}).tag == "t"
    assert events(api) == before
    (folder / "requirements.txt").write_text("# something else\n")
    with pytest.raises(ubiops.ApiValueError, match="tag 't' of environment 'e' was built from other files"):
        run(folder, tag="t")
    assert run(folder, tag="u").tag == "u"


def test_async(own_emulator: Emulator, folder: Path) -> None:
    own_emulator.clock.resume()

    async def main() -> Any:
        async with ubiops.aio.CoreApi(ubiops.aio.ApiClient(own_emulator.configuration())) as client:
            return await deploy_environment_async(client, "p", "e", folder, "python3-11", quiet=True)

    assert asyncio.run(main()).version_settings == {"environment": "e"}
