"""Helpers for tasks that take several calls, built on ``CoreApi``, and for packages."""

from __future__ import annotations

# Type checkers assume that it is true. Importing it from typing would take longer than
# everything else. The annotation keeps jedi, which completes names in notebooks, from
# using the value.
TYPE_CHECKING: bool = False
if TYPE_CHECKING:
    from typing import Any

    from ubiops._local.run import run_local
    from ubiops._packages.errors import PackageError, PackageWarning
    from ubiops._packages.folder import PackageFolder
    from ubiops._packages.report import PackageProblem, PackageReport
    from ubiops._storage.uri import UbiOpsFile
    from ubiops._waiting.updates import StatusUpdate
    from ubiops.exceptions import StatusError
    from ubiops.utils import batches as batches
    from ubiops.utils import deploying as deploying
    from ubiops.utils import exceptions as exceptions
    from ubiops.utils import file_operations as file_operations
    from ubiops.utils import metrics as metrics
    from ubiops.utils import package_operations as package_operations
    from ubiops.utils import paging as paging
    from ubiops.utils import streaming as streaming
    from ubiops.utils import validate as validate
    from ubiops.utils import validators as validators
    from ubiops.utils import wait_for as wait_for
    from ubiops.utils.batches import MapResult, RequestMap, map_pipeline_requests, map_requests
    from ubiops.utils.deploying import DeployedEnvironment, deploy, deploy_environment
    from ubiops.utils.file_operations import (
        download_file,
        download_files,
        handle_file_input,
        upload_file,
        upload_files,
    )
    from ubiops.utils.metrics import MetricClient
    from ubiops.utils.package_operations import (
        abs_path,
        default_zip_name,
        files_present_in_dir,
        list_files,
        validate_package,
        zip_dir,
    )
    from ubiops.utils.paging import Pages, paginate
    from ubiops.utils.streaming import stream_deployment_request, stream_pipeline_request
    from ubiops.utils.validate import validate_requirements_file, validate_yaml_file
    from ubiops.utils.wait_for import (
        wait_for_deployment_request,
        wait_for_deployment_version,
        wait_for_deployment_version_request,
        wait_for_environment,
        wait_for_experiment,
        wait_for_experiment_run,
        wait_for_export,
        wait_for_import,
        wait_for_pipeline_request,
        wait_for_pipeline_version_request,
        wait_for_revision,
    )

_MODULES = (
    "batches",
    "deploying",
    "exceptions",
    "file_operations",
    "metrics",
    "package_operations",
    "paging",
    "streaming",
    "validate",
    "validators",
    "wait_for",
)
_PLACES = {
    "DeployedEnvironment": "ubiops.utils.deploying",
    "MapResult": "ubiops.utils.batches",
    "MetricClient": "ubiops.utils.metrics",
    "PackageError": "ubiops._packages.errors",
    "PackageFolder": "ubiops._packages.folder",
    "PackageProblem": "ubiops._packages.report",
    "PackageReport": "ubiops._packages.report",
    "PackageWarning": "ubiops._packages.errors",
    "Pages": "ubiops.utils.paging",
    "RequestMap": "ubiops.utils.batches",
    "StatusError": "ubiops.exceptions",
    "StatusUpdate": "ubiops._waiting.updates",
    "UbiOpsFile": "ubiops._storage.uri",
    "abs_path": "ubiops.utils.package_operations",
    "default_zip_name": "ubiops.utils.package_operations",
    "deploy": "ubiops.utils.deploying",
    "deploy_environment": "ubiops.utils.deploying",
    "download_file": "ubiops.utils.file_operations",
    "download_files": "ubiops.utils.file_operations",
    "files_present_in_dir": "ubiops.utils.package_operations",
    "handle_file_input": "ubiops.utils.file_operations",
    "list_files": "ubiops.utils.package_operations",
    "map_pipeline_requests": "ubiops.utils.batches",
    "map_requests": "ubiops.utils.batches",
    "paginate": "ubiops.utils.paging",
    "run_local": "ubiops._local.run",
    "stream_deployment_request": "ubiops.utils.streaming",
    "stream_pipeline_request": "ubiops.utils.streaming",
    "upload_file": "ubiops.utils.file_operations",
    "upload_files": "ubiops.utils.file_operations",
    "validate_package": "ubiops.utils.package_operations",
    "validate_requirements_file": "ubiops.utils.validate",
    "validate_yaml_file": "ubiops.utils.validate",
    "wait_for_deployment_request": "ubiops.utils.wait_for",
    "wait_for_deployment_version": "ubiops.utils.wait_for",
    "wait_for_deployment_version_request": "ubiops.utils.wait_for",
    "wait_for_environment": "ubiops.utils.wait_for",
    "wait_for_experiment": "ubiops.utils.wait_for",
    "wait_for_experiment_run": "ubiops.utils.wait_for",
    "wait_for_export": "ubiops.utils.wait_for",
    "wait_for_import": "ubiops.utils.wait_for",
    "wait_for_pipeline_request": "ubiops.utils.wait_for",
    "wait_for_pipeline_version_request": "ubiops.utils.wait_for",
    "wait_for_revision": "ubiops.utils.wait_for",
    "zip_dir": "ubiops.utils.package_operations",
}

__all__ = [
    "DeployedEnvironment",
    "MapResult",
    "MetricClient",
    "PackageError",
    "PackageFolder",
    "PackageProblem",
    "PackageReport",
    "PackageWarning",
    "Pages",
    "RequestMap",
    "StatusError",
    "StatusUpdate",
    "UbiOpsFile",
    "abs_path",
    "default_zip_name",
    "deploy",
    "deploy_environment",
    "download_file",
    "download_files",
    "files_present_in_dir",
    "handle_file_input",
    "list_files",
    "map_pipeline_requests",
    "map_requests",
    "paginate",
    "run_local",
    "stream_deployment_request",
    "stream_pipeline_request",
    "upload_file",
    "upload_files",
    "validate_package",
    "validate_requirements_file",
    "validate_yaml_file",
    "wait_for_deployment_request",
    "wait_for_deployment_version",
    "wait_for_deployment_version_request",
    "wait_for_environment",
    "wait_for_experiment",
    "wait_for_experiment_run",
    "wait_for_export",
    "wait_for_import",
    "wait_for_pipeline_request",
    "wait_for_pipeline_version_request",
    "wait_for_revision",
    "zip_dir",
]


if not TYPE_CHECKING:
    # Hidden from type checkers, which would take it to mean that every name exists.
    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name in _MODULES:
            return import_module(f"ubiops.utils.{name}")
        place = _PLACES.get(name)
        if place is None:
            from ubiops._signposts import missing_name

            raise missing_name("ubiops.utils", name, __dir__())
        value = getattr(import_module(place), name)
        # Later lookups find it without this function.
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*_PLACES, *_MODULES, *(name for name in globals() if name.startswith("__"))})
