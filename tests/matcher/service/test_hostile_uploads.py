"""Uploads made to harm: hidden kinds, links, bombs, and addresses that lead inside by a detour."""

from __future__ import annotations

import io
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from matcher.config import FetchSettings
from tests.matcher import drawn
from tests.matcher.service.conftest import Start
from tests.matcher.service.tenants import png, tenant, zipped
from tests.matcher.service.test_app import problem
from tests.matcher.service.test_catalog import add_brand
from tests.matcher.service.test_jobs import QUICK, ended
from tests.matcher.service.test_uploads import SVG, send
from tests.matcher.service.web.people import person

SCRIPT = b"<script>alert(document.cookie)</script>"
MIB = 2**20
ALLOWED = "127.0.0.2"
"""An address of this machine that the settings allow; the others are inside, and are not."""


def with_text(blob: bytes, text: bytes) -> bytes:
    """The PNG with a text chunk before its end."""
    chunk = b"tEXtComment\0" + text
    made = struct.pack(">L", len(chunk) - 4) + chunk + struct.pack(">L", zlib.crc32(chunk))
    return blob[:-12] + made + blob[-12:]


def hostile() -> dict[str, tuple[bytes, str]]:
    """Files of one ZIP by name: what they hold, and a part of why each is refused."""
    jpeg = drawn.jpeg(drawn.product(4))
    inner = zipped({"page.html": SCRIPT})
    return {
        "drawing.svg": (SVG, "looks like SVG"),
        "drawing.png": (SVG, "looks like SVG"),
        "page.jpg": (b"<html>" + SCRIPT, "looks like HTML"),
        "nested.zip": (zipped({"a.png": png(1)}), "looks like a ZIP archive"),
        "jar.jpg": (jpeg + inner, "a ZIP archive at once"),
        "paper.jpg": (jpeg[:2] + b"\xff\xfe\x00\x0b%PDF-1.7\0" + jpeg[2:], "a PDF at once"),
        "packed.png": (png(5) + b"Rar!\x1a\x07\x00", "a RAR archive at once"),
        "../../escape.png": (png(6), "leads out"),
        "/etc/passwd.png": (png(6), "absolute"),
        "program.png": (b"MZ\x90\0" + bytes(100), "looks like a program"),
    }


def archive_of(files: dict[str, tuple[bytes, str]]) -> bytes:
    """The files and a good one, a symbolic link and a bomb beside them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("good.png", png(2))
        archive.writestr("filler.bin", bytes(range(256)) * 4_000)
        for name, (blob, _) in files.items():
            archive.writestr(zipfile.ZipInfo(name), blob)
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb.png", bytes(8 * MIB), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def test_a_zip_of_every_trick_gives_one_reference_and_a_reason_for_each_of_the_rest(
    start: Start, tmp_path: Path
) -> None:
    client = start(settings=QUICK)
    owner, files = tenant(client), hostile()
    job = ended(owner, send(owner, add_brand(owner), archive_of(files)).json()["job_id"])
    assert (job["state"], job["result"]["added"]) == ("done", 1), job
    rows = owner.get(f"/v1/jobs/{job['job_id']}/rows", params={"outcome": "failed"}).json()["items"]
    told = {row["reference_id"].rpartition("/")[2]: row["reasons"] for row in rows}
    wanted = {name.rpartition("/")[2]: reason for name, (_, reason) in files.items()}
    wanted |= {"link.png": "is a symbolic link", "bomb.png": "-fold", "filler": "is no known image"}
    for name, reason in wanted.items():
        found = told.get(name) or told[name.rpartition(".")[0]]
        assert reason in found, (name, told)
    assert len(rows) == len(wanted)
    assert [one["reference_id"] for one in owner.get("/v1/references").json()["items"]] == ["good"]
    assert not (tmp_path / "escape.png").exists()
    page = person(client, "kim").page(f"/scans/{job['job_id']}")
    assert "Pack the file itself, not a link to it." in page
    assert "<script>alert" not in page


def test_what_hides_in_a_picture_is_not_kept_and_nothing_goes_out_as_a_page(start: Start) -> None:
    client = start(settings=QUICK)
    owner, brand = tenant(client), 0
    brand = add_brand(owner)
    files = {
        "text.png": with_text(png(1), SCRIPT),
        "comment.jpg": drawn.jpeg(drawn.product(2), comment=SCRIPT),
        "behind.png": png(3) + SCRIPT,
        "flash.gif": gif() + SCRIPT,
    }
    photos = [("photos", file) for file in files.items()]
    told = owner.post(f"/v1/brands/{brand}/images", files=photos).json()["images"]
    assert [one["outcome"] for one in told] == ["added"] * 4, told
    kim = person(client, "kim")
    for one in owner.get("/v1/references").json()["items"]:
        for answer in (
            owner.get(f"/v1/references/{one['number']}/images/0"),
            kim.get(f"/references/{one['number']}/images/0"),
        ):
            assert SCRIPT not in answer.content
            assert answer.headers["content-type"].startswith("image/")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in answer.headers["content-security-policy"]


def gif() -> bytes:
    buffer = io.BytesIO()
    drawn.product(7).save(buffer, "GIF")
    return buffer.getvalue()


@contextmanager
def leading_inside(inside: str) -> Iterator[tuple[str, list[str]]]:
    """A server whose every answer leads to `inside`, and the paths that it was asked for."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", inside.replace("PORT", str(self.server.server_address[1])))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    try:
        made = ThreadingHTTPServer((ALLOWED, 0), Answer)
    except OSError:
        pytest.skip(f"{ALLOWED} is no address of this machine")
    with made as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://{ALLOWED}:{server.server_port}", asked
        finally:
            server.shutdown()
            serving.join()


