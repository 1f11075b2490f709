"""Encrypted connections to other servers."""

import ssl
from datetime import timedelta

import pytest

from tests.support.certificates import self_signed
from tests.support.outbound_requests import both_calls, both_loops, saying
from torale.outbound.replies import Failure, Unreachable


@pytest.fixture
def make_tls(tmp_path):
    """Make a self-signed certificate: a server's context, and the file that a caller trusts."""

    def make(*, name="shop.example", valid_for=timedelta(days=1)):
        path = tmp_path / "certificate.pem"
        path.write_bytes(b"".join(self_signed(name, valid_for=valid_for)))
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(path)
        return server, path

    return make


OK = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")


@both_calls
@both_loops
def test_a_server_with_a_trusted_certificate_is_called_over_tls(
    start_server, make_tls, call, loop_factory
):
    server_side, trusting = make_tls()
    server = start_server(OK, server_side)

    reply = call(f"https://shop.example:{server.port}/", tls=trusting, loop_factory=loop_factory)

    assert (reply.status, reply.body) == (200, b"ok")


@both_calls
@both_loops
def test_a_self_signed_certificate_is_not_trusted(start_server, make_tls, call, loop_factory):
    server_side, _ = make_tls()
    server = start_server(OK, server_side)

    with pytest.raises(Unreachable) as error:
        call(f"https://shop.example:{server.port}/", loop_factory=loop_factory)

    assert error.value.kind == Failure.TLS
    assert str(error.value) == (
        "The TLS certificate of shop.example is not valid: self-signed certificate."
    )


@both_calls
@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ({"valid_for": timedelta(days=-1)}, "certificate has expired"),
        (
            {"name": "other.example"},
            "Hostname mismatch, certificate is not valid for 'shop.example'",
        ),
    ],
    ids=["expired", "another's"],
)
def test_a_certificate_that_is_not_valid_is_told_with_the_reason(
    start_server, make_tls, call, certificate, reason
):
    server_side, trusting = make_tls(**certificate)
    server = start_server(OK, server_side)

    with pytest.raises(Unreachable) as error:
        call(f"https://shop.example:{server.port}/", tls=trusting)

    assert error.value.kind == Failure.TLS
    assert str(error.value) == f"The TLS certificate of shop.example is not valid: {reason}."


@both_calls
@both_loops
def test_a_server_that_does_not_encrypt_is_told_as_a_failure_of_tls(
    start_server, call, loop_factory
):
    def answer_in_clear(server, connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        server.wait()

    server = start_server(answer_in_clear)

    with pytest.raises(Unreachable) as error:
        call(f"https://shop.example:{server.port}/", loop_factory=loop_factory)

    assert error.value.kind == Failure.TLS
    assert str(error.value) == f"No TLS connection to shop.example:{server.port} could be made."
