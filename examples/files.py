"""Send a file to a deployment, and download the file that it returns.

The input is a table of temperatures, and the output is their mean for each city. Both
are files in a bucket. The script needs no account:

    python examples/files.py

On the platform, create the client with ``ubiops.CoreApi()``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import ubiops
import ubiops.emulator
from ubiops.utils import download_file, upload_file, wait_for_deployment_version

# The code gets the path of a local copy, and returns the path of what it wrote.
CODE = """
import collections
import csv


class Deployment:
    def request(self, data):
        temperatures = collections.defaultdict(list)
        with open(data["measurements"], newline="") as file:
            for row in csv.DictReader(file):
                temperatures[row["city"]].append(float(row["temperature"]))
        with open("means.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["city", "mean"])
            for city, found in sorted(temperatures.items()):
                writer.writerow([city, round(sum(found) / len(found), 1)])
        return {"means": "means.csv", "cities": len(temperatures)}
"""

MEASUREMENTS = """city,temperature
Utrecht,11.5
Groningen,9.0
Utrecht,12.5
Groningen,10.0
Maastricht,13.2
"""


def main() -> None:
    """Deploys the code, and runs it with a file."""
    with ubiops.emulator.start() as emulator, tempfile.TemporaryDirectory() as folder:
        api = emulator.api()
        deploy(api, Path(folder, "package"))
        run(api, Path(folder))


def deploy(api: ubiops.CoreApi, package: Path) -> None:
    """Creates a deployment whose input and output are files."""
    package.mkdir()
    (package / "deployment.py").write_text(CODE, encoding="utf-8")
    api.deployments_create(
        "examples",
        ubiops.DeploymentCreate(
            name="mean-temperatures",
            input_type="structured",
            input_fields=[ubiops.DeploymentInputFieldCreate(name="measurements", data_type="file")],
            output_type="structured",
            output_fields=[
                ubiops.DeploymentOutputFieldCreate(name="means", data_type="file"),
                ubiops.DeploymentOutputFieldCreate(name="cities", data_type="int"),
            ],
        ),
    )
    api.deployment_versions_create("examples", "mean-temperatures", {"version": "v1", "environment": "python3-11"})
    api.revisions_file_upload("examples", "mean-temperatures", "v1", file=package)
    wait_for_deployment_version(api, "examples", "mean-temperatures", "v1", quiet=True)


def run(api: ubiops.CoreApi, folder: Path) -> None:
    """Uploads a file, sends its address to the deployment, and downloads the output."""
    measurements, means = folder / "measurements.csv", folder / "means.csv"
    measurements.write_text(MEASUREMENTS, encoding="utf-8")
    uri = upload_file(api, "examples", str(measurements), _progress_bar=False)
    print(f"Uploaded {uri}")
    request = api.deployment_requests_create("examples", "mean-temperatures", {"measurements": uri})
    if request.status != "completed":
        raise RuntimeError(f"the request has {request.status}: {request.error_message}")
    print(f"The deployment found {request.result['cities']} cities and wrote {request.result['means']}")
    download_file(api, "examples", file_uri=request.result["means"], output_path=str(means), _progress_bar=False)
    print(means.read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()
