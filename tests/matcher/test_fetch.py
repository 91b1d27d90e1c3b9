"""Fetching: public addresses only, the vetted one and no other, and an end to every wait."""

from __future__ import annotations

import gzip
import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.addresses import Allowed, is_public
from matcher.config import FetchSettings
from matcher.errors import FetchError
from matcher.fetch import Fetcher

PICTURE = b"\x89PNG pretend" * 100
Page = Callable[["Shop"], None]


class Shop(BaseHTTPRequestHandler):
    """A web shop on this machine, some of whose pages mean harm; it notes what it was asked."""

    protocol_version = "HTTP/1.1"
    pages: dict[str, Page]
    seen: list[tuple[str, dict[str, str]]]

    def do_GET(self) -> None:
        self.seen.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
        page = self.pages.get(self.path)
        self.answer(404, b"gone") if page is None else page(self)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class QuietServer(ThreadingHTTPServer):
    """Clients that hang up are what is tested, not an error of the server."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


@contextmanager
def shop(pages: dict[str, Page], context: ssl.SSLContext | None = None) -> Iterator[tuple[str, type[Shop]]]:
    """A running shop: its address, and the class that holds what it has seen."""
    handler = type("ThisShop", (Shop,), {"pages": pages, "seen": []})
    server = QuietServer(("127.0.0.1", 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", handler
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def fetcher(max_bytes: int = 100_000, **changes: Any) -> Fetcher:
    """One that may speak to this machine, unless told otherwise."""
    resolver = changes.pop("resolver", None)
    context = changes.pop("ssl_context", None)
    settings = FetchSettings(**{"allow_hosts": ("127.0.0.0/8",), "timeout_seconds": 5.0, **changes})
    extra = {"resolver": resolver} if resolver else {}
    return Fetcher(settings, max_bytes, ssl_context=context, **extra)


def refusal(fetching: Fetcher, url: str) -> str:
    with fetching, pytest.raises(FetchError) as caught:
        fetching.fetch(url)
    assert caught.value.source == url
    assert "\n" not in str(caught.value)
    return caught.value.reason


def to(location: str) -> Page:
    return lambda page: page.answer(302, Location=location)


def test_a_picture_is_fetched_without_cookies_proxies_or_compression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    pages: dict[str, Page] = {"/a.png?size=2": lambda page: page.answer(200, PICTURE, Set_Cookie="visitor=7")}
    with shop(pages) as (host, seen), fetcher() as fetching:
        for _ in range(3):
            assert fetching.fetch(f"http://{host}/a.png?size=2#top") == PICTURE
        for path, headers in seen.seen:
            assert path == "/a.png?size=2"
            assert headers["accept-encoding"] == "identity"
            assert headers["host"] == host
            assert "cookie" not in headers


def test_redirects_are_followed_also_relative_ones_up_to_the_limit() -> None:
    pages: dict[str, Page] = {
        "/a": to("b/c?x=1"),
        "/b/c?x=1": to("/d"),
        "/picture": lambda page: page.answer(200, PICTURE),
        "/loop": to("/loop"),
        "/nowhere": lambda page: page.answer(302),
        "/bad": to("http://[broken"),
    }
    with shop(pages) as (host, _):
        pages["/d"] = to(f"//{host}/picture")
        with fetcher() as fetching:
            assert fetching.fetch(f"http://{host}/a") == PICTURE
        assert "fetch.max_redirects" in refusal(fetcher(max_redirects=2), f"http://{host}/a")
        assert "redirects more than 3 times" in refusal(fetcher(), f"http://{host}/loop")
        assert "without saying where" in refusal(fetcher(), f"http://{host}/nowhere")
        assert "not a valid URL" in refusal(fetcher(), f"http://{host}/bad")


@pytest.mark.parametrize(
    "inside",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://[fe80::1]/",
        "http://[64:ff9b::a00:1]/",
        "http://[2002:a00:1::]/",
        "http://100.100.100.200/",
        "http://0.0.0.0/",
    ],
)
def test_a_redirect_into_the_network_behind_is_refused(inside: str) -> None:
    with shop({"/a": to(inside)}) as (host, _):
        assert "not a public address" in refusal(fetcher(), f"http://{host}/a")


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/a", "gopher://127.0.0.1/", "data:,x"]
)
def test_a_redirect_to_another_scheme_is_refused(location: str) -> None:
    with shop({"/a": to(location)}) as (host, _):
        assert "only http and https" in refusal(fetcher(), f"http://{host}/a")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "0"])
def test_this_machine_is_refused_however_it_is_written(name: str) -> None:
    reason = refusal(fetcher(allow_hosts=()), f"http://{name}:1/a.png")
    assert "not a public address" in reason or "cannot be found" in reason


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.com/a.png", "only http and https"),
        ("/a.png", "only http and https"),
        ("http://", "without a host"),
        ("http:///a.png", "without a host"),
        ("http://user:secret@example.com/a.png", "user name or password"),
        ("http://example.com:99999999/", "not a valid URL"),
        ("http://example.com:0/", "not a valid URL"),
        ("http://exa mple.com/", "not a valid URL"),
        ("http://[::1/", "not a valid URL"),
        ("http://exa\x00mple.com/", "not a valid URL"),
        ("http://example.com/" + "a" * 9_000, "more than 8192 characters"),
    ],
)
def test_a_url_that_is_not_plain_is_refused_before_anything_is_asked(url: str, reason: str) -> None:
    def never(host: str, port: int) -> list[str]:
        raise AssertionError("no name should be looked up")

    assert reason in refusal(fetcher(resolver=never), url)


def test_a_host_is_resolved_once_and_connected_to_where_it_was_vetted() -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    with shop({"/a": lambda page: page.answer(200, PICTURE)}) as (host, seen):
        port = host.rpartition(":")[2]
        with fetcher(resolver=lambda name, port: next(answers)) as fetching:
            assert fetching.fetch(f"http://shop.example:{port}/a") == PICTURE
        assert seen.seen[0][1]["host"] == f"shop.example:{port}"


def test_a_name_that_turns_private_for_the_second_request_is_refused_then() -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.1", "192.168.0.7"]])
    pages: dict[str, Page] = {}
    with shop(pages) as (host, _):
        port = host.rpartition(":")[2]
        pages["/a"] = to(f"http://other.example:{port}/b")
        reason = refusal(fetcher(resolver=lambda name, port: next(answers)), f"http://shop.example:{port}/a")
        assert reason.startswith("leads to 192.168.0.7, not a public address")


def test_a_host_may_be_allowed_by_name() -> None:
    with shop({"/a": lambda page: page.answer(200, PICTURE)}) as (host, _):
        port = host.rpartition(":")[2]
        resolver = lambda name, port: ["127.0.0.1"]  # noqa: E731
        with fetcher(allow_hosts=("Shop.Example",), resolver=resolver) as fetching:
            assert fetching.fetch(f"http://shop.example:{port}/a") == PICTURE
        assert "not a public" in refusal(
            fetcher(allow_hosts=("shop.example",), resolver=resolver), f"http://b.example:{port}/a"
        )


def test_a_second_address_is_tried_when_the_first_does_not_answer() -> None:
    with shop({"/a": lambda page: page.answer(200, PICTURE)}) as (host, _), socket.socket() as silent:
        silent.bind(("127.0.0.2", 0))  # bound, not listening
        port = host.rpartition(":")[2]
        with fetcher(resolver=lambda name, port: ["127.0.0.2", "127.0.0.1"]) as fetching:
            assert fetching.fetch(f"http://shop.example:{port}/a") == PICTURE


def test_names_that_cannot_be_found_and_look_ups_that_hang_are_refused() -> None:
    def missing(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    release = threading.Event()

    def hanging(host: str, port: int) -> list[str]:
        release.wait(20)
        return []

    assert "cannot be found" in refusal(fetcher(resolver=missing), "http://shop.example/a")
    assert "fetch.timeout_seconds" in refusal(
        fetcher(resolver=hanging, timeout_seconds=0.2), "http://shop.example/a"
    )
    release.set()
    assert "no address" in refusal(fetcher(resolver=lambda host, port: []), "http://shop.example/a")
    assert "which is no address" in refusal(
        fetcher(resolver=lambda host, port: ["::1%x%"]), "http://shop.example/a"
    )


def test_too_large_a_picture_is_refused_announced_or_not() -> None:
    def unannounced(page: Shop) -> None:
        page.send_response(200)
        page.send_header("Connection", "close")
        page.end_headers()
        for _ in range(1_000):
            page.wfile.write(bytes(1_000))

    pages: dict[str, Page] = {
        "/announced": lambda page: page.answer(200, b"", Content_Length="99999999"),
        "/unannounced": unannounced,
        "/exact": lambda page: page.answer(200, bytes(100_000)),
    }
    with shop(pages) as (host, _):
        assert "images.max_bytes" in refusal(fetcher(), f"http://{host}/announced")
        assert "images.max_bytes" in refusal(fetcher(), f"http://{host}/unannounced")
        with fetcher() as fetching:
            assert len(fetching.fetch(f"http://{host}/exact")) == 100_000


def test_a_compressed_answer_is_unpacked_up_to_the_limit() -> None:
    pages: dict[str, Page] = {
        "/a": lambda page: page.answer(200, gzip.compress(PICTURE), Content_Encoding="gzip"),
        "/bomb": lambda page: page.answer(200, gzip.compress(bytes(50_000_000)), Content_Encoding="gzip"),
        "/br": lambda page: page.answer(200, b"x", Content_Encoding="br"),
        "/broken": lambda page: page.answer(200, b"not gzip", Content_Encoding="gzip"),
    }
    with shop(pages) as (host, _):
        with fetcher() as fetching:
            assert fetching.fetch(f"http://{host}/a") == PICTURE
        assert "images.max_bytes" in refusal(fetcher(), f"http://{host}/bomb")
        assert "compressed as 'br'" in refusal(fetcher(), f"http://{host}/br")
        assert "compression is broken" in refusal(fetcher(), f"http://{host}/broken")


@pytest.mark.parametrize("where", ["headers", "body", "silence"])
def test_a_server_that_drips_is_left_at_the_deadline(where: str) -> None:
    stop = threading.Event()

    def drip(page: Shop) -> None:
        if where == "silence":
            stop.wait(20)
            return
        page.wfile.write(
            b"HTTP/1.1 200 OK\r\n" + (b"" if where == "headers" else b"Content-Length: 9999\r\n\r\n")
        )
        for _ in range(400):
            if stop.wait(0.05):
                return
            page.wfile.write(b"a")
            page.wfile.flush()

    with shop({"/a": drip}) as (host, _):
        began = time.monotonic()
        reason = refusal(fetcher(timeout_seconds=0.4), f"http://{host}/a")
        waited = time.monotonic() - began
        stop.set()
    assert "took over 0.4 seconds" in reason
    assert waited < 15, "it would have dripped for 20 seconds"


def test_less_time_than_the_settings_give_is_kept_to_and_more_is_not() -> None:
    release = threading.Event()

    def hanging(host: str, port: int) -> list[str]:
        release.wait(20)
        return []

    with fetcher(resolver=hanging, timeout_seconds=0.3) as fetching:
        with pytest.raises(FetchError, match=r"took over 0\.2 seconds \(its share of scan\.listing_"):
            fetching.fetch("http://shop.example/a", 0.2)
        with pytest.raises(FetchError, match=r"took over 0\.3 seconds \(fetch\.timeout_seconds\)"):
            fetching.fetch("http://shop.example/a", 9.0)
    release.set()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000,
    ],
)
def test_a_broken_answer_is_one_refusal(answer: bytes) -> None:
    def broken(page: Shop) -> None:
        page.wfile.write(answer)
        page.close_connection = True

    with shop({"/a": broken}) as (host, _):
        assert "cannot be fetched" in refusal(fetcher(), f"http://{host}/a")


def test_other_answers_than_a_picture_are_refused_by_their_status() -> None:
    pages: dict[str, Page] = {
        "/teapot": lambda page: page.answer(418, b"no"),
        "/empty": lambda page: page.answer(204),
    }
    with shop(pages) as (host, _):
        assert "HTTP status 418" in refusal(fetcher(), f"http://{host}/teapot")
        assert "HTTP status 404" in refusal(fetcher(), f"http://{host}/missing")
        assert "HTTP status 204" in refusal(fetcher(), f"http://{host}/empty")


def test_threads_may_share_a_fetcher() -> None:
    pages: dict[str, Page] = {f"/{n}": (lambda page, n=n: page.answer(200, b"%d" % n)) for n in range(24)}  # type: ignore[misc]
    with shop(pages) as (host, _), fetcher() as fetching, ThreadPoolExecutor(6) as pool:
        bodies = list(pool.map(lambda n: fetching.fetch(f"http://{host}/{n}"), range(24)))
    assert bodies == [b"%d" % n for n in range(24)]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and key, in one file, for shop.example and nothing else."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    path = tmp_path_factory.mktemp("tls") / "shop.pem"
    subprocess.run(
        [
            openssl,
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=shop.example",
            "-addext",
            "subjectAltName=DNS:shop.example",
            "-keyout",
            str(path),
            "-out",
            str(path.with_suffix(".crt")),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


def test_the_certificate_is_verified_for_the_name_although_an_address_is_connected_to(
    certificate: Path,
) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    trusting = httpx.create_ssl_context(trust_env=False)
    trusting.load_verify_locations(certificate.with_suffix(".crt"))
    here = lambda name, port: ["127.0.0.1"]  # noqa: E731
    with shop({"/a": lambda page: page.answer(200, PICTURE)}, serving) as (host, _):
        port = host.rpartition(":")[2]
        with fetcher(resolver=here, ssl_context=trusting) as fetching:
            assert fetching.fetch(f"https://shop.example:{port}/a") == PICTURE
        wrong = refusal(fetcher(resolver=here, ssl_context=trusting), f"https://other.example:{port}/a")
        assert "certificate" in wrong.lower()
        assert "certificate" in refusal(fetcher(resolver=here), f"https://shop.example:{port}/a").lower()


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "168.63.129.16",
        "169.254.169.254",
        "172.31.0.1",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "fec0::1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        "100::1",
        "2606:4700::5efe:a00:1",
    ],
)
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)
def test_ordinary_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses())
def test_nothing_is_public_that_python_calls_private_or_special(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    special = (
        address.is_private,
        address.is_loopback,
        address.is_link_local,
        address.is_multicast,
        address.is_reserved,
    )
    carried = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    if any(special) and not carried and address not in ipaddress.ip_network("64:ff9b::/96"):
        assert not is_public(address)


def test_a_network_is_allowed_also_when_its_address_comes_wrapped() -> None:
    allowed = Allowed(("10.0.0.0/8", "fd00::/8", "Images.Example."))
    assert allowed.permits("a", ipaddress.ip_address("10.2.3.4"))
    assert allowed.permits("a", ipaddress.ip_address("::ffff:10.2.3.4"))
    assert allowed.permits("a", ipaddress.ip_address("fd00::7"))
    assert allowed.permits("images.example", ipaddress.ip_address("127.0.0.1"))
    assert not allowed.permits("images.example.evil", ipaddress.ip_address("127.0.0.1"))
    assert not allowed.permits("a", ipaddress.ip_address("192.168.0.1"))
