"""Calls the OpenAI-compatible routes with OpenAI's client, and prints the results."""

from __future__ import annotations

import json
import sys
from typing import Any

import openai


def main(base_url: str) -> dict[str, Any]:
    """Returns what each call gives."""
    client = openai.OpenAI(base_url=base_url, api_key="example")
    messages: Any = [{"role": "user", "content": "It will rain"}]
    failing: Any = [{"role": "user", "content": "fail"}]
    model = "ubiops-deployment/chat//parrot"

    def error(**options: Any) -> list[Any]:
        """Returns the class, status and text of the error that a completion raises."""
        try:
            list(client.chat.completions.create(**options))
        except openai.APIError as raised:
            return [type(raised).__name__, getattr(raised, "status_code", None), raised.message]
        return []

    stream = client.chat.completions.create(model=model, messages=messages, stream=True)
    return {
        "completion": client.chat.completions.create(model=model, messages=messages).choices[0].message.content,
        "stream": [chunk.choices[0].delta.content for chunk in stream],
        "embeddings": [one.embedding for one in client.embeddings.create(model=model, input=["a", "bcd"]).data],
        "models": [one.id for one in client.models.list()],
        "failed": error(model=model, messages=failing),
        "failed stream": error(model=model, messages=failing, stream=True),
        "not found": error(model="ubiops-deployment/missing//parrot", messages=messages)[:2],
        "bad model": error(model="gpt-4", messages=messages)[:2],
    }


print(json.dumps(main(sys.argv[1])))
