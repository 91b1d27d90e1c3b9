"""A server on this machine that misbehaves as told."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Files:
    """What the server has and how it behaves.

    `breaks_after`: bytes after which each connection closes; `ranges`: whether it knows ranges; `tag`: its
    entity tag; `status`: what it answers instead; `seen`: method and Range of every request.
    """

    content: dict[str, bytes]
    breaks_after: int | None = None
    ranges: bool = True
    tag: str = '"one"'
    status: int = 200
    packed: bool = False
    location: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    @property
    def asked(self) -> list[str]:
        """The Range of every GET, empty where it asked for all."""
        return [wanted for method, wanted in self.seen if method == "GET"]


@contextmanager
def serving(files: Files) -> Iterator[Files]:
    """Serve `files` on 127.0.0.1 while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            files.seen.append((self.command, self.headers.get("Range", "")))
            blob = files.content.get(self.path.lstrip("/"))
            if files.location or blob is None or files.status != 200:
                self.send_response(302 if files.location else 404 if blob is None else files.status)
                self.send_header("Location", files.location)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start = self.start(len(blob))
            if start > len(blob) or (start and start == len(blob)):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(blob)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(blob) - 1}/{len(blob)}")
            if files.tag:
                self.send_header("ETag", files.tag)
            if files.packed:
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(blob) - start))
            self.end_headers()
            if body:
                left = blob[start:]
                self.wfile.write(left if files.breaks_after is None else left[: files.breaks_after])
                if files.breaks_after is not None and files.breaks_after < len(left):
                    self.close_connection = True

        def start(self, size: int) -> int:
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            same = self.headers.get("If-Range", files.tag) == files.tag
            return int(wanted[1]) if wanted and files.ranges and same else 0

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    files.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield files
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
