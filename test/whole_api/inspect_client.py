"""Run as a script: calls every method of a client, and prints what it finds as JSON."""

from __future__ import annotations

import inspect
import json
from typing import Any

import ubiops

OPTIONS = {"_preload_content", "_return_http_data_only", "_request_timeout", "_progress_bar", "async_req"}


class Recorder(ubiops.ApiClient):
    """A client that records the calls that methods make, and makes none."""

    def execute(self, operation: Any, arguments: Any = (), options: Any = None, **given: Any) -> Any:
        self.recorded = (operation, arguments, given)
        return None


def methods() -> dict[str, Any]:
    """Calls each method with its arguments' names, and records what it passes on."""
    client = Recorder(ubiops.Configuration(host="http://127.0.0.1:1", api_key={"Authorization": "Token abc"}))
    api = ubiops.CoreApi(client)
    seen = {}
    for name in dir(api):
        method = getattr(api, name)
        if name.startswith("_") or not inspect.ismethod(method) or name == "close" or name.endswith("_with_http_info"):
            continue
        parameters = inspect.signature(method).parameters.values()
        positional = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
        keywords = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY and one.name not in OPTIONS]
        method(*positional, **{keyword: keyword for keyword in keywords})
        operation, arguments, given = client.recorded
        seen[name] = {
            "positional": positional,
            "keywords": keywords,
            "http": operation.method,
            "path": operation.path,
            "arguments": list(arguments),
            "parameters": list(operation.parameters),
            "query": [one.name for one in operation.query],
            "types": {one.name: one.type for one in (*operation.query, *operation.headers, *operation.form)},
            "headers": [one.name for one in operation.headers],
            "form": [one.name for one in operation.form],
            "files": list(operation.files),
            "body": operation.body,
            "text_body": operation.text_body,
            "returns": operation.returns,
            "authorized": operation.authorized,
            "given": {key: value if isinstance(value, str) else list(value) for key, value in given.items()},
            "twin": str(inspect.signature(getattr(api, name + "_with_http_info")).replace(return_annotation=None))
            == str(inspect.signature(method).replace(return_annotation=None)),
        }
    return seen


if __name__ == "__main__":
    print(json.dumps({"methods": methods()}))
