"""Reading what a manifest names: inside its folder or from the web, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.config import FetchSettings, ImageSettings, ServiceSettings, Settings
from matcher.errors import FetchError, ImageError, ManifestError
from matcher.fetch import Fetcher
from matcher.sources import ImageSource, source_of
from tests.matcher.manifests.test_archive import PICTURE, file, packed


class CannedFetcher(Fetcher):
    """A fetcher that never leaves the test."""

    def __init__(self) -> None:
        super().__init__(FetchSettings(), 1_000)
        self.asked: list[str] = []

    def fetch(self, url: str, within: float | None = None) -> bytes:
        """Note the URL and give it back."""
        self.asked.append(url)
        return url.encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A manifest's folder with two photos, beside a file that is none of its business."""
    (tmp_path / "secret.txt").write_bytes(b"secret")
    inside = tmp_path / "feed"
    (inside / "photos").mkdir(parents=True)
    (inside / "a.jpg").write_bytes(b"photo a")
    (inside / "photos" / "b c #1 ü.jpg").write_bytes(b"photo b")
    return inside


def refusal(folder: Path, image: str, settings: Settings | None = None) -> str:
    with ImageSource(folder, settings or Settings()) as source, pytest.raises(ImageError) as caught:
        source.read(image)
    assert caught.value.source == image
    return caught.value.reason


def test_files_are_read_by_path_relative_to_the_manifest(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    for base in (folder, Path("feed")):
        with ImageSource(base, Settings()) as source:
            assert source.read("a.jpg") == source.read("./a.jpg") == b"photo a"
            assert source.read("photos/b c #1 ü.jpg") == b"photo b"
            assert source.read("photos\\b c #1 ü.jpg") == b"photo b", (
                "as a manifest made on Windows writes it"
            )


def test_a_name_with_a_backslash_or_colon_is_a_name_where_such_a_file_is(folder: Path) -> None:
    for name in ("odd\\name.jpg", "12:30.jpg", "photo:1.jpg"):
        (folder / name).write_bytes(name.encode())
        with ImageSource(folder, Settings()) as source:
            assert source.read(name) == name.encode()


@pytest.mark.parametrize(
    "image",
    [
        "/etc/passwd",
        "../secret.txt",
        "photos/../../secret.txt",
        "photos/..",
        "..",
        "..\\secret.txt",
        "a\\..\\..\\x",
        "C:\\secret.txt",
        "c:secret.txt",
        "\\\\server\\share\\x.jpg",
        "\\secret.txt",
        "//server/share/x.jpg",
    ],
)
def test_a_path_that_leads_out_is_refused(folder: Path, image: str) -> None:
    assert "inside the manifest's folder" in refusal(folder, image)


def test_a_link_may_point_inside_and_not_outside(folder: Path) -> None:
    (folder / "same.jpg").symlink_to("a.jpg")
    (folder / "out.jpg").symlink_to("../secret.txt")
    (folder / "up").symlink_to("..")
    (folder / "loop.jpg").symlink_to("loop.jpg")
    with ImageSource(folder, Settings()) as source:
        assert source.read("same.jpg") == b"photo a"
    assert "symbolic link" in refusal(folder, "out.jpg")
    assert "symbolic link" in refusal(folder, "up/secret.txt")
    assert "cannot be read" in refusal(folder, "loop.jpg")


def test_what_is_no_regular_file_is_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "pipe.jpg")
    assert "not a regular file" in refusal(folder, "pipe.jpg")
    assert "not a file" in refusal(folder, "photos")
    assert "not a file" in refusal(folder, ".")
    assert refusal(folder, "missing.jpg") == "is not there"
    assert refusal(folder, "a.jpg/b.jpg")
    assert "cannot be read" in refusal(folder, "x" * 5_000)


def test_empty_names_and_nul_are_refused(folder: Path) -> None:
    assert refusal(folder, "") == refusal(folder, "  ") == "names no image"
    assert "NUL" in refusal(folder, "a.jpg\0.txt")


def test_a_file_over_the_limit_is_refused_before_it_is_read(folder: Path) -> None:
    with open(folder / "sparse.jpg", "wb") as file:
        file.truncate(2**40)
    assert "images.max_bytes" in refusal(folder, "sparse.jpg")
    tight = Settings(images=ImageSettings(max_bytes=6))
    assert "images.max_bytes" in refusal(folder, "a.jpg", tight)


@pytest.mark.parametrize(
    "image", ["ftp://example.com/a.jpg", "file:///etc/passwd", "FILE:/etc/passwd", "data:image/png;base64,AA"]
)
def test_other_schemes_are_refused(folder: Path, image: str) -> None:
    assert "give a path, http:// or https://" in refusal(folder, image)


def test_urls_go_to_the_fetcher_as_they_stand(folder: Path) -> None:
    fetcher = CannedFetcher()
    with fetcher, ImageSource(folder, Settings(), fetcher) as source:
        for url in ("http://shop.example/a.jpg", "HTTPS://shop.example/b.jpg?x=../..#c"):
            assert source.read(url) == url.encode()
    assert len(fetcher.asked) == 2


def test_without_a_fetcher_one_is_made_that_refuses_this_machine(folder: Path) -> None:
    with ImageSource(folder, Settings()) as source:
        for _ in range(2):
            with pytest.raises(FetchError, match="not a public address"):
                source.read("http://127.0.0.1:1/a.jpg")


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("./\\:~\0"), max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_name_reaches_outside(tmp_path_factory: pytest.TempPathFactory, image: str) -> None:
    base = tmp_path_factory.getbasetemp() / "nest" / "feed"
    base.mkdir(parents=True, exist_ok=True)
    (base.parent / "secret.txt").write_bytes(b"secret")
    for name in (image, "../secret.txt" + image, image + "/../secret.txt"):
        if name.lower().startswith(("http://", "https://")):
            continue
        with ImageSource(base, Settings()) as source, pytest.raises(ImageError):
            source.read(name)


def test_images_of_a_packed_manifest_are_read_from_where_its_table_lies(
    tmp_path: Path,
) -> None:
    path = packed(
        tmp_path / "a.zip", file("shop/listings.csv", b"listing_id,image\n1,a.jpg\n"),
        file("shop/a.jpg", PICTURE + b"1"), file("shop\\photos\\b.jpg", PICTURE + b"2"), file("c.jpg"),
        file("shop/link.jpg", b"/etc/passwd", attributes=0o120777),
    )  # fmt: skip
    (tmp_path / "beside.jpg").write_bytes(PICTURE)
    with source_of(path, Settings()) as source:
        assert source.read("a.jpg") == source.read("./a.jpg") == PICTURE + b"1"
        assert source.read("photos/b.jpg") == source.read("photos\\b.jpg") == PICTURE + b"2"
        for image, said in (
            ("c.jpg", "is not in the archive"),
            ("beside.jpg", "is not in the archive"),
            ("../c.jpg", "must be a path inside"),
            ("/shop/a.jpg", "must be a path inside"),
            ("", "must be a path inside"),
            ("link.jpg", "is a symbolic link"),
            ("ftp://shop.example/a.jpg", "has a scheme"),
        ):
            with pytest.raises(ImageError, match=said):
                source.read(image)


def test_a_packed_manifest_that_holds_more_than_the_settings_allow_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", file("a.jpg"), file("b.jpg"))
    narrow = Settings(service=ServiceSettings(max_archive_entries=1))
    with pytest.raises(ManifestError, match="holds 2 entries, at most 1"):
        source_of(path, narrow)
