"""OpenAI's own client works with a deployment, unmodified."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from thread_runner import PublicError, ThreadRunner, installed

import ubiops
import ubiops.emulator

from .clients import HERE, prepare, variables

OPENAI = "openai"


class Parrot:
    """A model that repeats what it is told."""

    def __init__(self) -> None:
        self.requests = 0

    def __call__(self, data: str, context: dict[str, Any]) -> Any:
        self.requests += 1
        body = json.loads(data)
        if "input" in body:
            embeddings = [
                {"object": "embedding", "index": index, "embedding": [float(len(text)), 0.5]}
                for index, text in enumerate(body["input"])
            ]
            usage = {"prompt_tokens": 1, "total_tokens": 1}
            return {"object": "list", "data": embeddings, "model": body["model"], "usage": usage}
        text = body["messages"][0]["content"]
        if text == "fail":
            raise PublicError("Out of memory")
        shared = {"id": context["id"], "created": 0, "model": body["model"]}
        if not body.get("stream"):
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
            return {**shared, "object": "chat.completion", "choices": [choice]}
        chunks = []
        for word in text.split():
            choice = {"index": 0, "finish_reason": None, "delta": {"content": word}}
            chunks.append(json.dumps({**shared, "object": "chat.completion.chunk", "choices": [choice]}))
            context["streaming_update"](chunks[-1])
        return chunks


@pytest.fixture
def parrot() -> Parrot:
    return Parrot()


@pytest.fixture
def printed(parrot: Parrot, package: bytes, tmp_path: Path) -> dict[str, Any]:
    """What the script prints."""
    (tmp_path / "package.zip").write_bytes(package)
    with installed(ThreadRunner(parrot)):
        emulator = ubiops.emulator.start(build_seconds=(0, 0, 0))
    with emulator:
        api = emulator.api()
        api.deployments_create("p", {"name": "chat", "input_type": "plain", "output_type": "plain"})
        labels = {"openai-compatible": "true", "openai-model-names": "parrot"}
        api.deployment_versions_create("p", "chat", {"version": "v1", "labels": labels})
        api.revisions_file_upload("p", "chat", "v1", file=str(tmp_path / "package.zip"))
        url = f"{emulator.host}/projects/p/openai-compatible/v1"
        done = subprocess.run(
            [prepare(OPENAI), str(HERE / "openai_calls.py"), url],
            env=variables(OPENAI, emulator.host),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_openais_client_works_with_a_deployment(printed: dict[str, Any], parrot: Parrot) -> None:
    failed, stream = printed.pop("failed"), printed.pop("failed stream")
    assert printed == {
        "completion": "It will rain",
        "stream": ["It", "will", "rain"],
        "embeddings": [[1.0, 0.5], [3.0, 0.5]],
        "models": ["ubiops-deployment/chat/v1/parrot"],
        "not found": ["NotFoundError", 404],
        "bad model": ["BadRequestError", 400],
    }
    assert failed[:2] == ["InternalServerError", 500]
    assert stream[0] == "APIError"
    assert all("Out of memory" in message for *_, message in (failed, stream))
    # Nothing was retried.
    assert parrot.requests == 5
