"""What a person can do about a row or file that was refused, told from the reason it was refused for."""

from __future__ import annotations

import re

AGAIN = "Correct it and send it again; what went in is not doubled."
_SAVE = "Save the picture as JPEG or PNG and send that."
_SMALLER = "Save the picture smaller: 1,600 pixels on the longer side are plenty."
_ANEW = "Export or download the picture anew and send that."
_RENAME = "Give the file a plain name inside the archive and pack it anew."
PATHS = "Put the picture where the table says, or correct the path, and scan again."
FILES = "In a table sent here, images are web addresses; send files by themselves or as a ZIP."
_ADVICE = tuple(
    (re.compile(fragment), sentence)
    for fragment, sentence in (
        (r"looks like (SVG|PDF|PostScript|Photoshop|JPEG)", _SAVE),
        (r"looks like a (ZIP|gzip|RAR|7z)", "Unpack it and send the images, or one ZIP of them."),
        (r"looks like (HTML|XML|markup|text|JSON)", "Send the picture itself or its own address."),
        (r"is HEIC|looks like|is no known image", _SAVE),
        (
            r"bytes, the limit is|is larger than|bytes, at most \d|longest side allowed|pixels are allowed",
            _SMALLER,
        ),
        (r"shortest side allowed", "Send a larger picture: too little can be seen in this one."),
        (r"is a symbolic link|is no regular file", "Pack the file itself, not a link to it."),
        (r"has a name|has an absolute name", _RENAME),
        (r"occurs more than once|occurs again", "Keep one of them, or put the rows of one product together."),
        (r"is encrypted", "Pack the archive without a password."),
        (
            r"packed in a way|is no ZIP|cannot be$|lie over one another|one part of several|of two kinds",
            "Pack it anew as one plain ZIP.",
        ),
        (r"at once, which is refused", "Open the picture and save it anew as JPEG or PNG."),
        (r"would expand", "Pack the pictures anew as JPEG or PNG: photos hardly shrink in a ZIP."),
        (r"holds [\d,]+ entries", "Split it into several archives."),
        (r"holds several tables", "Leave only one of them in the archive."),
        (
            r"is not in the archive",
            "Pack the picture under the name that the table gives, or correct the table.",
        ),
        (r"HTTP status", "Open the address in a browser: it must show the picture without signing in."),
        (
            r"not a public address|holds a user name",
            "Send the pictures as files, or put them where everyone may fetch them.",
        ),
        (
            r"cannot be fetched|cannot be found|redirects|came compressed",
            "Check the address, then send the table again: what went in is not doubled.",
        ),
        (
            r"has the scheme|has a scheme|valid URL|URL (without|of)",
            "Give an address that begins with https://.",
        ),
        (r"must be a path inside|is not there|leads out of the manifest", FILES),
        (r"no image", "Fill the column image with the picture's web address."),
        (r"the row is of brand", "Send it to that brand, or correct the column brand."),
        (r"price|currency", "Write the price like 19.90 and the currency like EUR, or leave both empty."),
        (r"has no column", "Name the columns in the first row: reference_id, or listing_id, and image."),
        (r"_id is (empty|longer)", "Give each row an id of its own, of at most 500 characters."),
        (
            r"known format|readable (workbook|Parquet)|not an Excel|is gzipped|old Excel",
            "Save the table as CSV (UTF-8) and send that.",
        ),
        (r"truncated|damaged|is empty|decode|broken|corrupt|image file", _ANEW),
    )
)


def advice_on(reason: str) -> str:
    """One sentence for a person; of a reason that is not known, what always helps."""
    return next((sentence for fragment, sentence in _ADVICE if fragment.search(reason)), AGAIN)
