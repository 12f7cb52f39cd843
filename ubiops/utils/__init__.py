"""Helpers for tasks that take several calls, built on ``CoreApi``."""

from __future__ import annotations

from ubiops._packages.errors import PackageError, PackageWarning
from ubiops._packages.folder import PackageFolder
from ubiops._packages.report import PackageProblem, PackageReport
from ubiops.utils.package_operations import (
    abs_path,
    default_zip_name,
    files_present_in_dir,
    list_files,
    validate_package,
    zip_dir,
)
from ubiops.utils.validate import validate_requirements_file, validate_yaml_file
from ubiops.utils.waiting import wait_for_deployment_version, wait_for_revision

__all__ = [
    "PackageError",
    "PackageFolder",
    "PackageProblem",
    "PackageReport",
    "PackageWarning",
    "abs_path",
    "default_zip_name",
    "files_present_in_dir",
    "list_files",
    "validate_package",
    "validate_requirements_file",
    "validate_yaml_file",
    "wait_for_deployment_version",
    "wait_for_revision",
    "zip_dir",
]
