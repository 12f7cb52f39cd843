"""Connect two deployments in a pipeline.

The first one splits a text into sentences. Then an operator spreads the sentences over
requests that run at the same time, the second deployment counts the words of each, and
another operator collects the results. The script needs no account:

    python examples/pipeline.py

On the platform, create the client with ``ubiops.CoreApi()``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import ubiops
import ubiops.emulator
from ubiops.utils import wait_for_deployment_version

SPLIT = """
class Deployment:
    def request(self, data):
        return [{"sentence": text.strip()} for text in data["text"].split(".") if text.strip()]
"""
COUNT = """
class Deployment:
    def request(self, data):
        return {"sentence": data["sentence"], "words": len(data["sentence"].split())}
"""
SUM = """
class Deployment:
    def requests(self, data):
        longest = max(data, key=lambda one: one["words"])
        return {"sentences": len(data), "words": sum(one["words"] for one in data), "longest": longest["sentence"]}
"""

TEXT = [{"name": "text", "data_type": "string"}]
SENTENCE = [{"name": "sentence", "data_type": "string"}]
COUNTED = [*SENTENCE, {"name": "words", "data_type": "int"}]
SUMMARY = [
    {"name": "sentences", "data_type": "int"},
    {"name": "words", "data_type": "int"},
    {"name": "longest", "data_type": "string"},
]


def main() -> None:
    """Creates the deployments and the pipeline, and sends a request."""
    with ubiops.emulator.start() as emulator, tempfile.TemporaryDirectory() as folder:
        api = emulator.api()
        deploy(api, Path(folder, "split"), SPLIT, TEXT, SENTENCE)
        deploy(api, Path(folder, "count"), COUNT, SENTENCE, COUNTED)
        deploy(api, Path(folder, "sum"), SUM, COUNTED, SUMMARY)
        create_pipeline(api)
        request = api.pipeline_requests_create(
            "examples", "text-statistics", {"text": "It rains. The sun comes out. A rainbow appears over the hills."}
        )
        for part in request.deployment_requests or ():
            print(f"{part.pipeline_object}: {part.status}")
        print(f"{request.status}: {request.result or request.error_message}")


def deploy(
    api: ubiops.CoreApi, folder: Path, code: str, takes: list[dict[str, Any]], returns: list[dict[str, Any]]
) -> None:
    """Creates a deployment with the name of the folder."""
    folder.mkdir()
    (folder / "deployment.py").write_text(code, encoding="utf-8")
    settings = {"input_type": "structured", "input_fields": takes, "output_type": "structured"}
    api.deployments_create("examples", {"name": folder.name, **settings, "output_fields": returns})
    api.deployment_versions_create("examples", folder.name, {"version": "v1", "environment": "python3-11"})
    api.revisions_file_upload("examples", folder.name, "v1", file=folder)
    wait_for_deployment_version(api, "examples", folder.name, "v1", quiet=True)


def create_pipeline(api: ubiops.CoreApi) -> None:
    """Creates the pipeline: its objects, and what is attached to what."""
    settings = {"input_type": "structured", "input_fields": TEXT, "output_type": "structured"}
    api.pipelines_create("examples", {"name": "text-statistics", **settings, "output_fields": SUMMARY})
    api.pipeline_versions_create(
        "examples",
        "text-statistics",
        ubiops.PipelineVersionCreate(
            version="v1",
            objects=[
                ubiops.PipelineVersionObjectCreate(name="splitter", reference_name="split"),
                operator("spread", "one-to-many", SENTENCE),
                ubiops.PipelineVersionObjectCreate(name="counter", reference_name="count"),
                operator("collect", "many-to-one", COUNTED),
                ubiops.PipelineVersionObjectCreate(name="adder", reference_name="sum"),
            ],
            attachments=[
                attachment("splitter", "pipeline_start", TEXT),
                attachment("spread", "splitter", SENTENCE),
                attachment("counter", "spread", SENTENCE),
                attachment("collect", "counter", COUNTED),
                attachment("adder", "collect", COUNTED),
                attachment("pipeline_end", "adder", SUMMARY),
            ],
        ),
    )


def operator(name: str, kind: str, fields: list[dict[str, Any]]) -> ubiops.PipelineVersionObjectCreate:
    """Returns an operator that passes its fields on."""
    configuration = {"input_fields": fields, "output_fields": fields}
    return ubiops.PipelineVersionObjectCreate(
        name=name, reference_type="operator", reference_name=kind, configuration=configuration
    )


def attachment(destination: str, source: str, fields: list[dict[str, Any]]) -> ubiops.AttachmentsCreate:
    """Returns an attachment that passes the fields of a source to a destination."""
    mapping = [
        ubiops.AttachmentFieldsList(source_field_name=one["name"], destination_field_name=one["name"]) for one in fields
    ]
    return ubiops.AttachmentsCreate(
        destination_name=destination, sources=[ubiops.AttachmentSourcesList(source_name=source, mapping=mapping)]
    )


if __name__ == "__main__":
    main()
