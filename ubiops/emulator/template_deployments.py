"""The template deployments: what is listed of them, and their code as zip files."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ubiops.emulator import environments, instance_types

if TYPE_CHECKING:
    from ubiops.emulator.call import Call

_FOLDER = Path(__file__).resolve().parent / "templates"
_LABELS = {"template": "True"}


class Template(NamedTuple):
    """A template: its id, the folder of its code, and what to create a deployment from."""

    id: str
    folder: str
    description: str
    input_fields: dict[str, str]
    output_fields: dict[str, str]

    def details(self) -> dict[str, Any]:
        """Settings to create a deployment from, and those of its version. Numbers may be text, as on the platform."""
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
        """The code as a zip file, the same bytes each time."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted((_FOLDER / self.folder).iterdir()):
                if path.is_file() and path.name != "__init__.py":
                    entry = zipfile.ZipInfo(f"{self.folder}/{path.name}", (2024, 1, 1, 0, 0, 0))
                    archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
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
        "Gives back what it is given, one by one or many at once",
        {},
        {},
    ),
)


def find_template(identifier: str) -> Template | None:
    """The template of this id, or None if there is none."""
    return next((template for template in TEMPLATES if template.id == identifier.lower()), None)


def template_deployments_list(call: Call) -> list[dict[str, Any]]:
    """All templates, whatever the project."""
    return [{"id": template.id, "details": template.details()} for template in TEMPLATES]
