"""Buckets, and files by the calls and by the helpers."""

from __future__ import annotations

import os
from pathlib import Path

import ubiops

client = ubiops.ApiClient(ubiops.Configuration())
api = ubiops.CoreApi(client)
project = os.environ["PROJECT"]
data = ubiops.BucketCreate(name="rain", provider="ubiops", description="Rain", labels={"a": "b"}, ttl=604800)
bucket = api.buckets_create(project, data)
print(bucket.name, bucket.provider, bucket.description, bucket.labels, bucket.ttl)
print(api.buckets_update(project, "rain", ubiops.BucketUpdate(description="More")).description)
print([one.name for one in api.buckets_list(project, labels="a:b")])

Path("radar.csv").write_bytes(bytes(range(256)) * 1000)
uri = ubiops.utils.upload_file(client, project, "radar.csv", "rain", "2024/radar 1.csv", _progress_bar=False)
print(uri)
print(ubiops.utils.upload_file(client, project, "radar.csv", _progress_bar=False))
item = api.files_get(project, "rain", "2024/radar 1.csv")
print(type(item).__name__, item.file, item.size)
ubiops.utils.download_file(client, project, "rain", "2024/radar 1.csv", output_path="back.csv")
print(Path("back.csv").read_bytes() == Path("radar.csv").read_bytes())
ubiops.utils.download_file(client, project, file_uri=uri, output_path=".")
print(Path("radar 1.csv").stat().st_size)

Path("folder/below").mkdir(parents=True)
Path("folder/a.txt").write_text("a")
Path("folder/below/b.txt").write_text("b")
print(ubiops.utils.upload_files(client, project, ["folder"], "rain", file_prefix="many/"))
listed = api.files_list(project, "rain", prefix="many/")
print(type(listed).__name__, sorted(one.file for one in listed.files), listed.continuation_token)
listed = api.files_list(project, "rain", delimiter="/")
print(listed.prefixes, listed.files)
page = api.files_list(project, "rain", limit=2)
rest = api.files_list(project, "rain", limit=2, continuation_token=page.continuation_token)
print([one.file for one in page.files], [one.file for one in rest.files])
Path("all").mkdir()
ubiops.utils.download_files(client, project, "rain", prefix="many/", output_path="all")
print(sorted(str(path.relative_to("all")) for path in Path("all").rglob("*.txt")))
print(ubiops.utils.handle_file_input(client, project, uri, "rain"))
print(ubiops.utils.handle_file_input(client, project, "radar.csv", "rain", file_name="given.csv"))
file = ubiops.utils.UbiOpsFile.from_uri(uri) if hasattr(ubiops.utils.UbiOpsFile, "from_uri") else None
print(file and (file.bucket, file.file))
signed = api.files_upload(project, "rain", "new.csv")
print(type(signed).__name__, signed.provider, signed.url.startswith("http"))
print(api.files_delete(project, "rain", "given.csv"))
try:
    ubiops.utils.download_file(client, project, "rain", "nothing.csv")
except ubiops.exceptions.ApiException as error:
    print(error.status)
try:
    api.buckets_delete(project, "nothing")
except ubiops.exceptions.ApiException as error:
    print(error.status, error.body)
client.close()
