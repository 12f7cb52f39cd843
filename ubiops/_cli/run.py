"""``python -m ubiops run``: one request to the code of a folder, in this process."""

from __future__ import annotations

import contextlib
import json
import sys
import traceback
from typing import TYPE_CHECKING, Any

from ubiops._local.run import run_local
from ubiops.exceptions import UbiOpsException

if TYPE_CHECKING:
    from collections.abc import Sequence


class UsageError(Exception):
    """The arguments are not valid."""


def run(folder: str, *, data: str | None, file: str | None, plain: bool, stream: bool, variables: Sequence[str]) -> int:
    """Runs the code and prints its result; returns the exit status.

    What the code prints goes to standard error, so that standard output holds only the
    partial results and the result.
    """
    try:
        value = _read(data, file, plain)
        environment = _variables(variables)
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    output = sys.stdout

    def show(update: Any) -> None:
        if stream:
            output.write(f"{update}\n")
            output.flush()

    try:
        with contextlib.redirect_stdout(sys.stderr):
            result = run_local(
                folder,
                value,
                {"environment_variables": environment} if environment else None,
                {"streaming_update": show},
            )
    except UbiOpsException as error:
        _explain(error)
        return 1
    output.write(f"{_shown(result, plain)}\n")
    return 0


def _read(data: str | None, file: str | None, plain: bool) -> Any:
    if file is not None:
        try:
            if file == "-":
                text = sys.stdin.read()
            else:
                with open(file, encoding="utf-8") as opened:
                    text = opened.read()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the file with the input can't be read: {error}") from error
    else:
        text = data or ""
    if plain:
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"the input is not JSON: {error}; for plain text add --plain") from error


def _variables(pairs: Sequence[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise UsageError(f"--env takes NAME=VALUE, got {pair!r}")
        found[name] = value
    return found


def _explain(error: UbiOpsException) -> None:
    """Writes the error, after the traceback of the exception that the code raised."""
    if error.__cause__ is not None:
        cause = error.__cause__
        sys.stderr.write("".join(traceback.format_exception(type(cause), cause, cause.__traceback__)))
    sys.stderr.write(f"The run failed: {error}\n")


def _shown(result: Any, plain: bool) -> str:
    if plain and isinstance(result, str):
        return result
    return json.dumps(result, indent=2, default=str)
