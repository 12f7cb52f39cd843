"""Methods of the official client that programs with raw requests use."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from ubiops._core.codec import parse_json
from ubiops._version import __version__
from ubiops.exceptions import ApiTypeError

if TYPE_CHECKING:
    from ubiops.configuration import Configuration

_JSON = "application/json"
_SEPARATORS = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}


class OfficialMethods:
    """Methods of ``ApiClient``."""

    configuration: Configuration

    PRIMITIVE_TYPES: ClassVar[tuple[type, ...]] = (float, bool, bytes, str, int)
    NATIVE_TYPES_MAPPING: ClassVar[dict[str, type]] = {
        "int": int,
        "long": int,
        "float": float,
        "str": str,
        "bool": bool,
        "date": date,
        "datetime": datetime,
        "object": object,
    }

    def deserialize(
        self,
        response: Any,
        response_type: str | None,
        stream: bool = False,
        chunk_size: int = 8192,
        progress_bar: bool = False,
    ) -> Any:
        """Reads the body of a response as a type. ``Model.from_dict`` reads a dict.

        Args:
            response: A ``ubiops.Response``, or any object with the JSON as ``data`` or
                ``text``.
            response_type: The type, such as ``DeploymentDetail``,
                ``list[DeploymentList]`` or ``file``; None reads nothing.
            stream: Accepted for compatibility with the official client and ignored.
            chunk_size: Accepted for compatibility with the official client and ignored.
            progress_bar: Whether to show the progress of a file that is saved.

        Returns:
            The value; for ``file``, the path of the saved file.

        Raises:
            ubiops.ApiTypeError: The response has neither ``data`` nor ``text``.
            ubiops.ApiValueError: There is no such type.
            ubiops.InvalidResponseError: The body is not JSON of that type.
        """
        del stream, chunk_size
        from ubiops._core.results import reader_for

        if response_type is None:
            return None
        if response_type == "file" and hasattr(response, "save"):
            return response.save(self.configuration.temp_folder_path, progress=progress_bar)
        body = getattr(response, "data", None)
        if body is None:
            body = getattr(response, "text", None)
        if not isinstance(body, (str, bytes)):
            raise ApiTypeError(f"deserialize() takes a response with data or text, got {type(response).__name__}")
        read = reader_for(response_type)
        if read is None:
            return body
        status = getattr(response, "status", None)
        status = status if isinstance(status, int) else 200
        content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        return read(parse_json(content, status), status)

    def select_header_accept(self, accepts: Sequence[str]) -> str | None:
        """Returns the header Accept for media types: JSON if it is one of them."""
        names = [name.lower() for name in accepts]
        return (_JSON if _JSON in names else ", ".join(names)) if names else None

    def select_header_content_type(self, content_types: Sequence[str]) -> str:
        """Returns the media type to send: JSON if accepted, else the first one."""
        names = [name.lower() for name in content_types]
        return _JSON if not names or _JSON in names or "*/*" in names else names[0]

    def parameters_to_tuples(
        self, params: Mapping[str, Any] | Sequence[tuple[str, Any]], collection_formats: Mapping[str, str] | None
    ) -> list[tuple[str, Any]]:
        """Returns parameters as pairs, in which lists are written as the formats say:
        ``multi`` repeats the name, all others separate the values.
        """
        pairs: list[tuple[str, Any]] = []
        for name, value in params.items() if isinstance(params, Mapping) else params:
            style = (collection_formats or {}).get(name)
            if style is None:
                pairs.append((name, value))
            elif style == "multi":
                pairs += [(name, one) for one in value]
            else:
                pairs.append((name, _SEPARATORS.get(style, ",").join(map(str, value))))
        return pairs

    def update_params_for_auth(
        self, headers: dict[str, str], query_params: Any, auth_settings: Sequence[str] | None
    ) -> None:
        """Adds the API token to the headers, if a scheme to authorize with is named."""
        del query_params
        token = self.configuration.get_api_key_with_prefix("Authorization") if auth_settings else None
        if token is not None:
            headers["Authorization"] = token


class OfficialSettings:
    """Methods of ``Configuration``."""

    if TYPE_CHECKING:

        def get_api_key_with_prefix(self, identifier: str = ...) -> str | None: ...

        @property
        def host(self) -> str: ...

    def auth_settings(self) -> dict[str, dict[str, Any]]:
        """Returns how calls are authorized, by the name of the scheme. The value is the
        API token.
        """
        token = self.get_api_key_with_prefix("Authorization")
        if token is None:
            return {}
        return {"api_key": {"type": "api_key", "in": "header", "key": "Authorization", "value": token}}

    def to_debug_report(self) -> str:
        """Returns what a report of a problem should name. It has no secret."""
        return (
            "Python SDK Debug Report:\n"
            f"OS: {sys.platform}\n"
            f"Python Version: {sys.version}\n"
            f"Host: {self.host}\n"
            f"SDK Package Version: {__version__}"
        )
