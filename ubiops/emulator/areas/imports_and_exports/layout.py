"""The format of the zip file.

The format of deployments and pipelines is published. That of environments, services and
variables of the project is a guess, which is made here alone.
"""

from __future__ import annotations

from typing import NamedTuple

FORMAT = "v1.0"
INFO = "info.yaml"
VARIABLES = "environment_variables.yaml"
SUFFIXES = (".yaml", ".yml")
KINDS = ("deployments", "pipelines", "environment_variables", "environments", "services")
# The keys that have the kind of object in front of them in YAML.
PREFIXED = ("name", "description", "labels", "environment_variables", "display_name")


class Kind(NamedTuple):
    """A kind of object with a folder of its own.

    Attributes:
        folder: The folder, which is also the key in a selection.
        noun: What the names of files and keys begin with.
        has_versions: Whether its objects have versions.
    """

    folder: str
    noun: str
    has_versions: bool = False

    def path(self, name: str) -> str:
        """Returns the path of an object's file, without its ending."""
        return f"{self.folder}/{self.noun}_{name}/{self.noun}_{name}"

    def version_path(self, name: str, version: str) -> str:
        """Returns the path of a version's file, without its ending."""
        return f"{self.folder}/{self.noun}_{name}/versions/{self.noun}_{name}_version_{version}"


DEPLOYMENTS = Kind("deployments", "deployment", True)
PIPELINES = Kind("pipelines", "pipeline", True)
ENVIRONMENTS = Kind("environments", "environment")
SERVICES = Kind("services", "service")
OBJECTS = (ENVIRONMENTS, DEPLOYMENTS, PIPELINES, SERVICES)
