"""Finds the file with the code of a deployment among the names of a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ubiops._packages.errors import UnusableError

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFERRED_FOLDER = "deployment_package"
CODE_FILES = {"python": "deployment.py", "r": "deployment.R"}
# Made by the archivers of macOS and Windows, not by the author of the package.
_LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db")


def find_code(
    names: Sequence[str], language: str, place: str, environment: str | None = None, code_file: str | None = None
) -> str:
    """Returns the name of the file with the code, at the root or in the one folder.

    Args:
        names: The names of all files.
        language: ``python`` or ``r``.
        place: What holds the files, for error messages.
        environment: The name of the environment, for error messages.
        code_file: The name of the file, if it has another name than usual.

    Raises:
        UnusableError: There is no such file in a place where the platform finds it.
    """
    wanted = code_file or CODE_FILES[language]
    names = [name for name in names if name.partition("/")[0] not in _LITTER]
    if not names:
        raise UnusableError(f"{place} is empty")
    if wanted in names:
        return wanted
    folders = sorted({name.partition("/")[0] for name in names if "/" in name})
    if len(folders) > 1 and PREFERRED_FOLDER not in folders:
        shown = ", ".join(folders[:10]) + (", ..." if len(folders) > 10 else "")
        raise UnusableError(
            f"there is no {wanted} at the root of {place}, and there are several folders ({shown})",
            f"put the code in one folder, or in one named {PREFERRED_FOLDER}",
        )
    folder = PREFERRED_FOLDER if len(folders) > 1 else folders[0] if folders else ""
    found = f"{folder}/{wanted}" if folder else wanted
    if found in names:
        return found
    others = [] if code_file else [name for name in CODE_FILES.values() if name != wanted]
    raise _not_found(names, folder, wanted, others, place, environment)


def _not_found(
    names: Sequence[str], folder: str, wanted: str, others: Sequence[str], place: str, environment: str | None
) -> UnusableError:
    where = f"in the folder {folder} of {place}" if folder else f"in {place}"
    message = f"there is no {wanted} {where}"
    prefix = f"{folder}/" if folder else ""
    for other in others:
        if prefix + other in names or other in names:
            runtime = f"the environment {environment}" if environment else "an environment of another language"
            return UnusableError(f"{message}: {other} does not run in {runtime}")
    if any("\\" in name for name in names):
        return UnusableError(f"{message}: its entries are named with backslashes", "separate folders by '/'")
    deeper = [name for name in names if name.rpartition("/")[2] == wanted]
    if deeper:
        return UnusableError(
            f"{message}, but it is in {deeper[0]}",
            "move it up; the code must be at the root or in the one folder there",
        )
    alike = [name for name in names if name.rpartition("/")[2].lower() == wanted.lower()]
    if alike:
        return UnusableError(f"{message}, but there is {alike[0]}", f"the name must be spelled {wanted}")
    archives = [name for name in names if name.lower().endswith((".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".rar"))]
    if archives:
        return UnusableError(f"{message}, but there is an archive, {archives[0]}", "archives in it are not unpacked")
    return UnusableError(message)
