"""The remembered texts of a page are packed into bytes and read again."""

import zlib

import pytest

from executions.pages.page_text import KEPT_CHARACTERS, UNPACKED_BYTES, PageTexts


@pytest.mark.parametrize(
    "texts",
    [
        PageTexts(last=""),
        PageTexts(last="Straße 5 €\n\N{SNOWMAN}", told="früher"),
        PageTexts(last="now", told="then", first_look='a "quoted" look'),
    ],
    ids=["an empty page", "characters of every length", "all three"],
)
def test_texts_come_back_as_they_were(texts):
    assert PageTexts.unpack(texts.pack()) == texts


def test_a_page_of_repeated_lines_takes_little_room():
    assert len(PageTexts(last="the same line\n" * 10_000).pack()) < 1000


def test_a_text_longer_than_any_page_is_cut_off():
    texts = PageTexts(last="x" * (KEPT_CHARACTERS + 1), first_look="short")

    unpacked = PageTexts.unpack(texts.pack())

    assert len(unpacked.last) == KEPT_CHARACTERS
    assert unpacked.first_look == "short"


def test_members_of_a_later_version_are_left_out():
    packed = zlib.compress(b'{"last": "now", "later": 1}')

    assert PageTexts.unpack(packed) == PageTexts(last="now")


@pytest.mark.parametrize(
    "packed",
    [
        b"not compressed",
        PageTexts(last="now").pack()[:-5],
        zlib.compress(b"not JSON"),
        zlib.compress(b" " * (UNPACKED_BYTES + 1)),
    ],
    ids=["not compressed", "incomplete", "not JSON", "a bomb"],
)
def test_other_bytes_are_refused(packed):
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's own message
        PageTexts.unpack(packed)