@pytest.mark.parametrize(
    "inside",
    [
        "http://169.254.169.254/latest/meta-data/iam/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://127.0.0.1:PORT/secret.png",
        "http://localhost:PORT/secret.png",
        "http://[::ffff:127.0.0.1]:PORT/secret.png",
        "http://2130706433:PORT/secret.png",
        "http://0x7f.1:PORT/secret.png",
        "http://0.0.0.0:PORT/secret.png",
        "http://10.0.0.1/secret.png",
        "file:///etc/passwd",
        "gopher://127.0.0.1:PORT/_x",
    ],
)
def test_an_address_that_leads_inside_by_a_redirect_is_refused_wherever_it_is_given(
    start: Start, inside: str
) -> None:
    settings = QUICK.model_copy(update={"fetch": FetchSettings(allow_hosts=(ALLOWED,))})
    owner = tenant(start(settings=settings))
    add_brand(owner)
    with leading_inside(inside) as (server, asked):
        refused = problem(owner.post("/v1/check", json={"images": [f"{server}/a.png"]}), 422)
        assert_inside(str(refused), asked)
        hashed = owner.get("/h/hash", params={"url": f"{server}/a.png"})
        assert hashed.status_code == 400
        assert_inside(hashed.text, asked)
        rows = f"reference_id,image,brand\nR,{server}/a.png,Acme\n".encode()
        job = ended(owner, owner.post("/v1/imports", files=[("manifest", ("t.csv", rows))]).json()["job_id"])
        assert_inside(str(job["result"]["failures"]), asked)
    assert set(asked) == {"/a.png"}, "nothing but the first address was asked for"


def test_nor_does_a_scan_follow_it(start: Start) -> None:
    settings = QUICK.model_copy(update={"fetch": FetchSettings(allow_hosts=(ALLOWED,))})
    owner = tenant(start(settings=settings))
    with leading_inside("http://169.254.169.254/latest/meta-data/") as (server, asked):
        rows = f"listing_id,image\nL,{server}/a.png\n".encode()
        job = ended(owner, owner.post("/v1/scans", files=[("manifest", ("t.csv", rows))]).json()["job_id"])
        assert_inside(owner.get(f"/v1/jobs/{job['job_id']}/failures").text, asked)
    assert set(asked) == {"/a.png"}


def assert_inside(said: str, asked: list[str]) -> None:
    """The reason names the detour, and nothing that lies inside."""
    assert "not a public address" in said or "only http and https are fetched" in said, said
    assert "root:" not in said
    assert asked
