"""Create, upload, build, configure, call and delete a deployment.

On the emulator, without an account or a network connection:

    python examples/quickstart.py

On the platform, with UBIOPS_API_TOKEN (and optionally UBIOPS_API_HOST) set:

    python examples/quickstart.py --live --project NAME

The script deletes everything that it creates, even if a step fails.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import ubiops
import ubiops.utils

PACKAGE = Path(__file__).resolve().parent / "deployment_package"
VERSIONS = ("v1", "v2")
TEXT = "the cat and the dog and the bird"


def main() -> int:
    """Parses the command line and runs the steps. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Take a deployment through its life, from creation to deletion.")
    parser.add_argument("--live", action="store_true", help="use the platform instead of the emulator")
    parser.add_argument("--project", default="quickstart", help="name of the project to use (default: %(default)s)")
    arguments = parser.parse_args()
    if arguments.live and not os.environ.get("UBIOPS_API_TOKEN"):
        parser.error(
            "--live requires the environment variable UBIOPS_API_TOKEN (and UBIOPS_API_HOST for a non-default address)"
        )
    try:
        with configured(arguments.live) as configuration, ubiops.ApiClient(configuration) as client:
            run(client, arguments.project, f"quickstart-{uuid.uuid4().hex[:8]}")
    except ubiops.ApiException as error:
        print(f"\nA call failed: {error}", file=sys.stderr)
        return 1
    return 0


@contextlib.contextmanager
def configured(live: bool) -> Iterator[ubiops.Configuration]:
    """Yields the configuration of the platform, or of an emulator that it starts."""
    if live:
        yield ubiops.Configuration()
        return
    from ubiops.emulator import start

    with start() as emulator:
        yield emulator.configuration()


def run(client: ubiops.ApiClient, project: str, deployment: str) -> None:
    """Runs all steps, prints a line for each, and cleans up."""
    api = ubiops.CoreApi(client)
    print(f"Working on {client.configuration.host} in project {project}")
    try:
        create(api, project, deployment)
        package = pack(PACKAGE)
        print(f"Packed {PACKAGE.name}: {len(package):,} bytes")
        revision = upload_and_build(api, project, deployment, VERSIONS[0], package)
        set_variables(api, project, deployment)
        compare(api, project, deployment, VERSIONS[0], revision, package)
        show_history(api, project, deployment)
        send_request(api, project, deployment)
        stream_request(api, project, deployment)
    finally:
        clean_up(api, project, deployment)
    print("Done.")


def create(api: ubiops.CoreApi, project: str, deployment: str) -> None:
    """Creates a deployment with typed fields and two versions."""
    api.deployments_create(
        project,
        ubiops.DeploymentCreate(
            name=deployment,
            description="Counts the words of a text",
            input_type="structured",
            output_type="structured",
            input_fields=[ubiops.DeploymentInputFieldCreate(name="text", data_type="string")],
            output_fields=[
                ubiops.DeploymentOutputFieldCreate(name="words", data_type="dict"),
                ubiops.DeploymentOutputFieldCreate(name="total", data_type="int"),
            ],
            labels={"made-by": "quickstart"},
        ),
    )
    print(f"Created deployment {deployment}")
    for name in VERSIONS:
        version = api.deployment_versions_create(
            project,
            deployment,
            ubiops.DeploymentVersionCreate(
                version=name,
                environment="python3-11",
                instance_type_group_name="256 MB + 0.0625 vCPU",
                maximum_instances=1,
            ),
        )
        print(f"Created version {version.version}: {version.environment_display_name}, {version.status}")


def pack(folder: Path) -> bytes:
    """Zips a folder, with the folder itself at the root of the archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, path.relative_to(folder.parent))
    return packed.getvalue()


def upload_and_build(api: ubiops.CoreApi, project: str, deployment: str, version: str, package: bytes) -> str:
    """Uploads the code and waits for its build. Returns the id of the revision."""
    upload = api.revisions_file_upload(project, deployment, version, file=package)
    print(f"Uploaded to {version}: revision {upload.revision}")
    ubiops.utils.wait_for_revision(api, project, deployment, version, upload.revision, quiet=True)
    build = api.builds_get(project, upload.revision, deployment, version)
    revision = api.revisions_get(project, deployment, upload.revision, version)
    state = api.deployment_versions_get(project, deployment, version)
    print(f"Built: build {build.status}, revision {revision.status}, version {state.status}")
    return upload.revision


def set_variables(api: ubiops.CoreApi, project: str, deployment: str) -> None:
    """Sets variables of the deployment and of one version, and copies the latter."""
    source, target = VERSIONS
    most_frequent = ubiops.EnvironmentVariableCreate(name="MOST_FREQUENT", value="5", secret=False)
    password = ubiops.EnvironmentVariableCreate(name="PASSWORD", value="not shown", secret=True)
    api.deployment_environment_variables_create(project, deployment, most_frequent)
    api.deployment_version_environment_variables_create(project, deployment, source, password)
    print(f"Set variables: {most_frequent.name} for the deployment, {password.name} for {source}")
    copied = api.deployment_version_environment_variables_copy(
        project, deployment, target, ubiops.EnvironmentVariableCopy(source_deployment=deployment, source_version=source)
    )
    print(f"Copied to {target}: {', '.join(variable.name for variable in copied)}")
    print(f"Variables of {target}:")
    for variable in api.deployment_version_environment_variables_list(project, deployment, target):
        value = "(secret)" if variable.secret else variable.value
        origin = f"from the {variable.inheritance_type}" if variable.inheritance_type else "from the version"
        print(f"  {variable.name} = {value}, {origin}")


def compare(api: ubiops.CoreApi, project: str, deployment: str, version: str, revision: str, package: bytes) -> None:
    """Downloads the revision and compares it with the upload."""
    with api.revisions_file_download(project, deployment, revision, version) as response:
        downloaded = response.read()
    if downloaded != package:
        raise RuntimeError(f"the download differs from the upload: {len(downloaded)} bytes instead of {len(package)}")
    print(f"Downloaded {response.getfilename()}: {len(downloaded):,} bytes, identical to the upload")


def show_history(api: ubiops.CoreApi, project: str, deployment: str) -> None:
    """Prints the audit log, oldest event first."""
    print("Audit log:")
    for event in reversed(api.deployment_audit_events_list(project, deployment, limit=50)):
        print(f"  {event.date:%H:%M:%S} {event.action}: {event.event}")


def send_request(api: ubiops.CoreApi, project: str, deployment: str) -> None:
    """Sends a request and prints its response."""
    print(f"Request: {TEXT!r}")
    request = api.deployment_requests_create(project, deployment, {"text": TEXT})
    if request.status != "completed":
        raise RuntimeError(f"the request has {request.status}: {request.error_message}")
    print(f"Response: {request.result}")


def stream_request(api: ubiops.CoreApi, project: str, deployment: str) -> None:
    """Sends a request and prints partial results as they arrive."""
    print("Streamed:", end="")
    for part in ubiops.utils.stream_deployment_request(api, project, deployment, data={"text": TEXT}):
        print(f" {part}", end="", flush=True)
    print()


def clean_up(api: ubiops.CoreApi, project: str, deployment: str) -> None:
    """Deletes the deployment with its versions, revisions and variables."""
    try:
        api.deployments_delete(project, deployment)
    except ubiops.NotFoundError:
        print("There is nothing to clean up")
    else:
        print(f"Deleted deployment {deployment}")


if __name__ == "__main__":
    sys.exit(main())
