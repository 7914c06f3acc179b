"""No bad picture may crash the decoder, hold it up, or give pixels."""

import resource
import time
import warnings

import pytest
from support.bad_images import bad_images, with_header
from support.bad_images import header as png_header

from hydra_core.errors import ImageError
from hydra_core.images import Limits, decode, inspect

CORPUS = list(bad_images())
CODES = {"EMPTY", "TOO_BIG", "FORMAT", "TRUNCATED", "DECODE", "MODE", "SHAPE"}


def test_corpus_is_large_and_has_no_twins() -> None:
    assert len(CORPUS) >= 220
    assert len({name for name, _ in CORPUS}) == len(CORPUS)
    assert len({data for _, data in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("data", [data for _, data in CORPUS], ids=[name for name, _ in CORPUS])
def test_refused_with_a_stable_code(data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        decode(data)
    assert caught.value.code in CODES
    assert str(caught.value)


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("png cut at 0/64", "EMPTY"),
        ("png cut at 40/64", "TRUNCATED"),
        ("png without its last 12", "TRUNCATED"),
        ("jpeg cut at 63/64", "TRUNCATED"),
        ("jpeg without its last 2", "TRUNCATED"),
        ("GIF", "FORMAT"),
        ("HTML", "FORMAT"),
        ("EPS", "FORMAT"),
        ("bomb of 20000", "TOO_BIG"),
        ("bomb of 5001", "TOO_BIG"),
        ("zTXt bomb", "TOO_BIG"),
        ("iTXt bomb", "TOO_BIG"),
        ("iCCP bomb", "TOO_BIG"),
        ("many small zTXt", "TOO_BIG"),
        ("more bytes", "TOO_BIG"),
        ("JPEG bomb", "TOO_BIG"),
        ("JPEG of very many scans", "TOO_BIG"),
        ("PNG of 1x30000", "SHAPE"),
        ("JPEG of 1x1", "SHAPE"),
        ("APNG", "MODE"),
        ("JPEG of twelve bits", "MODE"),
        ("16-bit transparent", "MODE"),
        ("only 99% of the rows", "DECODE"),
        ("IDAT torn after 50%", "DECODE"),
        ("IDAT in two places", "DECODE"),
        ("unknown critical", "DECODE"),
        ("palette missing", "DECODE"),
    ],
)
def test_code_says_what_is_wrong(prefix: str, code: str) -> None:
    data = next(data for name, data in CORPUS if name.startswith(prefix))
    with pytest.raises(ImageError) as caught:
        decode(data)
    assert caught.value.code == code


def test_bombs_cost_no_memory() -> None:
    bombs = [data for name, data in CORPUS if "bomb" in name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for data in bombs * 3:
        with pytest.raises(ImageError):
            decode(data)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 30 * 1024


def test_whole_corpus_takes_no_time_worth_mentioning() -> None:
    began = time.process_time()
    for _, data in CORPUS:
        with pytest.raises(ImageError):
            decode(data)
    # A hang guard with much room, not a measurement: the corpus takes about a second of CPU.
    assert time.process_time() - began < 30


def test_pixel_cap_is_exact() -> None:
    limits = Limits(max_pixels=160 * 120)
    assert inspect(with_header(png_header(160, 120)), limits).width == 160
    with pytest.raises(ImageError) as caught:
        inspect(with_header(png_header(161, 120)), limits)
    assert caught.value.code == "TOO_BIG"


def test_pixel_cap_stays_below_where_pillow_only_warns() -> None:
    with pytest.raises(ValueError, match="max_pixels"):
        Limits(max_pixels=100_000_000)
    with pytest.raises(ValueError, match="positive"):
        Limits(max_bytes=0)


def test_no_warning_ever_stands_in_for_an_error() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _, data in CORPUS:
            with pytest.raises(ImageError):
                decode(data)
    assert not caught
