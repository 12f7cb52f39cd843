"""Fixtures of the fault tests: servers, clients, a clock and certificates."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted import Wire, client_of


@pytest.fixture
def wire() -> Iterator[Callable[..., Wire]]:
    """Starts servers from the steps of their scripts, and stops them all at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda *steps, **options: stack.enter_context(Wire(steps, **options))


BOTH_CLIENTS = {
    "test_answers",
    "test_call_options",
    "test_connections",
    "test_downloads",
    "test_hooks",
    "test_input",
    "test_kinds",
    "test_proxies",
    "test_retries",
    "test_time",
    "test_tls",
    "test_uploads",
}
"""The modules whose tests run against both the blocking and the async client."""
BLOCKING_ONLY = {
    # Ctrl-C interrupts the main thread, where only the blocking client runs. test_async
    # tests its effect on the async client.
    "test_ctrl_c_leaves_nothing_behind",
    "test_ctrl_c_leaves_nothing_behind_at_any_point",
    # The async client has neither pool_threads nor async_req=True.
    "test_background_calls_run_in_parallel",
}
"""Tests in these modules that run against the blocking client only."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    module = metafunc.module.__name__.rpartition(".")[2]
    both = module in BOTH_CLIENTS and metafunc.function.__name__ not in BLOCKING_ONLY
    if both and "client_for" in metafunc.fixturenames:
        metafunc.parametrize("client_for", ["blocking", "async"], indirect=True)


@pytest.fixture(scope="session")
def event_loop_thread() -> Iterator[Any]:
    """The event loop of all async clients."""
    from bridged import Loop

    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def client_for(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Creates clients for a server or a host, and closes them all at the end.

    The interface is blocking even if the client behind it is the async one.
    """
    loop = None
    if getattr(request, "param", "blocking") == "async":
        loop = request.getfixturevalue("event_loop_thread")
    with contextlib.ExitStack() as stack:
        yield lambda host, **settings: stack.enter_context(client_of(host, loop=loop, **settings))


class Clock:
    """A clock for the client and its transport.

    ``sleep`` returns at once and advances the clock, as a test can too.
    """

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._offset = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self._offset

    def time(self) -> float:
        return time.time() + self._offset

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._offset += seconds

    def advance(self, seconds: float) -> None:
        """Advances the clock without recording a wait."""
        self._offset += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("ubiops._client.BaseClient._clock", made)
    monkeypatch.setattr("ubiops.aio.client.ApiClient._clock", AsyncClock(made))
    for module in ("attempt", "connection", "errors"):
        monkeypatch.setattr(f"ubiops._transport.{module}.time", made)
    return made


class AsyncClock:
    """The same clock for the async client."""

    def __init__(self, clock: Clock) -> None:
        self.monotonic = clock.monotonic
        self.time = clock.time
        self._clock = clock

    async def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


class Certificates:
    """Throwaway certificates: an authority, a valid server, and invalid servers."""

    def __init__(self, folder: Path) -> None:
        import trustme

        self._folder = folder
        self.authority = trustme.CA()
        self.authority_file = str(folder / "authority.pem")
        self.authority.cert_pem.write_to_path(self.authority_file)
        self.issued = self.authority.issue_cert("127.0.0.1", "localhost")
        self.good = self.context(self.issued)
        self.wrong_name = self.context(self.authority.issue_cert("elsewhere.example"))
        self.wrong_address = self.context(self.authority.issue_cert("127.0.0.9"))
        self.unknown_authority = self.context(trustme.CA().issue_cert("127.0.0.1", "localhost"))
        self.self_signed, self.self_signed_file = self.self_made("self-signed", issued=False)
        self.expired, _ = self.self_made("expired", issued=True, days=(-3, -1))
        self.future, _ = self.self_made("future", issued=True, days=(1, 3))
        self.asking = self.context(self.issued)
        self.asking.verify_mode = ssl.CERT_REQUIRED
        self.authority.configure_trust(self.asking)
        self.client_file = str(folder / "client.pem")
        self.authority.issue_cert("client@example.com").private_key_and_cert_chain_pem.write_to_path(self.client_file)

    def context(self, certificate: Any) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context

    def self_made(self, name: str, *, issued: bool, days: tuple[int, int] = (-1, 1)) -> tuple[Any, str]:
        """Returns a TLS context and the file of its certificate.

        The certificate is valid between two days, relative to today.
        """
        import datetime
        import ipaddress

        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        signer: Any = key
        issuer = subject
        if issued:
            pem = self.authority.private_key_pem.bytes()
            signer = serialization.load_pem_private_key(pem, None)
            issuer = x509.load_pem_x509_certificate(self.authority.cert_pem.bytes()).subject
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0]))
            .not_valid_after(now + datetime.timedelta(days=days[1]))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .add_extension(x509.BasicConstraints(ca=not issued, path_length=None), True)
            .sign(signer, hashes.SHA256())
        )
        path = self._folder / f"{name}.pem"
        encoding = serialization.Encoding.PEM
        pem = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(pem + certificate.public_bytes(encoding))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context, str(path)

    @property
    def trust(self) -> dict[str, str]:
        """Client settings that trust the authority."""
        return {"ssl_ca_cert": self.authority_file}


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))
