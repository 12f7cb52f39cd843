"""Runs training code: unpacks it, calls its function ``train``, returns the results."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import shutil
import sys
import tempfile
import zipfile
from typing import Any

OUTPUTS = ("artifact", "metadata", "metrics", "additional_output_files")


class TrainingError(Exception):
    """A run that can't be executed. Whoever created it gets to see the message."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.public_error_message = message


class Deployment:
    """The deployment. The platform creates one object per process."""

    def __init__(self, base_directory: str, context: dict[str, Any]) -> None:
        self.context = context

    def request(self, data: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
        """Executes a run.

        The function ``train`` is called with the path of the training data, the
        parameters, and a context: that of this object and that of the request.
        """
        if not data["training_code"]:
            raise TrainingError("The run has no training code")
        # Each run has its own copy: the code of one run must not find that of another.
        with tempfile.TemporaryDirectory() as place:
            folder = unpack(data["training_code"], place)
            sys.path.insert(0, folder)
            try:
                result = call(data["training_data"], data["parameters"] or {}, {**self.context, **context})
            finally:
                sys.path.remove(folder)
                forget(place)
            return outputs_of(result, folder)


def unpack(code: str, place: str) -> str:
    """Copies the code into a folder and returns the folder that ``train.py`` is in."""
    if not zipfile.is_zipfile(code):
        shutil.copyfile(code, os.path.join(place, "train.py"))
        return place
    with zipfile.ZipFile(code) as packed:
        packed.extractall(place)
    # An archive of a folder may have the folder's name in front of all its files.
    inner = [entry.path for entry in os.scandir(place) if entry.is_dir()]
    for folder in [place, *inner]:
        if os.path.isfile(os.path.join(folder, "train.py")):
            return folder
    raise TrainingError("The training code has no file train.py")


def call(training_data: str | None, parameters: dict[str, Any], context: dict[str, Any]) -> Any:
    """Calls ``train`` with as many arguments as it has."""
    importlib.invalidate_caches()
    train = getattr(importlib.import_module("train"), "train", None)
    if train is None:
        raise TrainingError("The file train.py of the training code has no function train")
    arguments = [training_data, parameters, context]
    try:
        inspect.signature(train).bind(*arguments)
    except TypeError:
        arguments.pop()
    return train(*arguments)


def forget(place: str) -> None:
    """Removes the modules that were loaded from a folder."""
    place = os.path.realpath(place) + os.sep
    for name, module in list(sys.modules.items()):
        if os.path.realpath(getattr(module, "__file__", None) or "").startswith(place):
            del sys.modules[name]


def outputs_of(result: Any, folder: str) -> dict[str, Any]:
    """Returns the outputs for what ``train`` returned.

    That is a dictionary of outputs. The path of a file is an artifact, and everything
    else is metadata.
    """
    outputs: dict[str, Any] = dict.fromkeys(OUTPUTS)
    if isinstance(result, dict):
        others = {name: value for name, value in result.items() if name not in OUTPUTS}
        outputs.update({name: value for name, value in result.items() if name in OUTPUTS})
        if others:
            outputs["metadata"] = {**others, **(outputs["metadata"] or {})}
    elif isinstance(result, str) and os.path.isfile(result):
        outputs["artifact"] = result
    elif result is not None:
        outputs["metadata"] = {"result": result}
    for name in ("metadata", "metrics"):
        if isinstance(outputs[name], str):
            outputs[name] = json.loads(outputs[name])
    outputs["artifact"] = kept(outputs["artifact"], folder)
    if outputs["additional_output_files"] is not None:
        outputs["additional_output_files"] = [kept(file, folder) for file in outputs["additional_output_files"]]
    return outputs


def kept(file: Any, folder: str) -> Any:
    """Moves a file out of the folder of the code, which is about to be removed."""
    if isinstance(file, dict):
        return {**file, "file": kept(file.get("file"), folder)}
    if not isinstance(file, str):
        return file
    path = os.path.realpath(file)
    if not path.startswith(os.path.realpath(folder) + os.sep) or not os.path.isfile(path):
        return file
    target = os.path.join(tempfile.mkdtemp(dir=os.getcwd()), os.path.basename(path))
    shutil.move(path, target)
    return target
