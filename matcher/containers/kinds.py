"""Tells by its first bytes what a file is; its name plays no part."""

from __future__ import annotations

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIC")
"""The kinds of picture that are decoded; every other is refused."""


def sniff(blob: bytes) -> str | None:
    """One of `KINDS` by the first bytes, None for everything else."""
    if blob[4:8] == b"ftyp":
        return _sniff_brands(blob)
    if blob[:4] == b"RIFF":
        return "WEBP" if blob[8:12] == b"WEBP" else None
    for magic, kind in _MAGICS:
        if blob.startswith(magic):
            return kind
    return None


_MAGICS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
)
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}


def _sniff_brands(blob: bytes) -> str | None:
    length = min(int.from_bytes(blob[:4], "big"), 256)
    brands = {blob[at : at + 4] for at in (8, *range(16, length, 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    return "HEIC" if brands & _HEIC_BRANDS else None


def look_of(blob: bytes) -> str:
    """What a file that is no picture looks like, in words: 'HTML', 'a ZIP archive' …; empty when unknown."""
    head = blob[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for magic, name in _LOOKS:
        if head.startswith(magic):
            return "SVG" if name == "XML" and b"<svg" in head else name
    if blob[4:8] == b"ftyp":
        return "a video"
    text = blob[:1024]
    if (
        text
        and b"\0" not in text
        and sum(byte >= 32 or byte in b"\t\r\n" for byte in text) >= 0.95 * len(text)
    ):
        return "text"
    return ""


_LOOKS = (
    (b"<!doctype html", "HTML"),
    (b"<html", "HTML"),
    (b"<head", "HTML"),
    (b"<svg", "SVG"),
    (b"<?xml", "XML"),
    (b"<", "markup"),
    (b"%pdf", "PDF"),
    (b"%!ps", "PostScript"),
    (b"pk\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"{", "JSON"),
    (b"8bps", "Photoshop"),
    (b"\x00\x00\x00\x0cjp", "JPEG 2000"),
    (b"\x00\x00\x00\x0cjxl", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x1a\x45\xdf\xa3", "a video"),
    (b"\x7felf", "a program"),
    (b"mz", "a program"),
)
