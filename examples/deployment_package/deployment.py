"""A deployment that counts the words of a text.

UbiOps creates one instance of the class Deployment and passes it each request.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any


class Deployment:
    """Counts words, most frequent first."""

    def __init__(self, base_directory: str, context: dict[str, Any]) -> None:
        """Runs once, when an instance starts. Load your model here.

        Args:
            base_directory: The folder that contains this file.
            context: Information about the deployment, such as its name and version.
        """
        # You can change an environment variable without uploading the code again.
        self.at_most = int(os.environ.get("MOST_FREQUENT", "3"))

    def request(self, data: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
        """Handles one request.

        Args:
            data: The input fields of the deployment: ``text``.
            context: Information about the request, such as its id, and the function
                ``streaming_update``, which sends partial results to a caller who
                streams.

        Returns:
            The output fields of the deployment: ``words`` and ``total``.
        """
        words = data["text"].lower().split()
        found = Counter(words).most_common(self.at_most)
        for word, count in found:
            context["streaming_update"](f"{word}={count}")
        return {"words": dict(found), "total": len(words)}
