"""The error for an invalid description."""

from __future__ import annotations


class DescriptionError(Exception):
    """A mistake in the description: its location, the problem, and what to do.

    Args:
        place: The file and a JSON pointer in it, such as
            ``openapi/parameters.yaml#/Version/schema``.
        problem: What is wrong there.
        advice: What to do about it.
    """

    def __init__(self, place: str, problem: str, advice: str) -> None:
        super().__init__(place, problem, advice)
        self.place = place
        self.problem = problem
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}\n  what to do: {self.advice}"
