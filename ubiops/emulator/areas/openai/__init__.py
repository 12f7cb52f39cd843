"""The routes below openai-compatible, which are not part of the API's description.

Clients for OpenAI's API reach deployments through them: chat completions, embeddings
and the list of models.
"""

from __future__ import annotations
