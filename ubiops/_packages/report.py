"""The result of validating a package."""

from __future__ import annotations

from dataclasses import dataclass

from ubiops._packages.errors import PackageError
from ubiops._packages.limits import readable


@dataclass(frozen=True)
class PackageProblem:
    """A problem of a package, or a possible one.

    Attributes:
        message: What is wrong.
        file: The file in the package; None if it concerns the package as a whole.
        line: The line in the file; None if it concerns the file as a whole.
        hint: What to do about it; None where that is obvious.
    """

    message: str
    file: str | None = None
    line: int | None = None
    hint: str | None = None

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line) if part)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} ({self.hint})" if self.hint else text


@dataclass(frozen=True)
class PackageReport:
    """The result of ``validate_package``. It is true if the package has no problems.

    Attributes:
        path: The folder or archive that was validated.
        problems: Problems that make the build or the deployment fail.
        warnings: Possible problems, and checks that could not be made.
        files: How many files the package has.
        size: How many bytes they take before they are compressed.
        code_file: The file with the code, such as ``deployment.py``; None if there is
            none.
        has_request: Whether the code has a method ``request``.
        has_requests: Whether the code has a method ``requests``.
    """

    path: str
    problems: tuple[PackageProblem, ...] = ()
    warnings: tuple[PackageProblem, ...] = ()
    files: int = 0
    size: int = 0
    code_file: str | None = None
    has_request: bool = False
    has_requests: bool = False

    @property
    def ok(self) -> bool:
        """Whether the package has no problems. It may have warnings."""
        return not self.problems

    def __bool__(self) -> bool:
        return self.ok

    def raise_for_problems(self) -> None:
        """Raises an error if the package has problems.

        Raises:
            PackageError: It has; the error's text is this report, and its attribute
                ``report`` too.
        """
        if self.problems:
            error = PackageError(str(self))
            error.report = self
            raise error

    def __str__(self) -> str:
        counted = ", ".join(
            f"{len(found)} {word}{'s' if len(found) > 1 else ''}"
            for found, word in ((self.problems, "problem"), (self.warnings, "warning"))
            if found
        )
        files = f"{self.files} file{'' if self.files == 1 else 's'}, {readable(self.size)}"
        lines = [f"{self.path}: {counted or 'no problems'} ({files})"]
        lines += [f"  problem: {problem}" for problem in self.problems]
        lines += [f"  warning: {warning}" for warning in self.warnings]
        return "\n".join(lines)
