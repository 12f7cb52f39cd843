"""How each contestant does each piece of work.

A contestant is a client of the API, or bare urllib3 and json. Both clients are named
``ubiops`` and have the same methods, so one class serves both. The environment decides
which of them it is.
"""

from __future__ import annotations

import json
import os
from typing import Any

import payloads

TOKEN = "Token 0123456789abcdef0123456789abcdef01234567"  # noqa: S105 - not a real token
BLOCK = 1 << 18
FLUSH = 1 << 24


class Client:
    """A client named ``ubiops``: this one or the official one."""

    def __init__(self, host: str, ca: str) -> None:
        import ubiops

        self._ubiops: Any = ubiops
        configuration = ubiops.Configuration(host=host, api_key={"Authorization": TOKEN})
        configuration.ssl_ca_cert = ca
        self._client: Any = ubiops.ApiClient(configuration)
        self._api: Any = ubiops.CoreApi(self._client)

    def get(self) -> Any:
        return self._api.deployments_get(payloads.PROJECT, "image-classifier").name

    def versions(self, items: int) -> Any:
        return self._api.deployment_versions_list(f"items-{items}", "image-classifier")

    def versions_read(self, items: int) -> Any:
        for one in self.versions(items):
            _ = one.version, one.status, one.creation_date, one.maximum_instances, one.labels

    def deployments(self, items: int) -> Any:
        return self._api.deployments_list(f"items-{items}")

    def deployments_read(self, items: int) -> Any:
        for one in self.deployments(items):
            _ = one.name, one.description, one.creation_date, one.input_type, one.labels

    def create_with_model(self) -> Any:
        data = self._ubiops.DeploymentCreate(**payloads.DEPLOYMENT)
        return self._api.deployments_create(payloads.PROJECT, data).name

    def create_with_dict(self) -> Any:
        return self._api.deployments_create(payloads.PROJECT, payloads.DEPLOYMENT).name

    def upload(self, path: str) -> Any:
        return self._api.revisions_file_upload(payloads.PROJECT, "image-classifier", "v1", file=path).success

    def download(self, size: int) -> str:
        """Saves a file in the working directory and returns its path."""
        path: str = self._api.revisions_file_download(
            project_name=payloads.PROJECT,
            deployment_name="image-classifier",
            version="v1",
            revision_id=f"size-{size}",
            _preload_content=True,
        )
        return path

    def request(self) -> Any:
        return self._api.deployment_requests_create(payloads.PROJECT, "image-classifier", data=payloads.INPUT).result

    def batch(self) -> Any:
        created = self._api.batch_deployment_requests_create(payloads.PROJECT, "image-classifier", data=payloads.BATCH)
        return [one.id for one in created]

    def requests(self, items: int) -> Any:
        return self._api.deployment_requests_list(f"items-{items}", "image-classifier")

    def requests_read(self, items: int) -> Any:
        for one in self.requests(items):
            _ = one.id, one.status, one.version, one.time_created, one.time_completed

    def stream(self) -> int:
        """Receives all events of a request and returns their number."""
        if hasattr(self._api, "deployment_requests_stream"):
            with self._api.deployment_requests_stream(
                payloads.PROJECT, "image-classifier", data=payloads.INPUT
            ) as events:
                return sum(event.data.startswith("token") for event in events)
        # The official client has a function for it, which uses requests.
        parts = self._ubiops.utils.stream_deployment_request(
            self._client, payloads.PROJECT, "image-classifier", data=payloads.INPUT
        )
        return sum(part.startswith("token") for part in parts)

    def builder(self, items: int) -> tuple[bytes, Any]:
        """Returns a JSON list of objects with 31 fields, and what builds models."""
        text = payloads.dump([payloads.version_detail(index) for index in range(items)])
        model = self._ubiops.DeploymentVersionDetail
        if hasattr(model, "from_dict"):
            return text, lambda: self.build(json.loads(text))
        response = self._api.deployment_versions_list(f"items-{items}", "details", _preload_content=False)
        return response.content, lambda: self._client.deserialize(response, "list[DeploymentVersionDetail]")

    def build(self, objects: list[Any]) -> list[Any]:
        """Returns models of parsed objects, if a public function of the client can."""
        read = self._ubiops.DeploymentVersionDetail.from_dict
        return [read(one) for one in objects]


