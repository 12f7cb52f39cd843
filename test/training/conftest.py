"""An emulator with a project that is ready for training, and code to train with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import ubiops
import ubiops.emulator

if TYPE_CHECKING:
    from ubiops.emulator import Emulator

TRAIN = '''
"""Fits a line through points."""

import csv
import json


def train(training_data, parameters, context):
    with open(training_data, newline="") as file:
        points = [(float(x), float(y)) for x, y in csv.reader(file)]
    slope, rate = 0.0, parameters.get("learning_rate", 0.01)
    for step in range(parameters["steps"]):
        gradient = sum((slope * x - y) * x for x, y in points) / len(points)
        slope -= rate * gradient
        if step % 100 == 0:
            print(f"step {step}: slope {slope:.3f}")
    error = sum((slope * x - y) ** 2 for x, y in points)
    with open("model.json", "w") as file:
        json.dump({"slope": slope}, file)
    with open("points.txt", "w") as file:
        file.write(str(len(points)))
    return {
        "artifact": "model.json",
        "metadata": {"points": len(points), "project": context["project"]},
        "metrics": {"error": round(error, 6)},
        "additional_output_files": ["points.txt"],
    }
'''


@pytest.fixture(scope="session")
def training_emulator() -> Iterator[Emulator]:
    """An emulator that builds at once."""
    with ubiops.emulator.start(build_seconds=(0, 0, 0)) as running:
        yield running


@pytest.fixture
def training(training_emulator: Emulator, project_name: str) -> Iterator[ubiops.Training]:
    """Training in a project that is ready for it."""
    with ubiops.ApiClient(training_emulator.configuration()) as client:
        found = ubiops.Training(client)
        found.initialize(project_name)
        yield found


@pytest.fixture
def experiment(training: ubiops.Training, project_name: str) -> str:
    """The name of an experiment that is built."""
    training.experiments_create(project_name, {"name": "line", "environment": "python3-11"}, quiet=True)
    return "line"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A file with training code."""
    path = tmp_path / "train.py"
    path.write_text(TRAIN)
    return path


@pytest.fixture
def points(tmp_path: Path) -> Path:
    """A file with training data."""
    path = tmp_path / "points.csv"
    path.write_text("1,2\n2,4\n3,6\n")
    return path
