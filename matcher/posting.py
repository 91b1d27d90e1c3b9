"""Sends a message to a URL: to the very address that was vetted, over TLS, within limits of time."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import httpcore
import httpx

from matcher.addresses import Allowed
from matcher.config import FetchSettings
from matcher.connections import Refused, Resolver, VettedBackend, deadline, resolve, said
from matcher.errors import FetchError
from matcher.fetch import checked


class Poster:
    """Posts by https; a context manager, safe to share by threads.

    Hosts are vetted as those that images are fetched from are. Plain http is for hosts that
    `settings.allow_hosts` names. A redirect is no success, and is not followed.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        resolver: Resolver = resolve,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._allowed = Allowed(settings.allow_hosts)
        self._backend = VettedBackend(self._allowed, resolver)
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context or httpx.create_ssl_context(trust_env=False),
            max_connections=16, max_keepalive_connections=0, network_backend=self._backend,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def vet(self, url: str) -> None:
        """Raise `FetchError` where nothing would be sent to `url` as things stand."""
        token = deadline.set(time.monotonic() + self._settings.timeout_seconds)
        try:
            target = self._target(url)
            self._backend.vet(target.host, target.port or (443 if target.scheme == "https" else 80))
        except Refused as error:
            raise FetchError(url, str(error)) from error
        except httpcore.TimeoutException as error:
            raise FetchError(url, "has a host that is not found in time") from error
        finally:
            deadline.reset(token)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer, whose body is not read; raises `FetchError` where there is none."""
        token = deadline.set(time.monotonic() + self._settings.timeout_seconds)
        try:
            return self._post(self._target(url), body, headers)
        except Refused as error:
            raise FetchError(url, str(error)) from error
        except httpcore.TimeoutException as error:
            limit = f"{self._settings.timeout_seconds:g} seconds (fetch.timeout_seconds)"
            raise FetchError(url, f"did not answer within {limit}") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise FetchError(url, f"cannot be reached: {said(error)}") from error
        finally:
            deadline.reset(token)

    def _target(self, url: str) -> httpx.URL:
        target = checked(url)
        if target.scheme != "https" and not self._allowed.names(target.host):
            raise Refused("is not https, as it must be for hosts that fetch.allow_hosts does not name")
        return target

    def _post(self, target: httpx.URL, body: bytes, headers: Mapping[str, str]) -> int:
        limit = self._settings.timeout_seconds
        fields: dict[bytes | str, bytes | str] = {
            "Host": target.netloc.decode("ascii"),
            "User-Agent": self._settings.user_agent,
            "Content-Length": str(len(body)),
        }
        fields.update(headers)
        address = httpcore.URL(
            scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
        )
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), limit)
        with self._pool.stream(
            "POST", address, headers=fields, content=body, extensions={"timeout": timeouts}
        ) as response:
            return response.status
