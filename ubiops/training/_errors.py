"""Errors in the words of training: experiments and runs."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any

from ubiops.exceptions import ApiException

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS = {"version": "experiment", "request": "run", "deployment": "training deployment"}
# Not within or beside names, such as training-base-deployment or 'version'.
_WORD = re.compile(rf"(?<![\w'`/.-])({'|'.join(_WORDS)})(s?)(?![\w'`/-])", re.IGNORECASE)


def in_words_of_training(text: str) -> str:
    """Returns a message about versions and requests as one about experiments and
    runs.
    """

    def replace(match: re.Match[str]) -> str:
        word = match[1]
        new = _WORDS[word.lower()]
        return (new.capitalize() if word[0].isupper() else new) + match[2]

    return _WORD.sub(replace, text)


def reword(error: ApiException) -> None:
    """Rewrites the message and the body of an error."""
    if error.message:
        error.message = in_words_of_training(error.message)
    if isinstance(error.body, str):
        try:
            body = json.loads(error.body)
        except ValueError:
            error.body = in_words_of_training(error.body)
        else:
            error.body = json.dumps(_reworded(body))


def _reworded(value: Any) -> Any:
    if isinstance(value, str):
        return in_words_of_training(value)
    if isinstance(value, list):
        return [_reworded(item) for item in value]
    if isinstance(value, dict):
        return {key: _reworded(item) for key, item in value.items()}
    return value


@contextlib.contextmanager
def training_errors() -> Iterator[None]:
    """Rewrites the errors of the calls within."""
    __tracebackhide__ = True
    try:
        yield
    except ApiException as error:
        reword(error)
        raise
