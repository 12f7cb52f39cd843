"""Addresses of files in buckets: ``ubiops-file://BUCKET/FILE``."""

from __future__ import annotations

from ubiops.exceptions import ApiTypeError, ApiValueError

PREFIX = "ubiops-file://"


class UbiOpsFile:
    """A file in a bucket, and its URI.

    Args:
        bucket: The name of the bucket.
        file: The name of the file in the bucket, which may contain slashes.

    Raises:
        ubiops.ApiTypeError: A name is not a string.
        ubiops.ApiValueError: A name is empty, or the bucket's name has a slash.
    """

    def __init__(self, bucket: str, file: str) -> None:
        for name, value in (("bucket", bucket), ("file", file)):
            if not isinstance(value, str):
                raise ApiTypeError(f"{name} must be a string, got {type(value).__name__}")
            if not value:
                raise ApiValueError(f"{name} must not be empty")
        if "/" in bucket:
            raise ApiValueError(f"{bucket!r:.80} is not a valid name of a bucket: it has a slash")
        self.bucket = bucket
        self.file = file

    @property
    def file_uri(self) -> str:
        """The URI of the file."""
        return f"{PREFIX}{self.bucket}/{self.file}"

    @classmethod
    def from_uri(cls, file_uri: str) -> UbiOpsFile:
        """Returns the file that a URI names.

        Raises:
            ubiops.ApiTypeError: The URI is not a string.
            ubiops.ApiValueError: It is not of the form ``ubiops-file://BUCKET/FILE``.
        """
        cls.validate_uri(file_uri)
        bucket, _, file = cls.remove_file_prefix(file_uri).partition("/")
        return cls(bucket, file)

    @staticmethod
    def validate_uri(file_uri: str) -> None:
        """Checks the form of a URI.

        Raises:
            ubiops.ApiTypeError: It is not a string.
            ubiops.ApiValueError: It is not of the form ``ubiops-file://BUCKET/FILE``.
        """
        if not isinstance(file_uri, str):
            raise ApiTypeError(f"file_uri must be a string, got {type(file_uri).__name__}")
        bucket, _, file = file_uri[len(PREFIX) :].partition("/")
        if not file_uri.startswith(PREFIX) or not bucket or not file:
            raise ApiValueError(f"{file_uri!r:.200} is not the URI of a file: write {PREFIX}BUCKET/FILE")

    @staticmethod
    def remove_file_prefix(file_uri: str) -> str:
        """Returns a URI without ``ubiops-file://``."""
        return file_uri[len(PREFIX) :] if file_uri.startswith(PREFIX) else file_uri

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UbiOpsFile) and self.file_uri == other.file_uri

    def __hash__(self) -> int:
        return hash(self.file_uri)

    def __str__(self) -> str:
        return self.file_uri

    def __repr__(self) -> str:
        return f"UbiOpsFile(bucket={self.bucket!r}, file={self.file!r})"
