"""The project that the Python code of the docs runs in, where the description's examples would not fit it.

The description tells a story of its own, in which nothing exists before it is created. The code of the docs is run by
tests, each block alone, in a project that has a deployment, a version, a revision, a build and a variable already, and
with a package in the working directory. What an example must name to work there stands here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Samples:
    """Values for the code of the docs.

    Attributes:
        arguments: Values for parameters of paths, by their names.
        bodies: Fields of bodies, by the operation's id and the example's name; they replace the example's own.
    """

    arguments: dict[str, Any] = field(default_factory=dict)
    bodies: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


SAMPLES = Samples(
    arguments={"project_name": "project-1", "deployment_name": "deployment-1", "version": "v1"},
    bodies={
        ("deployment_versions_create", "python"): {"version": "v3"},
        ("deployment_environment_variables_copy", "deployment"): {
            "source_deployment": "deployment-1",
            "source_version": "v1",
        },
        ("deployment_version_environment_variables_copy", "deployment"): {"source_deployment": "deployment-1"},
        ("revisions_file_upload", "file"): {"file": "deployment_package.zip"},
        ("revisions_file_upload", "version"): {"source_deployment": "deployment-1", "source_version": "v1"},
    },
)
