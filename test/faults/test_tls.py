"""TLS: certificates are verified, errors give hints, and truncation is detected."""

from __future__ import annotations

import os
import re
import socket
import ssl
import warnings
from pathlib import Path
from typing import Any

import pytest
from scripted import TOKEN, Peer, WireFor, call, client_of, reply, then_close, then_reset, tunnel

import ubiops

RESPONSE = reply(200, [1])


def test_a_certificate_of_a_trusted_authority_is_accepted(wire: WireFor, client_for: Any, certificates: Any) -> None:
    assert call(client_for(wire(RESPONSE, context=certificates.good), **certificates.trust)) == [1]


def test_the_host_can_be_a_name(wire: WireFor, client_for: Any, certificates: Any) -> None:
    server = wire(RESPONSE, context=certificates.good)
    assert call(client_for(f"https://localhost:{server.port}", **certificates.trust)) == [1]


REFUSED = {
    "unknown authority": ("unknown_authority", "set configuration.ssl_ca_cert"),
    "another name": ("wrong_name", "the certificate is for another .*: check configuration.host"),
    "another address": ("wrong_address", "the certificate is for another .*: check configuration.host"),
    "self-signed": ("self_signed", "the certificate is self-signed: set configuration.ssl_ca_cert"),
    "expired": ("expired", "the certificate has expired: the server's operator has to renew it"),
    "not yet valid": ("future", "this machine's clock"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_an_invalid_certificate_is_rejected_with_a_hint(
    what: str, wire: WireFor, client_for: Any, certificates: Any, clock: Any
) -> None:
    name, hint = REFUSED[what]
    server = wire(RESPONSE, context=getattr(certificates, name))
    with pytest.raises(ubiops.ApiConnectionError, match="the server's certificate was rejected: ") as caught:
        call(client_for(server, **certificates.trust), "POST")
    assert caught.value.hint is not None
    assert re.search(hint, caught.value.hint), caught.value
    # No request was sent, and a retry would fail the same way.
    assert (clock.waits, len(caught.value.attempts), server.requests) == ([], 1, [])


def test_a_self_signed_certificate_can_be_trusted(wire: WireFor, client_for: Any, certificates: Any) -> None:
    server = wire(RESPONSE, context=certificates.self_signed)
    assert call(client_for(server, ssl_ca_cert=certificates.self_signed_file)) == [1]


def test_assert_hostname_accepts_another_name_and_only_that_one(
    wire: WireFor, client_for: Any, certificates: Any
) -> None:
    server = wire(RESPONSE, context=certificates.wrong_name)
    assert call(client_for(server, assert_hostname="elsewhere.example", **certificates.trust)) == [1]
    with pytest.raises(ubiops.ApiConnectionError, match="certificate was rejected") as caught:
        call(client_for(server, assert_hostname="other.example", **certificates.trust))
    assert caught.value.hint is not None
    assert "check configuration.host" in caught.value.hint
    unknown = wire(RESPONSE, context=certificates.unknown_authority)
    with pytest.raises(ubiops.ApiConnectionError, match="certificate was rejected"):
        call(client_for(unknown, assert_hostname="127.0.0.1", **certificates.trust))


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_trusted_certificates_come_from_the_environment(
    variable: str, wire: WireFor, client_for: Any, certificates: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = wire(RESPONSE, context=certificates.good)
    with pytest.raises(ubiops.ApiConnectionError, match="certificate was rejected"):
        call(client_for(server))
    monkeypatch.setenv(variable, certificates.authority_file)
    assert call(client_for(server)) == [1]
    monkeypatch.setenv(variable, str(tmp_path / "missing.pem"))
    with pytest.raises(ubiops.ApiValueError, match=f"can't be read from '.*missing.pem' \\(the variable {variable}\\)"):
        call(client_for(server))
    assert call(client_for(server, **certificates.trust)) == [1]


def test_ssl_cert_file_takes_precedence_over_requests_ca_bundle(
    wire: WireFor, client_for: Any, certificates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certificates.authority_file)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificates.self_signed_file)
    assert call(client_for(wire(RESPONSE, context=certificates.good))) == [1]


def test_ssl_ca_cert_can_be_a_folder(wire: WireFor, client_for: Any, certificates: Any, tmp_path: Path) -> None:
    """OpenSSL finds certificates in a folder by the hash of their subject."""
    import hashlib

    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    certificate = x509.load_pem_x509_certificate(Path(certificates.authority_file).read_bytes())
    canonical = b"".join(_der_set(name.oid, name.value) for part in certificate.subject.rdns for name in part)
    number = int.from_bytes(hashlib.sha1(canonical).digest()[:4], "little")  # noqa: S324 - what OpenSSL does
    (tmp_path / f"{number:08x}.0").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    assert call(client_for(wire(RESPONSE, context=certificates.good), ssl_ca_cert=str(tmp_path))) == [1]


def _der_set(oid: Any, text: str) -> bytes:
    """Returns an attribute of a name in the canonical form that OpenSSL hashes: lower
    case, single spaces, UTF-8."""
    numbers = [int(part) for part in oid.dotted_string.split(".")]
    coded = bytes((numbers[0] * 40 + numbers[1], *numbers[2:]))
    value = " ".join(text.lower().split()).encode()
    inner = b"\x06" + bytes((len(coded),)) + coded + b"\x0c" + bytes((len(value),)) + value
    sequence = b"\x30" + bytes((len(inner),)) + inner
    return b"\x31" + bytes((len(sequence),)) + sequence


@pytest.mark.parametrize("name", ["ssl_ca_cert", "cert_file"])
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_that_is_not_a_certificate_is_rejected_by_name(
    name: str, content: str | None, wire: WireFor, client_for: Any, certificates: Any, tmp_path: Path
) -> None:
    path = tmp_path / "certificate.pem"
    if content is not None:
        path.write_text(content)
    client = client_for(wire(RESPONSE, context=certificates.good), **{**certificates.trust, name: str(path)})
    with pytest.raises(ubiops.ApiValueError, match=rf"can't be read from '.*certificate.pem' \({name}\)"):
        call(client)


def test_a_client_can_have_its_own_certificate(wire: WireFor, client_for: Any, certificates: Any) -> None:
    context = certificates.asking
    certificate = {"cert_file": certificates.client_file}
    assert call(client_for(wire(RESPONSE, context=context), **certificates.trust, **certificate)) == [1]
    with pytest.raises(ubiops.ApiConnectionError):
        call(client_for(wire(RESPONSE, context=context), max_retries=0, **certificates.trust))


def test_disabling_verification_warns_once(wire: WireFor, certificates: Any) -> None:
    server = wire(RESPONSE, context=certificates.unknown_authority)
    with client_of(server, verify_ssl=False) as client:
        with pytest.warns(UserWarning, match="certificates of 127.0.0.1 are not verified") as caught:
            assert call(client) == [1]
            server.hang_up()
            assert call(client) == [1]
            client.close()
            assert call(client) == [1]
        assert len(caught) == 1
        assert caught[0].filename.endswith("scripted.py"), "the warning is about the line that makes the call"


@pytest.mark.parametrize("value", [None, 0, 1, "", "False", "no", [], 1.0])
def test_verification_is_not_disabled_by_accident(value: Any) -> None:
    """For example by an empty environment variable."""
    with pytest.raises(ubiops.ApiTypeError, match="verify_ssl must be True or False"):
        ubiops.Configuration(verify_ssl=value)
    configuration = ubiops.Configuration()
    with pytest.raises(ubiops.ApiTypeError, match="verify_ssl must be True or False"):
        configuration.verify_ssl = value
    assert configuration.verify_ssl is True


def test_the_tls_settings_are_secure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ubiops._transport.tls import tls_context

    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    context = tls_context(ubiops.Configuration(), "api.ubiops.com")
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    # A variable must not make the traffic readable.
    assert context.keylog_filename is None


# --- the end of a connection ----------------------------------------------------------


def end_of_connection(head: bytes, body: bytes, *, announced: bool) -> Any:
    """Sends a response and ends the connection, with or without TLS's close_notify."""

    def step(peer: Peer) -> None:
        peer.read_request()
        peer.send(head + body)
        if announced:
            peer.sock.unwrap()
        # Shuts down the underlying socket, without a close_notify alert.
        peer.close()

    return step


UNTIL_THE_END = b"HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=a.zip\r\n\r\n"


@pytest.mark.parametrize("way", ["read", "pieces", "save", "json"])
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_without_length_is_complete_only_if_tls_announces_its_end(
    announced: bool, way: str, wire: WireFor, client_for: Any, certificates: Any, tmp_path: Path
) -> None:
    """Without close_notify anyone on the network path may have cut the connection."""
    server = wire(end_of_connection(UNTIL_THE_END, b"[1]", announced=announced), context=certificates.good)
    client = client_for(server, max_retries=0, **certificates.trust)

    def use() -> Any:
        if way == "json":
            return call(client)
        with ubiops.CoreApi(client).revisions_file_download("p", "d", "r", "v") as response:
            if way == "save":
                return Path(response.save(tmp_path)).read_bytes()
            return response.read() if way == "read" else b"".join(response)

    if announced:
        assert use() in (b"[1]", [1])
    else:
        with pytest.raises(ubiops.ApiConnectionError, match="the response was cut off") as caught:
            use()
        assert "close_notify" in str(caught.value)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize(
    "head", [b"Content-Length: 3\r\n\r\n[1]", b"Transfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n0\r\n\r\n"]
)
def test_a_body_that_says_where_it_ends_needs_no_announcement(
    head: bytes, announced: bool, wire: WireFor, client_for: Any, certificates: Any
) -> None:
    step = end_of_connection(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + head, b"", announced=announced)
    assert call(client_for(wire(step, context=certificates.good), max_retries=0, **certificates.trust)) == [1]


def test_an_error_without_length_keeps_its_message_however_the_connection_ends(
    wire: WireFor, client_for: Any, certificates: Any
) -> None:
    head = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n\r\n"
    step = end_of_connection(head, b'{"error": "The name is taken"}', announced=False)
    with pytest.raises(ubiops.BadRequestError, match="The name is taken"):
        call(client_for(wire(step, context=certificates.good), max_retries=0, **certificates.trust))


def test_truncation_is_detected_in_a_tunnel_through_a_tls_proxy_too(
    wire: WireFor, client_for: Any, certificates: Any
) -> None:
    server = wire(end_of_connection(UNTIL_THE_END, b"[1]", announced=False), context=certificates.good)
    proxy = wire(tunnel, context=certificates.good)
    with pytest.raises(ubiops.ApiConnectionError, match="the response was cut off"):
        call(client_for(server, proxy=proxy.origin, max_retries=0, **certificates.trust))


def test_old_versions_of_tls_are_rejected(wire: WireFor, client_for: Any, certificates: Any, clock: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = certificates.context(certificates.issued)
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ubiops.ApiConnectionError):
        call(client_for(wire(RESPONSE, context=context), max_retries=0, **certificates.trust))


def test_https_to_a_server_without_tls_hints_at_http(wire: WireFor, client_for: Any, clock: Any) -> None:
    server = wire(lambda peer: (peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), peer.close()))
    with pytest.raises(ubiops.ApiConnectionError, match=r"does not use TLS on this port: did you mean http://\?"):
        call(client_for(f"https://127.0.0.1:{server.port}"), "POST")


ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
"""Responses of TLS servers to a request without TLS; some do not respond at all."""


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("step", "hint"),
    [
        (None, r"did you mean https://\?"),
        (then_close(ALERT), r"the server uses TLS on this port: did you mean https://\?"),
        (then_reset(ALERT), r"did you mean https://\?"),
        (then_close(), r"closed a new connection without a response: did you mean https://\?"),
        (then_reset(), r"closed a new connection without a response: did you mean https://\?"),
    ],
    ids=["TLS server", "alert", "alert, reset", "closed", "reset"],
)
def test_http_to_a_server_that_expects_tls_hints_at_https(
    method: str, step: Any, hint: str, wire: WireFor, client_for: Any, certificates: Any
) -> None:
    server = wire(RESPONSE, context=certificates.good) if step is None else wire(step)
    with pytest.raises(ubiops.ApiConnectionError) as caught:
        call(client_for(f"http://127.0.0.1:{server.port}", max_retries=0), method)
    assert re.search(hint, str(caught.value)), caught.value


