"""Parses the arguments of ``python -m ubiops`` and runs its subcommands."""

from __future__ import annotations

import argparse
import os
import sys

from ubiops._cli.output import Output
from ubiops._version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PROG = "python -m ubiops"
INTERRUPTED = 130
"""The exit status after Ctrl-C, as a shell reports it."""

_DEPENDENCIES = {"certifi": "certifi", "dateutil": "python-dateutil", "six": "six", "urllib3": "urllib3"}
"""Modules that every client needs, and the packages that they are in."""
_EXIT_STATUS = "Exit status: 0 if all is well, 1 if there is a problem, 2 for invalid arguments."


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a subcommand and returns the exit status.

    Args:
        arguments: The arguments. Default: those of the process.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments[:1] == ["emulator"]:
        # It has a parser of its own, and its own way to stop.
        from ubiops.emulator.__main__ import main as run_emulator

        return run_emulator(arguments[1:], f"{PROG} emulator")
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.run is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        run: Callable[[argparse.Namespace, Output], int] = options.run
        status = run(options, Output(sys.stdout))
        sys.stdout.flush()
    except ModuleNotFoundError as error:
        package = _DEPENDENCIES.get((error.name or "").partition(".")[0])
        if package is None:
            raise
        sys.stderr.write(f"{package} is not installed: python -m pip install {package}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough. Python must not try to flush the
        # rest at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROG,
        description="Tools for the Python client library of the UbiOps API.",
        epilog=f'"{PROG} COMMAND --help" describes the options of a command.\n{_EXIT_STATUS}',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-V", "--version", action="version", version=f"ubiops {__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_version(commands)
    _add_config(commands)
    _add_check(commands)
    _add_run(commands)
    commands.add_parser("emulator", help="run the API on this machine", add_help=False)
    return parser


def _add_version(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _add(
        commands,
        "version",
        "show the versions of this library, Python and the dependencies",
        "Shows the versions of this library, Python, the system and the dependencies, and which extras are installed. "
        "Include the output in bug reports; it contains no secrets.",
    )
    _add_json(command)
    command.set_defaults(run=_run_version)


def _add_config(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _add(
        commands,
        "config",
        "show the settings that a client uses, and where they come from",
        "Shows the settings that a client uses in this environment, where each comes from, and values that look wrong. "
        "The token is never shown. Nothing is sent.",
    )
    _add_host(command)
    _add_json(command)
    command.set_defaults(run=_run_config)


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _add(
        commands,
        "check",
        "check the connection to the API, and the token",
        "Checks step by step whether calls to the API can succeed: settings, host name, connection, API, token and "
        "project. If a step fails, it says why and what to do. Only read requests are sent, without retries.",
    )
    command.add_argument(
        "--project", metavar="NAME", help="project that must be accessible (default: no project is checked)"
    )
    _add_host(command)
    command.add_argument(
        "--timeout",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="time limit of each request (default: 10)",
    )
    _add_json(command)
    command.set_defaults(run=_run_check)


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _add(
        commands,
        "run",
        "run the code of a folder once, on this machine",
        "Runs one request to the deployment package in a folder, in this process, and prints the result as JSON. "
        "What the code prints goes to standard error. If the code fails, its traceback is shown.",
    )
    command.add_argument("folder", metavar="FOLDER", help="folder with deployment.py")
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", metavar="JSON", help="input of the request; a list for several inputs")
    source.add_argument("-f", "--file", metavar="FILE", help="file with the input; - for standard input")
    command.add_argument("--plain", action="store_true", help="the input is plain text; a text is printed as it is")
    command.add_argument("--stream", action="store_true", help="print partial results as they come")
    command.add_argument(
        "--env", metavar="NAME=VALUE", action="append", default=[], help="environment variable for the code; repeatable"
    )
    command.set_defaults(run=_run_local)


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, description: str
) -> argparse.ArgumentParser:
    return commands.add_parser(name, help=summary, description=description, epilog=_EXIT_STATUS)


def _add_host(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--host",
        metavar="URL",
        help="address of the API (default: the environment variable UBIOPS_API_HOST, or https://api.ubiops.com/v2.1)",
    )


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON instead of text")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds between 0 and 3600")
    return seconds


# Each command imports what it needs, so that "version" starts fast.


def _run_version(options: argparse.Namespace, output: Output) -> int:
    from ubiops._cli.version import run

    return run(output, as_json=options.json)


def _run_config(options: argparse.Namespace, output: Output) -> int:
    from ubiops._cli.config import run

    return run(output, host=options.host, as_json=options.json)


def _run_check(options: argparse.Namespace, output: Output) -> int:
    from ubiops._cli.check import run

    return run(output, host=options.host, project=options.project, timeout=options.timeout, as_json=options.json)


def _run_local(options: argparse.Namespace, output: Output) -> int:
    from ubiops._cli.run import run

    return run(
        options.folder,
        data=options.data,
        file=options.file,
        plain=options.plain,
        stream=options.stream,
        variables=options.env,
    )
