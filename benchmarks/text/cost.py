"""What reading text costs: our reader, and the package it is built on as that reads by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from matcher.config import ImageSettings
from matcher.images import decode_legible
from matcher.models import TextReader


def reading_stages(
    blobs: Sequence[bytes], reader: TextReader, settings: ImageSettings
) -> Iterator[tuple[str, Callable[[], object]]]:
    """`ocr`, and `ocr_package` where the reader is rapidocr: a name, and the work of a round over all photos.

    Both are given the photos as a scan gives them, by `decode_legible`.
    """
    photos = [decode_legible(blob, f"photo {number}", settings).pixels for number, blob in enumerate(blobs)]
    yield "ocr", lambda: [reader.read([photo]) for photo in photos]
    if reader.name.startswith("rapidocr"):
        from rapidocr import RapidOCR

        one_thread = {"EngineConfig.onnxruntime.intra_op_num_threads": 1, "Global.log_level": "critical"}
        package = RapidOCR(params=one_thread)
        yield "ocr_package", lambda: [package(photo[..., ::-1]) for photo in photos]
