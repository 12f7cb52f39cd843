"""ubiops-cli, part three: environments, their tags and secrets, buckets and files, and
instance types.
"""

from __future__ import annotations

import zipfile

from .cli import Session

BUCKET = """
bucket_name: measurements
bucket_description: What was measured
bucket_labels:
  kind: rain
provider: ubiops
"""


def wait_for(session: Session, environment: str, tag: str) -> None:
    """Waits until a tag is built."""
    printed = session.cli("environments", "wait", environment, "-tag", tag, "-t", 60).output
    assert "Status: success" in printed


def test_environments(session: Session) -> None:
    cli = session.cli
    cli("environments", "create", "rain", "-desc", "For rain", "-lb", "kind:rain")
    cli("environments", "get", "rain", "-o", "environment.yaml")
    cli("environments", "create", "snow", "-f", "environment.yaml")
    assert "successfully updated" in cli("environments", "update", "snow", "-desc", "For snow").output
    found = cli("environments", "list", "-lb", "kind:rain", "-fmt", "json").json
    assert {one["name"] for one in found} == {"rain", "snow"}
    assert cli("environments", "get", "snow", "-fmt", "json").json["description"] == "For snow"
    assert "python3-11" in cli("environments", "list", "--system", "True").output
    assert "Error (4" in cli.refuses("environments", "create", "rain")
    for name in ("rain", "snow"):
        assert "successfully deleted" in cli("environments", "delete", name, "-y").output


def test_environment_tags(session: Session) -> None:
    cli = session.cli
    session.file("package/requirements.txt", "# nothing\n")
    packaged = cli("environments", "package", "-e", "hail", "-t", "1", "-dir", "package", "-o", "hail.zip", "-y").output
    assert "Created archive" in packaged
    with zipfile.ZipFile(session.work / "hail.zip") as archive:
        assert "environment_package/requirements.txt" in archive.namelist()
    base = ("-base_env", "python3-11", "-base_tag", "v1")
    made = cli("environments", "deploy", "hail", "-tag", "1", "-dir", "package", *base, "-fmt", "json").json
    assert made["name"] == "1"
    wait_for(session, "hail", "1")
    cli("tags", "create", "2", "-e", "hail")
    assert "successfully uploaded" in cli("tags", "build", "2", "-e", "hail", *base, "-a", "hail.zip").output
    wait_for(session, "hail", "2")
    found = {one["name"]: one for one in cli("tags", "list", "-e", "hail", "-fmt", "json").json}
    assert {name: one["status"] for name, one in found.items()} == {"1": "success", "2": "success"}
    printed = cli("tags", "get", "2", "-e", "hail").output
    assert "base_environment_name: python3-11" in printed
    assert "tag_type: Dependencies in package" in printed
    cli("tags", "download", "2", "-e", "hail", "-o", "downloaded.zip")
    assert (session.work / "downloaded.zip").read_bytes() == (session.work / "hail.zip").read_bytes()
    cli("versions", "create", "hail", "-d", "word-count", "-e", "hail", "--tag", "2")
    version = cli("versions", "get", "hail", "-d", "word-count", "-fmt", "json").json
    assert (version["environment_name"], version["environment_tag"]) == ("hail", "2")
    cli("versions", "delete", "hail", "-d", "word-count", "-y")
    cli("tags", "create", "3", "-e", "hail")
    cli("tags", "update", "3", "-e", "hail", "-requests", "True")
    for name in ("3", "2", "1"):
        assert "successfully deleted" in cli("tags", "delete", name, "-e", "hail", "-y").output
    cli("environments", "delete", "hail", "-y")


