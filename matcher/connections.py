"""Opens network connections to vetted addresses only, each wait of which ends at a deadline."""

from __future__ import annotations

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any

import httpcore

from matcher.addresses import Allowed

Resolver = Callable[[str, int], list[str]]
"""Host name and port to IP addresses; raises `OSError`."""

deadline: ContextVar[float] = ContextVar("deadline")
"""When the exchange under way in this thread must be over, by `time.monotonic`."""

_MAX_ADDRESSES = 4


class Refused(Exception):  # noqa: N818
    """Why a URL is not fetched; `str()` continues the sentence 'this URL …'."""


def resolve(host: str, port: int) -> list[str]:
    """Every address of `host`, in the system's order of preference; raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def said(error: BaseException) -> str:
    """What an exception says, as one short line."""
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return " ".join(text.split())[:160] or type(error).__name__


def _remaining() -> float:
    left = deadline.get() - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left


class VettedBackend(httpcore.NetworkBackend):
    """Opens connections for the pool: resolves, vets, and connects to an address that passed."""

    def __init__(self, allowed: Allowed, resolver: Resolver) -> None:
        self._allowed = allowed
        self._resolver = resolver
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first vetted address of `host` that answers."""
        failure: httpcore.NetworkError = httpcore.ConnectError(f"{host} has no address")
        for address in self.vet(host, port)[:_MAX_ADDRESSES]:
            try:
                return _Stream(self._sockets.connect_tcp(address, port, _remaining(), None, socket_options))
            except httpcore.NetworkError as error:
                failure = error
        raise failure

    def vet(self, host: str, port: int) -> list[str]:
        """Every address of the host; one that may not be spoken to condemns them all (`Refused`)."""
        addresses = _within(_remaining(), lambda: self._resolver(host, port))
        for text in addresses:
            try:
                address = ipaddress.ip_address(text)
            except ValueError as error:
                raise Refused(f"leads to {text!r}, which is no address") from error
            if not self._allowed.permits(host, address):
                raise Refused(f"leads to {address}, not a public address (fetch.allow_hosts can allow it)")
        return addresses


def _within(seconds: float, look_up: Callable[[], list[str]]) -> list[str]:
    """Run a name look-up, which knows no time limit, in a thread that is left behind when it hangs."""
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put(look_up())
        except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
            answers.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty as error:
        raise httpcore.ConnectTimeout from error
    if isinstance(answer, (OSError, UnicodeError)):
        raise Refused(f"has a host that cannot be found: {said(answer)}") from answer
    if isinstance(answer, Exception):
        raise answer
    return answer


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait ends at the fetch's deadline, so that a server cannot drip for ever."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _remaining())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _remaining())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _remaining()))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