class Floor:
    """Bare urllib3 and json: one connection pool and nothing else."""

    def __init__(self, host: str, ca: str) -> None:
        import urllib3
        from urllib3.util import parse_url

        url = parse_url(host)
        self._base = url.path or ""
        where = url.host or ""
        self._pool: Any = (
            urllib3.HTTPSConnectionPool(where, url.port, maxsize=64, ca_certs=ca)
            if url.scheme == "https"
            else urllib3.HTTPConnectionPool(where, url.port, maxsize=64)
        )
        self._headers = {"Accept": "application/json", "Authorization": TOKEN, "User-Agent": "bare"}

    def _get(self, path: str) -> Any:
        return json.loads(self._pool.request("GET", self._base + path, headers=self._headers).data)

    def _post(self, path: str, body: Any) -> Any:
        headers = {**self._headers, "Content-Type": "application/json"}
        response = self._pool.request("POST", self._base + path, body=json.dumps(body).encode(), headers=headers)
        return json.loads(response.data)

    def get(self) -> Any:
        return self._get(f"/projects/{payloads.PROJECT}/deployments/image-classifier")["name"]

    def versions(self, items: int) -> Any:
        return self._get(f"/projects/items-{items}/deployments/image-classifier/versions")

    def versions_read(self, items: int) -> Any:
        for one in self.versions(items):
            _ = one["version"], one["status"], one["creation_date"], one["maximum_instances"], one["labels"]

    def deployments(self, items: int) -> Any:
        return self._get(f"/projects/items-{items}/deployments")

    def deployments_read(self, items: int) -> Any:
        for one in self.deployments(items):
            _ = one["name"], one["description"], one["creation_date"], one["input_type"], one["labels"]

    def create_with_model(self) -> Any:
        return self.create_with_dict()

    def create_with_dict(self) -> Any:
        return self._post(f"/projects/{payloads.PROJECT}/deployments", payloads.DEPLOYMENT)["name"]

    def request(self) -> Any:
        return self._post(f"{self._requests()}", payloads.INPUT)["result"]

    def batch(self) -> Any:
        return [one["id"] for one in self._post(f"{self._requests()}/batch", payloads.BATCH)]

    def requests(self, items: int) -> Any:
        return self._get(self._requests(f"items-{items}"))

    def requests_read(self, items: int) -> Any:
        for one in self.requests(items):
            _ = one["id"], one["status"], one["version"], one["time_created"], one["time_completed"]

    def stream(self) -> int:
        """Receives all events of a request and returns their number.

        An event ends with an empty line, as this contestant knows of its server.
        """
        response = self._pool.request(
            "POST",
            f"{self._base}{self._requests()}/stream",
            body=json.dumps(payloads.INPUT).encode(),
            headers={**self._headers, "Accept": "text/event-stream", "Content-Type": "application/json"},
            preload_content=False,
        )
        found = 0
        rest = b""
        for block in response.stream(BLOCK):
            *events, rest = (rest + block).split(b"\n\n")
            for event in events:
                data = "\n".join(line[5:] for line in event.decode().split("\n") if line.startswith("data:"))
                found += data.startswith("token")
        response.release_conn()
        return found

    def _requests(self, project: str = payloads.PROJECT) -> str:
        return f"/projects/{project}/deployments/image-classifier/requests"

    def upload(self, path: str) -> Any:
        head = (
            b'--boundary\r\nContent-Disposition: form-data; name="file"; filename="package.zip"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n"
        )
        tail = b"\r\n--boundary--\r\n"

        def blocks() -> Any:
            yield head
            with open(path, "rb", buffering=0) as file:
                while block := file.read(BLOCK):
                    yield block
            yield tail

        headers = {
            **self._headers,
            "Content-Type": "multipart/form-data; boundary=boundary",
            "Content-Length": str(len(head) + os.path.getsize(path) + len(tail)),
        }
        target = f"{self._base}/projects/{payloads.PROJECT}/deployments/image-classifier/versions/v1/revisions"
        return json.loads(self._pool.request("POST", target, body=blocks(), headers=headers).data)["success"]

    def download(self, size: int) -> str:
        """Saves a file in the working directory and returns its path."""
        response = self._pool.request(
            "GET",
            f"{self._base}/projects/{payloads.PROJECT}/deployments/image-classifier/versions/v1"
            f"/revisions/size-{size}/download",
            headers=self._headers,
            preload_content=False,
        )
        advise = getattr(os, "posix_fadvise", None)
        with open("package.zip", "wb", buffering=0) as file:
            started = written = 0
            for block in response.stream(BLOCK):
                written += file.write(block)
                # As this client does, so that both wait for the disk in the same way:
                # it writes while the next blocks arrive.
                if advise is not None and written - started >= FLUSH:
                    advise(file.fileno(), started, written - started, os.POSIX_FADV_DONTNEED)
                    started = written
            os.fsync(file.fileno())
        response.release_conn()
        return "package.zip"

    def builder(self, items: int) -> tuple[bytes, Any]:
        """Returns a JSON list of objects with 31 fields, and what reads it."""
        text = payloads.dump([payloads.version_detail(index) for index in range(items)])
        return text, lambda: json.loads(text)


CONTESTANTS = {"this": Client, "fast": Client, "official": Client, "floor": Floor}
