"""The area imports_and_exports: objects of a project as a zip file, and back."""

from __future__ import annotations

EMULATED = """
The zip file has the published format: `info.yaml` and a folder for each deployment and
pipeline, with one YAML file and one package for each version. Where environments,
services and variables of the project are in it is a guess.

- An export contains the package in use of each version, and the latest file of each
  environment. Tags, their secrets, and settings that only a tag has are left out.
- The value of a secret is exported only if `include_value` asks for it. With `all`, the
  values of other variables are exported, and those of secrets aren't.
- A variable without a value is imported with an empty one. `imports_get` hides the
  values of secrets: null stands for the value in the file, unless what it belongs to is
  renamed.
- Pipelines are created when the deployments of the same import are built. If something
  can't be created, the import fails and everything that it created is deleted again.
- `import_link` is refused: the emulator would fetch any address for whoever asks, those
  of your network included. Download the file and import it as `file`.
"""
