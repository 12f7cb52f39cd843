"""Template deployments: the list of them, and their code as zip files."""

from __future__ import annotations

import importlib.resources
import io
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops.emulator.areas.deployments import environments, instance_types
from ubiops.emulator.core.handlers import handler

if TYPE_CHECKING:
    from ubiops.emulator.core.context import RequestContext

_LABELS = {"template": "True"}


class Template(NamedTuple):
    """A template: its id, the folder of its code, and its settings."""

    id: str
    folder: str
    description: str
    input_fields: dict[str, str]
    output_fields: dict[str, str]

    def details(self) -> dict[str, Any]:
        """Returns settings to create a deployment and its version.

        Numbers may be text, as on the platform.
        """
        return {
            "name": self.folder.replace("_", "-"),
            "description": self.description,
            "input_type": "structured" if self.input_fields else "plain",
            "output_type": "structured" if self.output_fields else "plain",
            "input_fields": [{"name": name, "data_type": kind} for name, kind in self.input_fields.items()],
            "output_fields": [{"name": name, "data_type": kind} for name, kind in self.output_fields.items()],
            "labels": _LABELS,
            "version": {
                "name": "v1",
                "environment": environments.DEFAULT,
                "description": "",
                "labels": _LABELS,
                "instance_type_group_id": instance_types.DEFAULT.id,
                "maximum_idle_time": "300",
                "maximum_instances": "1",
                "minimum_instances": "0",
                "request_retention_mode": "full",
                "request_retention_time": 604800,
            },
        }

    def pack(self) -> bytes:
        """Returns the code as a zip file, the same bytes each time."""
        folder = importlib.resources.files("ubiops.emulator") / "templates" / self.folder
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir(), key=lambda file: file.name):
                if file.is_file():
                    entry = zipfile.ZipInfo(f"{self.folder}/{file.name}", (2024, 1, 1, 0, 0, 0))
                    archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
        return packed.getvalue()


TEMPLATES = (
    Template(
        "7c5e2b90-6a1d-4f38-9d04-c1b8a3e7f562",
        "multiply",
        "Multiplies a number by two",
        {"number": "int"},
        {"result": "int"},
    ),
    Template(
        "e1f74b08-3d92-4c65-8a1b-90c6d2e5f743",
        "word_count",
        "Counts the words of a text",
        {"text": "string"},
        {"words": "dict", "total": "int"},
    ),
    Template(
        "25d8c0a6-b71f-4e93-a4c8-6f03e9d1b57a",
        "echo",
        "Returns what it receives, one by one or many at once",
        {},
        {},
    ),
    # Official clients find it by its name. That the fields have these types is a guess.
    Template(
        "b3a91d67-4e08-4c2f-9b75-d8f60a2c1e34",
        "training_base_deployment",
        "Runs training code: versions are experiments, and requests are runs",
        {
            "name": "string",
            "description": "string",
            "training_code": "file",
            "training_data": "file",
            "parameters": "dict",
        },
        {"artifact": "file", "metadata": "dict", "metrics": "dict", "additional_output_files": "array_file"},
    ),
)


def find_template(identifier: str) -> Template | None:
    """Returns the template of this id, or None."""
    return next((template for template in TEMPLATES if template.id == identifier.lower()), None)


@handler("template_deployments_list")
def list_all(context: RequestContext) -> list[dict[str, Any]]:
    """Lists all templates, whatever the project."""
    return [{"id": template.id, "details": template.details()} for template in TEMPLATES]
