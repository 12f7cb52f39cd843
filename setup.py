"""Package metadata. The settings of the tools are in pyproject.toml."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent
# The links in README, docs and mkdocs.yml start with this address.
REPOSITORY = "https://github.com/UbiOps/client-library-python"


def read_version() -> str:
    """Reads the version as text. An import would need the package's dependencies."""
    text = (HERE / "ubiops" / "_version.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        raise RuntimeError('ubiops/_version.py has no line __version__ = "..."')
    return found.group(1)


setup(
    name="ubiops",
    version=read_version(),
    description="Python client library for the UbiOps API, with a local emulator",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    url=REPOSITORY,
    project_urls={
        "Documentation": f"{REPOSITORY}/blob/HEAD/docs/README.md",
        "Changelog": f"{REPOSITORY}/blob/HEAD/CHANGELOG.md",
        "Source": REPOSITORY,
        "Issues": f"{REPOSITORY}/issues",
    },
    author="The ubiops contributors",
    license="Apache-2.0",
    license_files=["LICENSE"],
    keywords=["ubiops", "api", "client", "sdk", "emulator", "mlops", "deployment"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.9",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Typing :: Typed",
    ],
    python_requires=">=3.9",
    packages=find_packages(include=["ubiops", "ubiops.*"]),
    package_data={
        "": ["py.typed", "*.pyi"],
        "ubiops.emulator": ["openapi.json", "templates/*", "templates/**/*"],
    },
    entry_points={"pytest11": ["ubiops_emulator = ubiops.emulator.pytest_plugin"]},
    zip_safe=False,
    # The tox environment "lowest" tests with the lowest versions given here.
    install_requires=[
        "certifi>=2022.12.7",
        "python-dateutil>=2.8.2",
        "six>=1.16",
        "urllib3>=1.26.18,<3",
    ],
    extras_require={
        "emulator": [
            "PyYAML>=6.0.1",
            "cronsim>=2.5",
            "jsonschema>=4.18",
            "python-multipart>=0.0.20",
            "starlette>=0.49.1",
            "uvicorn>=0.29",
        ],
        "fast": ["msgspec>=0.19"],
        "packages": [
            "PyYAML>=6.0.1",
            "packaging>=22.0",
            "pathspec>=0.12.1",
        ],
        "progress": ["tqdm>=4.65"],
    },
)
