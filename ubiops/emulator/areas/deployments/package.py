"""Inspects a deployment package as a build does, without running it."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, NamedTuple

from ubiops.emulator.areas.deployments.source import CodeError, Methods, read_python, read_r

if TYPE_CHECKING:
    from pathlib import Path

    from ubiops.emulator.areas.deployments.environments import Environment

PREFERRED_FOLDER = "deployment_package"
MAXIMUM_ENTRIES = 200_000
MAXIMUM_DIRECTORY_SIZE = 64 * 1024**2
MAXIMUM_UNPACKED_SIZE = 64 * 1024**3
MAXIMUM_CODE_SIZE = 4 * 1024**2
# Added by archivers of macOS and Windows, not by the author of the package.
_LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db")

# A path to the root or to a parent folder, with the separators and drives of any
# system.
_LEADS_OUT = re.compile(r"^[/\\]|^[A-Za-z]:[/\\]|(^|[/\\])\.\.($|[/\\])")

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")


class Inspection(NamedTuple):
    """The methods of a package, or why its build fails and when."""

    has_request: bool = False
    has_requests: bool = False
    error: str = ""
    # Whether it fails before the code is inspected.
    fails_in_building: bool = False


class _Unusable(Exception):
    """The archive holds no code that could be inspected."""


def inspect(path: Path, environment: Environment) -> Inspection:
    """Inspects the package in a file, for a version with this environment."""
    try:
        name, source = _read_code(path, environment)
    except _Unusable as error:
        return Inspection(error=_shortened(str(error)), fails_in_building=True)
    try:
        methods = read_python(source, name, environment.version) if environment.language == "python" else read_r(source)
    except CodeError as error:
        return Inspection(error=_shortened(f"{name}: {error}"))
    return _checked(name, methods)


def _checked(name: str, methods: Methods) -> Inspection:
    if methods.request or methods.requests:
        return Inspection(methods.request, methods.requests)
    return Inspection(error=f"{name}: there is neither a function 'request' nor a function 'requests'")


def _shortened(message: str) -> str:
    """Returns a message of at most 1024 characters, as the API allows."""
    return message if len(message) <= 1024 else message[:1020] + " ..."


def _read_code(path: Path, environment: Environment) -> tuple[str, bytes]:
    """Returns the name and the content of the file that the platform would run."""
    with path.open("rb") as file:
        _check_directory_size(file)
        try:
            with zipfile.ZipFile(file) as archive:
                entries = {entry.filename: entry for entry in archive.infolist() if not entry.is_dir()}
                _check_entries(archive.infolist())
                name = _find_code(entries, environment)
                return name, _read_entry(archive, entries[name])
        except zipfile.BadZipFile as error:
            raise _Unusable(f"the file is not a zip archive, or is damaged: {error}") from error
        except (NotImplementedError, RuntimeError, UnicodeError, ValueError, EOFError, OSError, zlib.error) as error:
            # What zipfile raises for archives that use features it lacks, or whose
            # headers are wrong.
            raise _Unusable(f"the zip archive can't be read: {error}") from error


def _check_directory_size(file: IO[bytes]) -> None:
    """Rejects an archive whose directory would fill the memory.

    zipfile reads all of it.
    """
    size = file.seek(0, 2)
    if size == 0:
        raise _Unusable("the file is not a zip archive: it is empty")
    start = max(0, size - 65535 - _END.size - 20 - _END_64.size)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise _Unusable("the file is not a zip archive, or its end is missing")
    entries, directory = _END.unpack_from(tail, at)[4:6]
    at_64 = tail.rfind(b"PK\6\6", 0, at)
    if directory == 0xFFFFFFFF and at_64 >= 0 and at - at_64 >= _END_64.size:
        entries, directory = _END_64.unpack_from(tail, at_64)[7:9]
    if directory > MAXIMUM_DIRECTORY_SIZE or entries > MAXIMUM_ENTRIES:
        raise _Unusable(f"the zip archive has too many entries; at most {MAXIMUM_ENTRIES} are allowed")


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    """Rejects an archive that would fill the disk or leave its folder."""
    if len(entries) > MAXIMUM_ENTRIES:
        raise _Unusable(f"the zip archive has too many entries; at most {MAXIMUM_ENTRIES} are allowed")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAXIMUM_UNPACKED_SIZE:
        raise _Unusable(f"unpacked, the zip archive would take {unpacked / 1024**3:,.0f} GB; at most 64 GB are allowed")
    for entry in entries:
        if _LEADS_OUT.search(entry.filename):
            raise _Unusable(f"the zip archive has an entry that leads out of its folder: {entry.filename!r}")


def _find_code(entries: dict[str, zipfile.ZipInfo], environment: Environment) -> str:
    """Returns the name of the entry with the code."""
    wanted, other = (
        ("deployment.py", "deployment.R") if environment.language == "python" else ("deployment.R", "deployment.py")
    )
    names = [name for name in entries if name.partition("/")[0] not in _LITTER]
    if not names:
        raise _Unusable("the zip archive is empty")
    if wanted in entries:
        return wanted
    folders = sorted({name.partition("/")[0] for name in names if "/" in name})
    if len(folders) > 1 and PREFERRED_FOLDER not in folders:
        shown = ", ".join(folders[:10])
        raise _Unusable(
            f"there is no {wanted} at the root of the zip archive, and several folders ({shown}): put the code in one "
            f"folder, or in one named {PREFERRED_FOLDER}"
        )
    folder = PREFERRED_FOLDER if len(folders) > 1 else folders[0] if folders else ""
    found = f"{folder}/{wanted}" if folder else wanted
    if found in entries:
        return found
    raise _Unusable(_why_not_found(names, folder, wanted, other, environment))


def _why_not_found(names: list[str], folder: str, wanted: str, other: str, environment: Environment) -> str:
    place = f"in the folder {folder} of the zip archive" if folder else "in the zip archive"
    message = f"there is no {wanted} {place}"
    prefix = f"{folder}/" if folder else ""
    if prefix + other in names or other in names:
        return f"{message}: {other} does not run in the environment {environment.name}"
    if any("\\" in name for name in names):
        return f"{message}: its entries are named with backslashes; separate folders by '/'"
    deeper = [name for name in names if name.rpartition("/")[2] == wanted]
    if deeper:
        return (
            f"{message}, but it is in {deeper[0]}: move it up; the code must be at the root or in the one folder there"
        )
    alike = [name for name in names if name.rpartition("/")[2].lower() == wanted.lower()]
    return f"{message}, but there is {alike[0]}: the name must be spelled {wanted}" if alike else message


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.flag_bits & 0x1:
        raise _Unusable(f"{entry.filename} is encrypted")
    with archive.open(entry) as file:
        # The size in the archive's directory may be wrong, so no more is read than is
        # allowed.
        source = file.read(MAXIMUM_CODE_SIZE + 1)
    if len(source) > MAXIMUM_CODE_SIZE:
        raise _Unusable(f"{entry.filename} is larger than {MAXIMUM_CODE_SIZE // 1024**2} MB")
    return source
