"""Uploads, builds and downloads of code."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from populated import PopulatedProject

import ubiops
from ubiops.utils import wait_for_deployment_version, wait_for_revision

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops.emulator import Clock, Emulator

WAYS: dict[str, Callable[[Path], Any]] = {
    "a path as text": str,
    "a path": lambda path: path,
    "an open file": lambda path: path.open("rb"),
    "bytes": lambda path: path.read_bytes(),
    "a file in memory": lambda path: io.BytesIO(path.read_bytes()),
}
NAMED = ("a path as text", "a path", "an open file")


@pytest.mark.parametrize("way", WAYS)
def test_a_download_returns_the_uploaded_bytes(
    way: str,
    core_api: ubiops.CoreApi,
    project_name: str,
    deployment_name: str,
    version: str,
    package: bytes,
    tmp_path: Path,
) -> None:
    path = tmp_path / "code of deployment.zip"
    path.write_bytes(package)
    file = WAYS[way](path)
    uploaded = core_api.revisions_file_upload(project_name, deployment_name, version, file=file)
    if isinstance(file, io.IOBase):
        assert not file.closed
        file.close()
    assert uploaded.success is True
    assert uploaded.build == uploaded.revision
    with core_api.revisions_file_download(project_name, deployment_name, uploaded.revision, version) as response:
        assert response.getfilename() == (path.name if way in NAMED else "file.zip")
        assert response.read() == package


def test_a_download_can_be_read_in_chunks_or_saved(
    core_api: ubiops.CoreApi,
    populated_project: PopulatedProject,
    package: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = (
        populated_project.project_name,
        populated_project.deployment_name,
        populated_project.revision_id,
        populated_project.version,
    )
    with core_api.revisions_file_download(*arguments) as response:
        assert b"".join(response) == package
    with core_api.revisions_file_download(*arguments) as response:
        pieces = list(response.iter_content(chunk_size=100))
    assert b"".join(pieces) == package
    assert {len(piece) for piece in pieces[:-1]} == {100}
    saved = core_api.revisions_file_download(*arguments, _preload_content=True)
    again = core_api.revisions_file_download(*arguments, _preload_content=True)
    assert Path(saved).read_bytes() == Path(again).read_bytes() == package
    assert Path(saved).resolve().parent == tmp_path.resolve()
    assert saved != again
    assert len(list(tmp_path.iterdir())) == 2


def test_a_build_goes_through_its_states(
    core_api: ubiops.CoreApi,
    stopped_clock: Clock,
    project_name: str,
    deployment_name: str,
    version: str,
    package: bytes,
) -> None:
    names = project_name, deployment_name, version
    uploaded = core_api.revisions_file_upload(*names, file=package)

    def states() -> tuple[str, str, str]:
        revision = core_api.revisions_get(project_name, deployment_name, uploaded.revision, version)
        build = core_api.builds_get(project_name, uploaded.revision, deployment_name, version)
        return build.status, revision.status, core_api.deployment_versions_get(*names).status

    seen = [states()]
    while seen[-1][0] not in ("success", "failed"):
        stopped_clock.advance(0.05)
        if states() != seen[-1]:
            seen.append(states())
    assert seen == [
        ("queued", "queued", "building"),
        ("building", "building", "building"),
        ("validating", "building", "building"),
        ("success", "success", "available"),
    ]
    state = core_api.deployment_versions_get(*names)
    assert state.active_revision == state.latest_revision == uploaded.revision
    assert (state.has_request_method, state.has_requests_method) == (True, False)
    build = core_api.builds_get(project_name, uploaded.revision, deployment_name, version)
    assert (build.revision, build.trigger) == (uploaded.revision, "Deployment file upload")


def test_waiting_ends_when_the_build_ends(
    core_api: ubiops.CoreApi, populated_project: PopulatedProject, package: bytes, capsys: Any
) -> None:
    names = populated_project.project_name, populated_project.deployment_name, populated_project.other_version
    uploaded = core_api.revisions_file_upload(*names, file=package)
    revision = wait_for_revision(core_api.api_client, *names, uploaded.revision, timeout=60, quiet=True)
    assert (revision.id, revision.status) == (uploaded.revision, "success")
    version = wait_for_deployment_version(
        client=core_api.api_client,
        project_name=names[0],
        deployment_name=names[1],
        version=names[2],
        revision_id=uploaded.revision,
        timeout=60,
        quiet=True,
    )
    assert version.status == "available"
    assert capsys.readouterr().out == ""


def test_a_failed_build_says_why(
    core_api: ubiops.CoreApi, emulator: Emulator, project_name: str, deployment_name: str, version: str
) -> None:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("deployment_package/readme.txt", "There is no code in here.")
    names = project_name, deployment_name, version
    uploaded = core_api.revisions_file_upload(*names, file=package.getvalue())
    emulator.clock.advance(3600)
    revision = core_api.revisions_get(project_name, deployment_name, uploaded.revision, version)
    assert revision.status == "failed"
    assert revision.error_message
    assert core_api.deployment_versions_get(*names).status == "unavailable"
    with pytest.raises(ubiops.StatusError) as caught:
        wait_for_revision(core_api.api_client, *names, uploaded.revision, quiet=True)
    assert caught.value.message == revision.error_message


def test_a_revision_can_be_rebuilt(
    core_api: ubiops.CoreApi, emulator: Emulator, populated_project: PopulatedProject
) -> None:
    arguments = (
        populated_project.project_name,
        populated_project.deployment_name,
        populated_project.revision_id,
        populated_project.version,
    )
    rebuilt = core_api.revisions_rebuild(*arguments, data={})
    assert rebuilt.id == populated_project.revision_id
    assert rebuilt.status in ("queued", "building")
    emulator.clock.advance(3600)
    assert core_api.revisions_get(*arguments).status == "success"


def test_code_is_copied_from_another_version(
    core_api: ubiops.CoreApi, populated_project: PopulatedProject, package: bytes
) -> None:
    names = populated_project.project_name, populated_project.deployment_name, populated_project.other_version
    copied = core_api.revisions_file_upload(
        *names, source_deployment=populated_project.deployment_name, source_version=populated_project.version
    )
    with core_api.revisions_file_download(names[0], names[1], copied.revision, names[2]) as response:
        assert response.read() == package
    assert [revision.id for revision in core_api.revisions_list(*names)] == [copied.revision]


def test_the_code_of_every_template_builds(
    core_api: ubiops.CoreApi, emulator: Emulator, populated_project: PopulatedProject
) -> None:
    names = populated_project.project_name, populated_project.deployment_name, populated_project.other_version
    for template in core_api.template_deployments_list():
        uploaded = core_api.revisions_file_upload(*names, template_deployment_id=template.id)
        emulator.clock.advance(3600)
        assert core_api.revisions_get(names[0], names[1], uploaded.revision, names[2]).status == "success"


def test_an_upload_without_code_is_rejected(core_api: ubiops.CoreApi, populated_project: PopulatedProject) -> None:
    names = populated_project.project_name, populated_project.deployment_name, populated_project.version
    with pytest.raises(ubiops.BadRequestError):
        core_api.revisions_file_upload(*names)
    with pytest.raises(ubiops.BadRequestError):
        core_api.revisions_file_upload(*names, source_deployment=populated_project.deployment_name)


def test_an_unusable_file_is_reported_before_anything_is_sent(
    core_api: ubiops.CoreApi, populated_project: PopulatedProject, tmp_path: Path
) -> None:
    names = populated_project.project_name, populated_project.deployment_name, populated_project.version
    with pytest.raises(ubiops.ApiValueError, match="no-such-file"):
        core_api.revisions_file_upload(*names, file=tmp_path / "no-such-file.zip")
    with pytest.raises(ubiops.ApiValueError, match="has no files to pack"):
        core_api.revisions_file_upload(*names, file=str(tmp_path))
    with pytest.raises(ubiops.ApiTypeError, match="binary"):
        core_api.revisions_file_upload(*names, file=io.StringIO("text"))
    assert len(core_api.revisions_list(*names)) == 1


def test_progress_is_shown_on_request(
    core_api: ubiops.CoreApi, populated_project: PopulatedProject, package: bytes, capsys: Any
) -> None:
    names = populated_project.project_name, populated_project.deployment_name, populated_project.version
    uploaded = core_api.revisions_file_upload(*names, file=package, _progress_bar=True)
    assert "100%" in capsys.readouterr().err
    with core_api.revisions_file_download(*names[:2], uploaded.revision, names[2], _progress_bar=True) as response:
        assert response.read() == package
    assert "100%" in capsys.readouterr().err
