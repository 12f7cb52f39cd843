"""Runs commands of ubiops-cli in one process, because its imports take half a second.

The interpreter of its environment runs this, so it imports nothing of this repository.
Each line of its input is a command as a JSON list; each line of its output says what
the command did. The first line of the output lists all commands that there are.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import click
from ubiops_cli import main as program


def names(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[int, str]]:
    """Yields the identity and the name of each command below this one."""
    if not isinstance(command, click.Group):
        yield id(command), " ".join(path)
        return
    for name, below in command.commands.items():
        yield from names(below, (*path, name))


def found(arguments: list[str]) -> Any:
    """Returns the command that arguments call, which may use other names for it."""
    command: Any = program.cli
    for argument in arguments:
        if not isinstance(command, click.Group):
            break
        command = command.get_command(click.Context(command), argument)
    return command


def run(arguments: list[str]) -> dict[str, Any]:
    """Runs a command as the program does, and returns its exit code and output."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    sys.argv = ["ubiops", *arguments]
    code: Any = 0
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        # Helpers of the clients log by a handler that keeps the stream that it found.
        for handler in (one for name in logging.root.manager.loggerDict for one in logging.getLogger(name).handlers):
            if isinstance(handler, logging.StreamHandler):
                handler.stream = streams[1]
        try:
            program.main()
        except SystemExit as stopped:
            code = stopped.code or 0
    printed = [stream.buffer.getvalue().decode() for stream in streams]
    return {"code": code, "output": printed[0], "errors": printed[1]}


def main() -> None:
    commands = dict(names(program.cli))
    answers = sys.stdout
    print(json.dumps(sorted(commands.values())), file=answers, flush=True)
    for line in sys.stdin:
        arguments = json.loads(line)
        done = {**run(arguments), "command": commands.get(id(found(arguments)))}
        print(json.dumps(done), file=answers, flush=True)


if __name__ == "__main__":
    main()
