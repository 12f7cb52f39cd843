"""Packing folders into deployment packages, and validating packages."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ubiops._packages.errors import PackageFileExistsError, PackageFileNotFoundError, as_text, warn
from ubiops._packages.folder import FolderSettings, PackageFolder, check_directory
from ubiops._packages.listing import check_folder, list_folder
from ubiops._packages.zip_stream import zip_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ubiops._packages.listing import Listing
    from ubiops._packages.report import PackageReport

__all__ = ["abs_path", "default_zip_name", "files_present_in_dir", "list_files", "validate_package", "zip_dir"]

_IGNORE = ".ubiops-ignore"


def zip_dir(
    directory: str | os.PathLike[str],
    output_path: str | os.PathLike[str],
    ignore_filename: str | os.PathLike[str] | None = _IGNORE,
    prefix: str | None = None,
    force: bool = False,
    package_directory: str = "deployment_package",
    *,
    everything: bool = True,
) -> str:
    """Writes a folder into a zip archive.

    The archive is compressed and reproducible: the same files give the same bytes. It
    appears under its name only when it is complete. Empty folders and links to folders
    are not packed; links to files are followed.

    To upload a folder you don't need an archive: ``revisions_file_upload`` accepts the
    folder itself.

    Args:
        directory: The folder.
        output_path: The path of the archive, or an existing folder for it; the archive
            then gets a name from ``default_zip_name``.
        ignore_filename: The file in the folder with patterns in gitignore syntax that
            says what to leave out. It need not exist. It needs pathspec: ``pip install
            'ubiops[packages]'``.
        prefix: What the name of the archive begins with, if ``output_path`` is a
            folder.
        force: Whether to replace a file that exists.
        package_directory: The folder in the archive that holds the files.
        everything: Whether to pack everything that the ignore file doesn't leave out,
            as the official client does. With False, ``.git``, ``__pycache__``,
            ``.venv``, ``node_modules`` and the like stay out too, and links to folders
            are followed.

    Returns:
        The absolute path of the archive.

    Raises:
        NotADirectoryError: ``directory`` is not a folder.
        FileExistsError: The archive exists, and ``force`` is not set.
        FileNotFoundError: The folder for the archive does not exist.
        PackageError: A file can't be packed. It is a ``ValueError``; the others above
            are errors of this class too.
    """
    settings = _settings(directory, ignore_filename, everything)
    target = os.path.abspath(as_text(output_path, "output_path"))
    if os.path.isdir(target):
        target = os.path.join(target, default_zip_name(prefix))
    if os.path.exists(target) and not force:
        raise PackageFileExistsError(f"there is a file {target} already; force=True replaces it")
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise PackageFileNotFoundError(f"the folder for the archive does not exist: {folder}")
    inside = check_directory(package_directory)
    listing = _list(settings, leave_out=target)
    for note in listing.notes:
        if note.is_left_out:
            warn(f"{settings.path}: {note.name}: {note.message}")
    part = os.path.join(folder, f".{os.urandom(8).hex()}.part")
    try:
        with open(part, "xb") as file:
            file.writelines(zip_blocks(listing.items, inside))
        os.replace(part, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(part)
        raise
    return target


def list_files(
    directory: str | os.PathLike[str], ignore_filename: str | os.PathLike[str] | None = _IGNORE
) -> list[str]:
    """Returns the paths of the files in a folder that ``zip_dir`` packs.

    Args:
        directory: The folder; each path begins with it.
        ignore_filename: The file in the folder with patterns in gitignore syntax; it
            need not exist.

    Raises:
        NotADirectoryError: ``directory`` is not a folder.
        PackageError: A file or folder can't be read.
    """
    settings = _settings(directory, ignore_filename, everything=True)
    return [item.path for item in _list(settings).items]


def files_present_in_dir(
    files: Iterable[str] | str,
    directory: str | os.PathLike[str],
    ignore_filename: str | os.PathLike[str] | None = _IGNORE,
) -> bool:
    """Returns whether a folder holds at least one of these files, and would pack it.

    Args:
        files: The names of the files.
        directory: The folder.
        ignore_filename: The file in the folder with patterns in gitignore syntax; it
            need not exist.

    Raises:
        NotADirectoryError: ``directory`` is not a folder.
        PackageError: The ignore file can't be read or applied.
    """
    settings = _settings(directory, ignore_filename, everything=True)
    check_folder(settings.path)
    rules = settings.rules()
    wanted = [files] if isinstance(files, str) else files
    return any(
        name == os.path.basename(name)
        and os.path.isfile(os.path.join(settings.path, name))
        and rules.reason(name) is None
        for name in wanted
    )


def default_zip_name(prefix: str | None) -> str:
    """Returns a name with the time, as ``prefix_2026-11-24_13-20-20_785549.zip``."""
    now = datetime.now().strftime("%Y-%m-%d_%H-%M-%S_%f")
    return f"{prefix}_{now}.zip" if prefix else f"{now}.zip"


def abs_path(path_param: str | os.PathLike[str]) -> str:
    """Returns a path as an absolute one; ``..`` and ``~`` stay as they are."""
    return os.path.join(os.getcwd(), as_text(path_param, "path_param"))


def validate_package(
    path: str | os.PathLike[str] | PackageFolder, environment: str | None = None, *, code_file: str | None = None
) -> PackageReport:
    """Checks a deployment package before it is uploaded.

    The code is read, never run. Checked are:

    - the place of ``deployment.py`` or ``deployment.R``, its syntax, the class
      ``Deployment``, and the parameters of its methods,
    - modules of the package that the code imports and that are missing,
    - ``requirements.txt`` and ``ubiops.yaml``; not whether the required packages exist,
    - for a folder, whether it can be packed, links out of it, very large files, and
      files that usually hold secrets.

    ``requirements.txt`` and ``ubiops.yaml`` are checked in full with ``pip install
    'ubiops[packages]'``, else roughly, which the report says.

    Args:
        path: A folder, or a zip archive. A ``PackageFolder`` is checked with its
            settings.
        environment: The name of the environment that the version uses, such as
            ``python3-11``; it decides on the language and on the version of Python that
            the syntax is checked for. By default, this is the language of the code and
            the Python that runs the check.
        code_file: The name of the file with the code, if the variable
            ``SYS_DEPLOYMENT_FILE_NAME`` sets another than ``deployment.py``.

    Returns:
        The report. It is true if there are no problems, and prints as a text.

    Raises:
        FileNotFoundError: ``path`` does not exist.
        PackageError: ``path`` is neither a folder nor a file that can be read; also the
            error above.
        ubiops.ApiTypeError: ``path`` is not a path.
    """
    __tracebackhide__ = True
    from ubiops._packages.check import validate

    if code_file is not None and not code_file.endswith((".py", ".R")):
        code_file = f"{code_file}.py"
    return validate(path, environment, code_file)


def _settings(directory: Any, ignore_filename: Any, everything: bool) -> FolderSettings:
    name = as_text(ignore_filename, "ignore_filename") if ignore_filename is not None else None
    settings = FolderSettings(as_text(directory, "directory"), name, everything)
    check_folder(settings.path)
    return settings


def _list(settings: FolderSettings, leave_out: str | None = None) -> Listing:
    return list_folder(settings.path, settings.rules(), everything=settings.everything, leave_out=leave_out)