def test_environment_secrets(session: Session) -> None:
    cli = session.cli
    cli("environments", "create", "safe")
    for tag in ("1", "2"):
        cli("tags", "create", tag, "-e", "safe")
    where = ("-e", "safe", "-tag", "1")
    cli("secrets", "create", *where, "-n", "KEY", "-v", "5ecret")
    cli("secrets", "create", *where, "-n", "KEY", "-v", "new", "--overwrite")
    cli(
        "secrets",
        "create",
        *where,
        "-f",
        session.file("s.yaml", "environment_secrets:\n  - {name: B, value: 5ecret}\n"),
    )
    printed = cli("secrets", "list", *where)
    assert "5ecret" not in printed.output
    found = {one["name"]: one["id"] for one in cli("secrets", "list", *where, "-fmt", "json").json}
    assert found.keys() == {"KEY", "B"}
    assert cli("secrets", "get", *where, "-n", "KEY", "-fmt", "json").json["id"] == found["KEY"]
    cli("secrets", "update", *where, "-id", found["KEY"], "-n", "TOKEN", "-v", "other")
    copied = cli("secrets", "copy", "-s", "safe", "-st", "1", "-t", "safe", "-tt", "2", "-fmt", "json").json
    assert {one["name"] for one in copied} == {"TOKEN", "B"}
    assert "successfully deleted" in cli("secrets", "delete", *where, "-id", found["KEY"], "-y").output
    assert [one["name"] for one in cli("secrets", "list", *where, "-fmt", "json").json] == ["B"]
    cli("environments", "delete", "safe", "-y")


def test_buckets(session: Session) -> None:
    cli = session.cli
    cli("buckets", "create", "-f", session.file("bucket.yaml", BUCKET))
    cli("buckets", "get", "measurements", "-o", "again.yaml")
    cli("buckets", "create", "more", "-f", "again.yaml")
    assert "successfully updated" in cli("buckets", "update", "more", "-desc", "More", "-lb", "kind:snow").output
    found = cli("buckets", "get", "more", "-fmt", "json").json
    assert (found["description"], found["labels"], found["provider"]) == ("More", {"kind": "snow"}, "ubiops")
    found = cli("buckets", "list", "-lb", "kind:rain", "-fmt", "json").json
    assert [one["name"] for one in found] == ["measurements"]
    for name in ("measurements", "more"):
        assert "successfully deleted" in cli("buckets", "delete", name, "-y").output


def test_files(session: Session) -> None:
    cli = session.cli
    session.file("rain.csv", "day,mm\n1,3\n")
    assert cli("files", "upload", "2024/rain.csv", "-f", "rain.csv").output.endswith(
        "ubiops-file://default/2024/rain.csv\n"
    )
    cli("files", "upload", "-f", "rain.csv", "-pb", "False")
    assert "2024/rain.csv" in cli("files", "list").output
    listed = cli("files", "list", "-d", "/").output
    assert "rain.csv" in listed
    assert "2024/" in listed
    page = cli("files", "list", "--limit", 1, "-fmt", "json").json
    page = page[0] if isinstance(page, list) else page
    assert [one["file"] for one in page["files"]] == ["2024/rain.csv"]
    more = cli("files", "list", "--limit", 1, "--continuation-token", page["continuation_token"]).output
    assert "rain.csv" in more
    assert "2024" not in more.replace("2024-", "")
    assert cli("files", "get", "2024/rain.csv", "-fmt", "json").json["size"] == 11
    assert "http" in cli("files", "signedurl", "create", "new.csv").output
    assert "http" in cli("files", "signedurl", "get", "rain.csv").output
    cli("files", "download", "2024/rain.csv", "-o", "back.csv")
    cli("files", "download", "-u", "ubiops-file://default/rain.csv", "-o", "again.csv")
    assert session.read("back.csv") == session.read("again.csv") == session.read("rain.csv")
    for name in ("2024/rain.csv", "rain.csv"):
        assert "successfully deleted" in cli("files", "delete", name, "-y").output
    assert "404" in cli.refuses("files", "get", "rain.csv")
    assert "not found" in cli.refuses("files", "download", "rain.csv").lower()


def test_instance_types(session: Session) -> None:
    cli = session.cli
    types = cli("instance_types", "list", "--limit", 3, "-fmt", "json").json
    assert len(types) == 3
    text = f"name: small\ninstance_types:\n  - {{id: {types[0]['id']}, priority: 0, schedule_timeout: 300}}\n"
    made = cli("instance_type_groups", "create", "-f", session.file("group.yaml", text), "-fmt", "json").json
    cli("instance_type_groups", "get", made["id"], "-o", "group-again.yaml")
    cli("instance_type_groups", "update", made["id"], "-n", "renamed", "-f", "group-again.yaml")
    found = cli("instance_type_groups", "get", made["id"], "-fmt", "json").json
    assert (found["name"], found["instance_types"][0]["id"]) == ("renamed", types[0]["id"])
    assert "renamed" in cli("instance_type_groups", "list").output
    assert "successfully deleted" in cli("instance_type_groups", "delete", made["id"], "-y").output
