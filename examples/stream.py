"""Show the output of a deployment while it is produced.

A language model, for example, writes its text token by token. Here a deployment types a
text letter by letter. The script needs no account:

    python examples/stream.py

On the platform, create the client with ``ubiops.CoreApi()``.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import ubiops
import ubiops.emulator
from ubiops.utils import stream_deployment_request, wait_for_deployment_version

CODE = """
import time


class Deployment:
    def request(self, data, context):
        for letter in data:
            time.sleep(0.02)
            context["streaming_update"](letter)
        return data
"""


def main() -> None:
    """Deploys the code and streams a request."""
    with ubiops.emulator.start() as emulator, tempfile.TemporaryDirectory() as folder:
        api = emulator.api()
        Path(folder, "deployment.py").write_text(CODE, encoding="utf-8")
        api.deployments_create("examples", {"name": "typist", "input_type": "plain", "output_type": "plain"})
        api.deployment_versions_create("examples", "typist", {"version": "v1", "environment": "python3-11"})
        api.revisions_file_upload("examples", "typist", "v1", file=folder)
        wait_for_deployment_version(api, "examples", "typist", "v1", quiet=True)
        stream(api)


def stream(api: ubiops.CoreApi) -> None:
    """Prints each part as it arrives, and how long the first and the last one took."""
    started = time.monotonic()
    first = 0.0
    text = "Partial results arrive while the code still works."
    for part in stream_deployment_request(api, "examples", "typist", data=text):
        first = first or time.monotonic() - started
        print(part, end="", flush=True)
    print(f"\nThe first letter came after {first:.2f} s, the last one after {time.monotonic() - started:.2f} s.")


if __name__ == "__main__":
    main()
