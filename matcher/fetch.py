"""Fetches an image by URL, from the very address that was vetted, within limits of size, time and hops."""

from __future__ import annotations

import re
import ssl
import time
import zlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpcore
import httpx

from matcher.addresses import Allowed
from matcher.config import FetchSettings
from matcher.connections import Refused, Resolver, VettedBackend, deadline, resolve, said
from matcher.errors import FetchError

_MAX_URL = 8_192
_HOST = re.compile(rb"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Fetcher:
    """Fetches images by http and https; a context manager, safe to share by threads.

    Every host, also each redirect's, is resolved once and connected to at an address that was vetted:
    private, loopback, link-local and other special addresses are refused unless `settings.allow_hosts` names
    the host or a network that holds the address. No proxies, no cookies, no credentials; certificates are
    verified for the host name. Time is counted over the whole exchange, name look-up included.
    """

    def __init__(
        self,
        settings: FetchSettings,
        max_bytes: int,
        *,
        resolver: Resolver = resolve,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._max_bytes = max_bytes
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context or httpx.create_ssl_context(trust_env=False),
            max_connections=16,
            max_keepalive_connections=4,
            keepalive_expiry=5.0,
            network_backend=VettedBackend(Allowed(settings.allow_hosts), resolver),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._pool.close()

    def fetch(self, url: str, within: float | None = None) -> bytes:
        """The body at `url`, at most `max_bytes` bytes; raises `FetchError`.

        `within`: seconds of its listing's time that it may take, where those are fewer than the settings'.
        """
        seconds, setting = self._settings.timeout_seconds, "fetch.timeout_seconds"
        if within is not None and within < seconds:
            seconds, setting = within, "its share of scan.listing_timeout_seconds"
        token = deadline.set(time.monotonic() + seconds)
        try:
            return self._follow(url)
        except Refused as error:
            raise FetchError(url, str(error)) from error
        except httpcore.TimeoutException as error:
            raise FetchError(url, f"took over {seconds:.3g} seconds ({setting})") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise FetchError(url, f"cannot be fetched: {said(error)}") from error
        finally:
            deadline.reset(token)

    def _follow(self, url: str) -> bytes:
        target = checked(url)
        for _ in range(self._settings.max_redirects + 1):
            found = self._get(target)
            if isinstance(found, bytes):
                return found
            target = checked(str(found))
        raise Refused(f"redirects more than {self._settings.max_redirects} times (fetch.max_redirects)")

    def _get(self, target: httpx.URL) -> bytes | httpx.URL:
        """The body, or where the answer redirects to."""
        limit = self._settings.timeout_seconds
        headers: dict[bytes | str, bytes | str] = {
            "Host": target.netloc.decode("ascii"),
            "User-Agent": self._settings.user_agent,
            "Accept": "image/*, */*;q=0.1",
            "Accept-Encoding": "identity",
        }
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), limit)
        address = httpcore.URL(
            scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
        )
        with self._pool.stream("GET", address, headers=headers, extensions={"timeout": timeouts}) as response:
            if response.status in _REDIRECTS:
                return _location(target, response)
            if response.status != 200:
                raise Refused(f"answered with HTTP status {response.status}")
            return self._body(response)

    def _body(self, response: httpcore.Response) -> bytes:
        announced = _header(response, b"content-length")
        if announced.isdigit() and int(announced) > self._max_bytes:
            raise self._too_large()
        decompress = _decompressor(_header(response, b"content-encoding"))
        parts, size = [], 0
        for chunk in response.iter_stream():
            part = decompress(chunk, self._max_bytes + 1 - size)
            size += len(part)
            if size > self._max_bytes:
                raise self._too_large()
            parts.append(part)
        return b"".join(parts)

    def _too_large(self) -> Refused:
        return Refused(f"is larger than {self._max_bytes:,} bytes (images.max_bytes)")


def checked(url: str) -> httpx.URL:
    """The parsed URL, without fragment; refuses what is not a plain http(s) URL."""
    if len(url) > _MAX_URL:
        raise Refused(f"is a URL of more than {_MAX_URL} characters")
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, UnicodeError) as error:
        raise Refused(f"is not a valid URL: {said(error)}") from error
    if parsed.scheme not in ("http", "https"):
        raise Refused(f"has the scheme {parsed.scheme!r}; only http and https are fetched")
    if not parsed.host:
        raise Refused("is a URL without a host")
    if not _HOST.fullmatch(parsed.raw_host) or not (parsed.port is None or 1 <= parsed.port <= 65_535):
        raise Refused("is not a valid URL: its host or port cannot be")
    if parsed.userinfo:
        raise Refused("holds a user name or password, which is refused")
    return parsed.copy_with(fragment=None)


def _location(target: httpx.URL, response: httpcore.Response) -> httpx.URL:
    location = _header(response, b"location")
    if not location:
        raise Refused("redirects without saying where to")
    try:
        return target.join(location)
    except (httpx.InvalidURL, ValueError, UnicodeError) as error:
        raise Refused("redirects to what is no valid URL") from error


def _header(response: httpcore.Response, name: bytes) -> str:
    return next(
        (value.decode("latin-1").strip() for key, value in response.headers if key.lower() == name), ""
    )


def _decompressor(encoding: str) -> Callable[[bytes, int], bytes]:
    """A function of a chunk and how many bytes to give at most: a server may compress though asked not to."""
    if encoding.lower() in ("", "identity"):
        return lambda chunk, wanted: chunk
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        raise Refused(f"came compressed as {encoding[:20]!r}, which was not asked for")
    inflater = zlib.decompressobj(wbits=47)

    def inflate(chunk: bytes, wanted: int) -> bytes:
        try:
            return inflater.decompress(chunk, max(wanted, 1))
        except zlib.error as error:
            raise Refused("came compressed, and the compression is broken") from error

    return inflate
