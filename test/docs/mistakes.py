"""Mistakes that people make, each a function that ends in the message they see.

``Mistakes`` has a method for each; its name says what goes wrong.
"""

from __future__ import annotations

import asyncio
import datetime
import io
import os
import ssl
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import trustme
from scripted import Wire, reply, silence, then_close

import ubiops
import ubiops.aio
import ubiops.emulator
import ubiops.utils

PAGE = b"<html><head><title>UbiOps</title></head><body><h1>Sign in</h1></body></html>"
TOKEN = {"Authorization": "Token right"}
DEPLOYMENT = {"name": "deployment-1", "input_type": "plain", "output_type": "plain"}


class Mistakes:
    """The mistakes, with an emulator in which ``deployment-1`` has a version without
    code, as does ``empty``.
    """

    def __init__(self, emulator: ubiops.emulator.Emulator, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.emulator = emulator
        self.folder = folder
        self.patch = patch
        self.host = emulator.host
        self.api = self._connect()
        for name in ("deployment-1", "empty"):
            self.api.deployments_create("project-1", {**DEPLOYMENT, "name": name})
            self.api.deployment_versions_create("project-1", name, {"version": "v1"})

    def _connect(self, **settings: Any) -> ubiops.CoreApi:
        settings = {"host": self.host, "api_key": TOKEN, "max_retries": 0, "proxy": "", **settings}
        return ubiops.CoreApi(ubiops.ApiClient(ubiops.Configuration(**settings)))

    def _call(self, **settings: Any) -> None:
        with self._connect(**settings) as api:
            api.deployments_list("project-1")

    def _call_wire(self, step: Any, tls: ssl.SSLContext | None = None, **settings: Any) -> None:
        with Wire([step], tls) as server:
            self._call(**{"host": server.host, **settings})

    def _upload(self, file: Any) -> str:
        return self.api.revisions_file_upload("project-1", "deployment-1", "v1", file=file).revision

    def _wait(self, revision: str, timeout: float = 30) -> None:
        ubiops.utils.wait_for_revision(
            self.api.api_client, "project-1", "deployment-1", "v1", revision, timeout=timeout, quiet=True
        )

    # --- installation -----------------------------------------------------------------

    def emulator_without_its_extra(self) -> None:
        # In a process of its own, which has none of its modules yet.
        program = "import sys; sys.modules['starlette'] = None; import ubiops.emulator; ubiops.emulator.start()"
        environment = {**os.environ, "PYTHONPATH": str(Path(ubiops.__file__).parents[1])}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        raise RuntimeError(done.stderr)

    # --- token ------------------------------------------------------------------------

    def no_token(self) -> None:
        self._call(api_key={})

    def wrong_token(self) -> None:
        self._call(api_key={"Authorization": "Token wrong"})

    def token_instead_of_keys(self) -> None:
        self._call(api_key="Token right")

    def configuration_instead_of_a_client(self) -> None:
        ubiops.CoreApi(ubiops.Configuration())  # type: ignore[arg-type]

    # --- address and network ----------------------------------------------------------

    def unknown_host(self) -> None:
        self._call(host="http://no-such-host.invalid")

    def nothing_listens(self) -> None:
        self._call(host="http://127.0.0.1:9")

    def misspelled_scheme(self) -> None:
        self._call(host="htps://api.example.com")

    def query_in_the_address(self) -> None:
        self._call(host="https://api.example.com?project=1")

    def wrong_version(self) -> None:
        self._call(host=self.host.replace("v2.1", "v2.0"))

    def tls_to_a_plain_port(self) -> None:
        with Wire([lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")]) as server:
            self._call(host=server.host.replace("http:", "https:"))

    def plain_to_a_tls_port(self) -> None:
        self._call_wire(then_close())

    def dead_proxy(self) -> None:
        self._call(proxy="http://127.0.0.1:9")

    def page_instead_of_json(self) -> None:
        self._call_wire(reply(200, PAGE))

    def redirect(self) -> None:
        self._call_wire(reply(302, b"", "Location: https://login.example.com/"))

    def bad_gateway(self) -> None:
        self._call_wire(reply(502, PAGE))

    # --- certificates -----------------------------------------------------------------

    def _tls(self, authority: trustme.CA, name: str = "127.0.0.1", **options: Any) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name, **options).configure_cert(context)
        authority.cert_pem.write_to_path(str(self.folder / "authority.pem"))
        return context

    def unknown_authority(self) -> None:
        self._call_wire(reply(200, b"[]"), self._tls(trustme.CA()))

    def certificate_for_another_name(self) -> None:
        tls = self._tls(trustme.CA(), "elsewhere.example")
        self._call_wire(reply(200, b"[]"), tls, ssl_ca_cert=str(self.folder / "authority.pem"))

    def expired_certificate(self) -> None:
        yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
        tls = self._tls(trustme.CA(), not_after=yesterday)
        self._call_wire(reply(200, b"[]"), tls, ssl_ca_cert=str(self.folder / "authority.pem"))

    def verification_switched_off_by_text(self) -> None:
        self._call(verify_ssl="false")

    # --- timeouts and rate limits -----------------------------------------------------

    def silent_server(self) -> None:
        self._call_wire(silence, read_timeout=0.05)

    def slow_call(self) -> None:
        with Wire([silence]) as server, self._connect(host=server.host) as api:
            api.deployments_list("project-1", _request_timeout=0.05)

    def timeout_of_zero(self) -> None:
        self.api.deployments_list("project-1", _request_timeout=0)

    def timeout_as_text(self) -> None:
        self.api.deployments_list("project-1", _request_timeout="5")  # type: ignore[call-overload]

    def rate_limit(self) -> None:
        self._call_wire(reply(429, {"error": "Too many requests"}))

    # --- methods and arguments --------------------------------------------------------

    def unknown_method(self) -> None:
        self.api.no_such_method  # type: ignore[attr-defined]  # noqa: B018

    def missing_argument(self) -> None:
        self.api.deployments_list()  # type: ignore[call-overload]

    def empty_argument(self) -> None:
        self.api.deployments_list("")

    def option_without_its_underscore(self) -> None:
        self.api.deployments_list("project-1", timeout=5)  # type: ignore[call-overload]

    def unknown_argument(self) -> None:
        self.api.deployments_list("project-1", limit=5)  # type: ignore[call-overload]

    def fields_as_arguments(self) -> None:
        self.api.deployments_create("project-1", **DEPLOYMENT)  # type: ignore[call-overload]

    def optional_argument_by_position(self) -> None:
        self.api.revisions_file_upload("project-1", "deployment-1", "v1", b"x")  # type: ignore[call-overload]

    def file_instead_of_a_package(self) -> None:
        path = self.folder / "deployment.py"
        path.write_text("class Deployment: ...", encoding="utf-8")
        self.api.revisions_file_upload("project-1", "deployment-1", "v1", file=path)

    def handle_instead_of_its_result(self) -> None:
        with self._connect() as api:
            api.deployments_get("project-1", "deployment-1", async_req=True).name  # type: ignore[attr-defined]  # noqa: B018

    # --- models and values ------------------------------------------------------------

    def misspelled_keyword(self) -> None:
        ubiops.DeploymentCreate(nam="a", **DEPLOYMENT)  # type: ignore[call-arg]

    def misspelled_key(self) -> None:
        self.api.deployment_versions_create("project-1", "deployment-1", {"version": "v2", "maximum_instance": 1})

    def model_of_another_class(self) -> None:
        data: Any = ubiops.DeploymentCreate(**DEPLOYMENT)
        self.api.deployment_versions_create("project-1", "deployment-1", data)

    def number_as_text(self) -> None:
        ubiops.DeploymentVersionCreate(version="v1", maximum_instances="2")  # type: ignore[arg-type]

    def name_with_a_space(self) -> None:
        self.api.deployments_create("project-1", {**DEPLOYMENT, "name": "my model"})

    def misspelled_attribute(self) -> None:
        self.api.deployments_get("project-1", "deployment-1").nmae  # type: ignore[attr-defined]  # noqa: B018

    def existing_name(self) -> None:
        self.api.deployments_create("project-1", DEPLOYMENT)

    def swapped_arguments(self) -> None:
        self.api.deployments_get("deployment-1", "project-1")

    def name_instead_of_an_id(self) -> None:
        self.api.deployment_environment_variables_get("project-1", "deployment-1", "NAME")

    # --- files and builds -------------------------------------------------------------

    def missing_file(self) -> None:
        self._upload("nope.zip")

    def text_file(self) -> None:
        self._upload(io.StringIO("x"))

    def empty_folder(self) -> None:
        self.patch.chdir(self.folder)
        Path("empty").mkdir()
        self._upload("empty")

    def package_without_code(self) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("deployment_package/readme.txt", "There is no code in here.")
        self._wait(self._upload(packed.getvalue()))

    def code_instead_of_a_zip_file(self) -> None:
        self._wait(self._upload(b"class Deployment: ..."))

    def short_wait(self) -> None:
        self.emulator.clock.freeze()
        try:
            self._wait(self._upload(b"x"), timeout=1)
        finally:
            self.emulator.clock.resume()

    def wait_before_an_upload(self) -> None:
        ubiops.utils.wait_for_deployment_version(self.api.api_client, "project-1", "empty", "v1", quiet=True)

    # --- requests ---------------------------------------------------------------------

    def _request(self, statement: str, data: dict[str, str], before: str = "") -> None:
        """Sends a request to code with this statement; raises its error."""
        fields = [{"name": "text", "data_type": "string"}]
        forms: dict[str, Any] = {"input_type": "structured", "input_fields": fields}
        forms.update(output_type="structured", output_fields=fields)
        self.api.deployments_create("project-1", {"name": "code", **forms})
        self.api.deployment_versions_create("project-1", "code", {"version": "v1"})
        package = self.folder / "code"
        package.mkdir()
        code = f"{before}\nclass Deployment:\n    def request(self, data):\n        {statement}\n"
        (package / "deployment.py").write_text(code, encoding="utf-8")
        self.api.revisions_file_upload("project-1", "code", "v1", file=package)
        ubiops.utils.wait_for_deployment_version(self.api.api_client, "project-1", "code", "v1", quiet=True)
        raise RuntimeError(self.api.deployment_requests_create("project-1", "code", data).error_message)

    def request_before_an_upload(self) -> None:
        self.api.deployment_requests_create("project-1", "empty", "text")

    def input_without_a_field(self) -> None:
        self._request("return data", {})

    def code_that_raises(self) -> None:
        self._request("raise ValueError(data)", {"text": "a"})

    def missing_package(self) -> None:
        self._request("return data", {"text": "a"}, before="import no_such_package")

    def output_without_a_field(self) -> None:
        self._request("return {}", {"text": "a"})

    def output_that_is_not_json(self) -> None:
        self._request("return {'text': object()}", {"text": "a"})

    # --- asyncio ----------------------------------------------------------------------

    def blocking_call_awaited(self) -> None:
        async def main() -> None:
            await self.api.deployments_list("project-1")  # type: ignore[misc]

        asyncio.run(main())

    def blocking_client_in_async_with(self) -> None:
        async def main() -> None:
            async with self.api:  # type: ignore[attr-defined]
                pass

        asyncio.run(main())

    def call_not_awaited(self) -> None:
        call: Any = ubiops.aio.CoreApi().deployments_list("project-1")
        try:
            call[0]
        finally:
            call.close()

    def async_client_in_with(self) -> None:
        with ubiops.aio.CoreApi():  # type: ignore[attr-defined]
            pass

    def client_of_another_loop(self) -> None:
        configuration = ubiops.Configuration(host=self.host, api_key=TOKEN, proxy="")
        first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
        api = ubiops.aio.CoreApi(ubiops.aio.ApiClient(configuration))
        try:
            first.run_until_complete(api.deployments_list("project-1"))
            second.run_until_complete(api.deployments_list("project-1"))
        finally:
            first.run_until_complete(api.close())
            first.close()
            second.close()