@pytest.mark.parametrize("where", ["a used connection", "https", "within the response"])
def test_other_broken_connections_give_no_such_hint(
    where: str, wire: WireFor, client_for: Any, certificates: Any
) -> None:
    broken = then_reset(reply(200, b"[1]")[:-1]) if where == "within the response" else then_reset()
    steps = [RESPONSE, broken] if where == "a used connection" else [broken]
    client = client_for(
        wire(*steps, context=certificates.good if where == "https" else None), max_retries=0, **certificates.trust
    )
    if where == "a used connection":
        call(client)
    with pytest.raises(ubiops.ApiConnectionError) as caught:
        call(client)
    assert "did you mean" not in str(caught.value)


# --- plain http -----------------------------------------------------------------------


def test_plain_http_to_another_machine_with_a_token_warns_once(wire: WireFor) -> None:
    """A proxy on loopback stands for the other machine."""
    proxy = wire(RESPONSE)
    with client_of("http://api.example.com", proxy=proxy.origin) as client:
        with pytest.warns(UserWarning, match="the token goes to api.example.com without encryption") as caught:
            assert call(client) == [1]
            proxy.hang_up()
            assert call(client) == [1]
        assert len(caught) == 1
        assert TOKEN not in str(caught[0].message)


def test_plain_http_with_a_token_in_a_default_header_warns_too(wire: WireFor) -> None:
    proxy = wire(RESPONSE)
    with client_of("http://api.example.com", proxy=proxy.origin, api_key=None) as client:
        client.set_default_header("authorization", f"Bearer {TOKEN}")
        with pytest.warns(UserWarning, match="the token goes to api.example.com without encryption"):
            assert call(client) == [1]


def test_plain_http_without_a_token_or_on_this_machine_does_not_warn(wire: WireFor) -> None:
    server = wire(RESPONSE)
    with client_of("http://api.example.com", proxy=server.origin, api_key=None) as client:
        assert call(client) == [1]
    hosts = [server.host, f"http://localhost:{server.port}"]
    if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6"):
        hosts.append("http://[::1]:9")
    for host in hosts:
        with client_of(host, max_retries=0) as client:
            if "::1" in host:
                with pytest.raises(ubiops.ApiConnectionError):
                    call(client)
            else:
                assert call(client) == [1]


@pytest.mark.parametrize(
    "host", ["127.0.0.1.example.com", "127.evil.example", "localhost.example.com", "10.0.0.1", "[::2]"]
)
def test_a_name_that_only_looks_like_loopback_warns(host: str, wire: WireFor) -> None:
    proxy = wire(RESPONSE)
    with (
        client_of(f"http://{host}", proxy=proxy.origin) as client,
        pytest.warns(UserWarning, match="without encryption"),
    ):
        call(client)
