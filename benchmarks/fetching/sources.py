"""Where each published set comes from, how large it is and under which terms."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.fetching.download import RemoteFile
from matcher.errors import UsageError

HUGGING_FACE = "https://huggingface.co/datasets"
LOOKBENCH = f"{HUGGING_FACE}/srpone/look-bench/resolve/main"
LOGO_BOXES = f"{HUGGING_FACE}/openfoodfacts/universal-logo-detector/resolve/refs%2Fconvert%2Fparquet/default"
LOGO_CROPS = (
    "https://github.com/openfoodfacts/openfoodfacts-ai/releases/download/dataset-logo-2022-01-21/"
    "logo_dataset.tar.gz"
)
COPYDAYS = "https://dl.fbaipublicfiles.com/vissl/datasets"


@dataclass(frozen=True)
class Archive:
    """Files that are one archive together, unpacked to the folder `into`; not an archive: kept as it is.

    `nested`: an archive inside it, unpacked where it lies. `packed`: whether it is an archive at all.
    """

    files: tuple[RemoteFile, ...]
    into: str = ""
    nested: str = ""
    packed: bool = True


@dataclass(frozen=True)
class Source:
    """One set. `instead`: what a person does where a program may not or cannot fetch it."""

    name: str
    title: str
    task: str
    size: str
    licence: str
    page: str
    archives: tuple[Archive, ...] = ()
    instead: str = ""

    @property
    def files(self) -> tuple[RemoteFile, ...]:
        """All files of all archives."""
        return tuple(file for archive in self.archives for file in archive.files)


def _single(
    url: str, name: str, *, into: str = "", nested: str = "", sha256: str = "", md5: str = ""
) -> Archive:
    return Archive((RemoteFile(url, name, sha256, md5),), into, nested)


def _plain(url: str, name: str) -> Archive:
    return Archive((RemoteFile(url, name),), packed=False)


SOURCES: tuple[Source, ...] = (
    Source(
        "disc21", "DISC21 (Image Similarity Challenge 2021)", "copies",
        "1,000,000 references, 100,000 queries, 1,000,000 training photos; about 350 GB",
        "photos: Creative Commons licences of their authors; the set: terms of its publisher",
        "https://ai.meta.com/datasets/disc21-dataset/",
        instead="accept the terms on the page and download the archives there; a few of the twenty parts of "
        "the references will do for a trial",
    ),
    Source(
        "copydays", "INRIA Copydays", "copies",
        "157 originals, 229 strong attacks; about 270 MB (the mirror lacks crops and JPEG copies, 2.1 GB)",
        "© INRIA, provided as is; cite Douze et al. 2009",
        "https://lear.inrialpes.fr/people/jegou/data.php.html#copydays",
        (
            # The mirror's publisher states no hash; these are what others recorded after downloading.
            _single(
                f"{COPYDAYS}/copydays_original.tar.gz", "copydays_original.tar.gz", into="original",
                sha256="8b85b7914fd0145bc258bde3440f6a622243ca91ee085fe2025ce7bdeb0bfb8e",
            ),
            _single(
                f"{COPYDAYS}/copydays_strong.tar.gz", "copydays_strong.tar.gz", into="strong",
                sha256="7852c64aa4a37e8329ce08159fc947c16f09c66737db0a2479a90fc9ae40760c",
            ),
        ),
    ),
    Source(
        "online-products", "Stanford Online Products", "products",
        "120,053 photos of 22,634 products; the test half, 60,502 photos, is measured",
        "research; see LICENSE in the archive", "https://cvgl.stanford.edu/projects/lifted_struct/",
        (
            _single(
                "http://ftp.cs.stanford.edu/cs/cvgl/Stanford_Online_Products.zip",
                "Stanford_Online_Products.zip",
                md5="7f73d41a2f44250d4779881525aea32e",
            ),
        ),
    ),
    Source(
        "products-10k", "Products-10K", "products", "about 150,000 photos of 9,691 goods",
        "rules of its competition", "https://products-10k.github.io/",
        instead="log in to Kaggle, accept the rules of the competition products-10k, and unpack train.zip "
        "and test.zip beside train.csv and test_kaggletest.csv",
    ),
    Source(
        "in-shop", "DeepFashion In-shop Clothes Retrieval", "products", "52,712 photos of 7,982 garments",
        "non-commercial research, by agreement",
        "https://mmlab.ie.cuhk.edu.hk/projects/DeepFashion/InShopRetrieval.html",
        instead="follow the page's agreement, and put img.zip, unpacked, into Img/ and "
        "list_eval_partition.txt into Eval/",
    ),
    Source(
        "grocery", "GroceryStoreDataset", "products", "81 classes, of which 31 packages are measured", "MIT",
        "https://github.com/marcusklasson/GroceryStoreDataset",
        (
            _single(
                "https://github.com/marcusklasson/GroceryStoreDataset/archive/refs/heads/master.zip",
                "GroceryStoreDataset.zip",
            ),
        ),
    ),
    Source(
        "lookbench", "LookBench", "products",
        "2,363 queries in four subsets, about 60,000 shop images for each", "Apache-2.0 (the set's card)",
        f"{HUGGING_FACE}/srpone/look-bench",
        tuple(
            _plain(f"{LOOKBENCH}/v20251201/{path}.parquet", f"v20251201/{path}.parquet")
            for path in (
                *(
                    f"{subset}/{part}"
                    for subset in ("real_studio_flat", "aigen_studio", "real_streetlook", "aigen_streetlook")
                    for part in ("query", "gallery")
                ),
                "noise/gallery",
            )
        ),
    ),
    Source(
        "metu", "METU trademarks", "products (marks that are alike)", "923,343 marks",
        "research, on request", "https://github.com/neouyghur/METU-TRADEMARK-DATASET",
        instead="write to the address on the page; put the query marks into queries/ and all others into "
        "pool/",
    ),
    Source(
        "open-food-facts", "Open Food Facts logos, cut out", "products (logos by label)",
        "6,367 logos are measured", "photos: CC BY-SA 3.0 (Open Food Facts)",
        "https://github.com/openfoodfacts/openfoodfacts-ai/releases/tag/dataset-logo-2022-01-21",
        (
            Archive(
                (
                    RemoteFile(f"{LOGO_CROPS}.1", "logo_dataset.tar.gz.1"),
                    RemoteFile(f"{LOGO_CROPS}.2", "logo_dataset.tar.gz.2"),
                )
            ),
        ),
    ),
    Source(
        "open-food-facts-boxes", "Open Food Facts logos, in boxes", "logos (boxes without a brand)",
        "709 photos; 301 MB", "photos: CC BY-SA 3.0 (Open Food Facts); the card states none",
        f"{HUGGING_FACE}/openfoodfacts/universal-logo-detector",
        (
            _plain(f"{LOGO_BOXES}/train/0000.parquet", "default/train/0000.parquet"),
            _plain(f"{LOGO_BOXES}/val/0000.parquet", "default/val/0000.parquet"),
        ),
    ),
    Source(
        "flickrlogos-27", "FlickrLogos-27", "logos", "1,080 photos of 27 brands; about 105 MB",
        "terms of Flickr's photos", "http://image.ntua.gr/iva/datasets/flickr_logos/",
        (
            _single(
                "http://image.ntua.gr/iva/datasets/flickr_logos/flickr_logos_27_dataset.tar.gz",
                "flickr_logos_27_dataset.tar.gz",
                nested="flickr_logos_27_dataset/flickr_logos_27_dataset_images.tar.gz",
            ),
        ),
    ),
    Source(
        "flickrlogos-32", "FlickrLogos-32", "logos", "8,240 photos, 2,240 of them with a logo of 32 brands",
        "research, on request", "http://www.multimedia-computing.de/flickrlogos/",
        instead="ask for it as the page says, and name the folder FlickrLogos-v2",
    ),
    Source(
        "logodet-3k", "LogoDet-3K", "logos", "158,652 photos, 194,261 boxes of 3,000 logos", "none stated",
        "https://github.com/Wangjing1551/LogoDet-3K-Dataset",
        instead="download it as the page says: its archive is served from a bare address, unencrypted and "
        "without a hash, so it is not fetched here",
    ),
)  # fmt: skip
"""Every set that `benchmarks.adapters` reads and that others publish."""


def source(name: str, sources: tuple[Source, ...] = SOURCES) -> Source:
    """The set of that name; raises UsageError."""
    found = next((each for each in sources if each.name == name), None)
    if found is None:
        raise UsageError(f"no set {name!r}; there are {', '.join(each.name for each in sources)}")
    return found


def markdown(sources: tuple[Source, ...] = SOURCES) -> str:
    """The table of the documentation."""
    rows = ["| set | task | size | licence | command |", "| --- | --- | --- | --- | --- |"]
    for each in sources:
        command = (
            f"`python -m benchmarks fetch {each.name} DIR`" if each.archives else f"by hand: {each.instead}"
        )
        rows.append(
            f"| [{each.title}]({each.page}), `{each.name}` | {each.task} | {each.size} | {each.licence} "
            f"| {command} |"
        )
    return "\n".join(rows) + "\n"
