"""Buckets and files."""

from __future__ import annotations

import ubiops

api = ubiops.CoreApi()
bucket = api.buckets_create("weather", ubiops.BucketCreate(name="measurements", provider="ubiops", labels={"a": "b"}))
print(type(bucket).__name__, bucket.name, bucket.provider, bucket.creation_date.timestamp())
for bucket in api.buckets_list("weather", labels="team:radar"):
    print(bucket.name, bucket.ttl)
found = api.files_list("weather", "measurements", prefix="2024/", limit=10)
print(type(found).__name__, found.continuation_token, found.prefixes)
for item in found.files:
    print(type(item).__name__, item.file, item.size)
signed = api.files_upload("weather", "measurements", "2024/03/radar.csv")
print(type(signed).__name__, signed.provider, signed.url.partition("?")[0])
print(api.files_download("weather", "measurements", "2024/03/radar.csv").provider)
print(api.files_get("weather", "measurements", "2024/03/radar.csv").file)
print(api.files_delete("weather", "measurements", "2024/03/radar.csv"))
