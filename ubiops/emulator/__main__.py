"""The command ``python -m ubiops.emulator``."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, NamedTuple

from ubiops._version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ubiops.emulator.server import Emulator

DEFAULT_PORT = 8421
"""The port of the command. It is always the same, so that the printed variables stay
valid when the emulator is started again."""

TOKEN_VARIABLE = "UBIOPS_EMULATOR_TOKEN"  # noqa: S105 - its name, not its value
"""The variable with the accepted token. Arguments can be seen by other users."""


class ProjectVariable(NamedTuple):
    """An environment variable of a project, as given on the command line."""

    project: str
    name: str
    value: str


def main(arguments: Sequence[str] | None = None, prog: str = "python -m ubiops.emulator") -> int:
    """Runs an emulator until Ctrl-C or SIGTERM and returns the exit code.

    Args:
        arguments: The arguments. Default: those of the process.
        prog: The command that the help shows.
    """
    options = _parser(prog).parse_args(arguments)
    if options.token is None and TOKEN_VARIABLE in os.environ:
        options.token = [os.environ[TOKEN_VARIABLE]]
    try:
        from ubiops.emulator import start
        from ubiops.emulator.core.errors import AddressError, EmulatorError
    except ModuleNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="%(asctime)s %(message)s")
    if options.verbose:
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    stop = threading.Event()
    for number in _stopping_signals():
        signal.signal(number, lambda *_: stop.set())
    try:
        emulator = _start(options, start)
    except AddressError as error:
        advice = "; choose another --port, or leave it out" if error.in_use else ""
        print(f"The emulator could not be started: {error.strerror}{advice}", file=sys.stderr)
        return 1
    except (EmulatorError, OSError, ValueError) as error:
        print(f"The emulator could not be started: {error}", file=sys.stderr)
        return 1
    with emulator:
        print(_greeting(emulator, options), flush=True)
        # A wait with a timeout can be interrupted by Ctrl-C on Windows too.
        while not stop.wait(0.5):
            pass
    try:
        print("Stopped.", flush=True)
    except BrokenPipeError:
        # Ctrl-C also ended the program that reads this. Python must not try to flush
        # the rest at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _start(options: argparse.Namespace, start: Callable[..., Emulator]) -> Emulator:
    """Starts the emulator, on a free port if the default one is in use."""
    from ubiops.emulator.core.errors import AddressError

    variables: dict[str, dict[str, str]] = {}
    for variable in options.project_variable or ():
        variables.setdefault(variable.project, {})[variable.name] = variable.value

    def start_on(port: int) -> Emulator:
        return start(
            host=options.host,
            port=port,
            data_dir=options.data_dir,
            tokens=options.token,
            project_variables=variables,
            rate_limit=options.rate_limit,
            build_seconds=tuple(options.build_seconds),
            maximum_file_size=options.maximum_file_size,
            access_log=options.verbose,
            allowed_hosts=options.allowed_host,
            run_code=not options.no_run,
            install=not options.no_install,
        )

    if options.port is not None:
        return start_on(options.port)
    try:
        return start_on(DEFAULT_PORT)
    except AddressError as error:
        if not error.in_use:
            raise
    emulator = start_on(0)
    print(f"Port {DEFAULT_PORT} is in use, so this emulator uses a free one.", flush=True)
    return emulator


def _stopping_signals() -> list[int]:
    """Returns the signals that stop the program.

    Those that are ignored, as under nohup, stay ignored.
    """
    known = (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"))
    return [number for number in known if number is not None and signal.getsignal(number) is not signal.SIG_IGN]


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Runs the UbiOps API on your own machine, with real state, until you press Ctrl-C.",
        epilog="Exit status: 0 when it was stopped, 1 if it could not be started, 2 for invalid arguments.",
    )
    parser.add_argument("-V", "--version", action="version", version=f"ubiops {__version__}")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port",
        type=int,
        help=f"port to listen on; 0 chooses a free one (default: {DEFAULT_PORT}, or a free one if that is in use)",
    )
    parser.add_argument(
        "--data-dir",
        metavar="FOLDER",
        help="folder to keep the state in: empty, new or of an emulator (default: a temporary one, removed at the end)",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        metavar="NAME",
        help="name of a host under which clients reach it; may be given several times (default: only this machine)",
    )
    parser.add_argument(
        "--token",
        action="append",
        help=f"accepted token; may be given several times (default: the variable {TOKEN_VARIABLE}, or any token)",
    )
    parser.add_argument(
        "--project-variable",
        action="append",
        type=_project_variable,
        metavar="PROJECT:NAME=VALUE",
        help="environment variable of a project; may be given several times",
    )
    parser.add_argument("--rate-limit", type=int, metavar="CALLS", help="calls per minute (default: never reached)")
    parser.add_argument(
        "--build-seconds",
        type=float,
        nargs=3,
        default=(0.2, 0.2, 0.2),
        metavar=("QUEUED", "BUILDING", "VALIDATING"),
        help="how long a build stays in each state (default: 0.2 seconds each)",
    )
    parser.add_argument("--maximum-file-size", type=int, metavar="BYTES", help="largest accepted file (default: 2 GB)")
    parser.add_argument(
        "--no-run",
        action="store_true",
        help="don't run uploaded code; needed for a --host that other machines can reach",
    )
    parser.add_argument(
        "--no-install",
        action="store_true",
        help="don't install the requirements of packages; code has those of the emulator's own environment",
    )
    parser.add_argument("--verbose", action="store_true", help="log each call")
    return parser


def _project_variable(text: str) -> ProjectVariable:
    project, colon, rest = text.partition(":")
    name, equals, value = rest.partition("=")
    if not (project and colon and name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} does not have the form PROJECT:NAME=VALUE")
    return ProjectVariable(project, name, value)


def _greeting(emulator: Emulator, options: argparse.Namespace) -> str:
    from ubiops.emulator.guard import is_loopback

    if options.data_dir:
        kept = f"The state is kept in {options.data_dir}."
    else:
        kept = "The state is discarded when it stops; use --data-dir to keep it."
    accepted = "It accepts only the given tokens." if options.token else "It accepts any token."
    warning = "" if is_loopback(options.host) else f"Everyone who can reach {options.host} can use it.\n"
    return f"""\
The UbiOps emulator is listening on {emulator.host}
{accepted} A project exists as soon as it is used.
{warning}
To use it from another terminal:

    export UBIOPS_API_HOST="{emulator.host}"
    export UBIOPS_API_TOKEN="{emulator.token}"

or from Python:

    import ubiops

    with ubiops.CoreApi(token="{emulator.token}", host="{emulator.host}") as api:
        print(api.deployments_list("my-project"))

{kept} Press Ctrl-C to stop it."""


if __name__ == "__main__":
    sys.exit(main())
