"""What is remembered of a page's text is shown to people."""

from executions.pages.page_text import SEPARATOR, PageTexts
from executions.pages.snapshot import SHOWN_CHARACTERS, snapshot_of


def test_the_lines_that_have_come_and_gone_since_the_condition_was_met():
    texts = PageTexts(last="Shop\nBread: 3.00\nOpen", told="Shop\nBread: 2.50\nOpen")

    snapshot = snapshot_of(texts.pack())

    assert (snapshot.gone, snapshot.come) == (["Bread: 2.50"], ["Bread: 3.00"])
    assert (snapshot.last, snapshot.told) == (texts.last, texts.told)


def test_nothing_is_compared_before_the_condition_was_met():
    snapshot = snapshot_of(PageTexts(last="Shop\nBread").pack())

    assert (snapshot.told, snapshot.gone, snapshot.come) == (None, [], [])


def test_a_page_without_text_is_compared_like_any_other():
    snapshot = snapshot_of(PageTexts(last="Shop", told="").pack())

    assert (snapshot.told, snapshot.gone, snapshot.come) == ("", [], ["Shop"])


def test_the_texts_that_rules_compare_besides_are_left_out():
    kept = f'Shop\nBread{SEPARATOR}"css"\nBread'

    snapshot = snapshot_of(PageTexts(last=kept, told=kept).pack())

    assert (snapshot.last, snapshot.told) == ("Shop\nBread", "Shop\nBread")


def test_only_the_beginning_of_a_long_text_is_shown_and_compared():
    long = "x" * SHOWN_CHARACTERS

    snapshot = snapshot_of(PageTexts(last=f"{long}\nnew", told=long).pack())

    assert snapshot.is_cut_off
    assert (snapshot.last, snapshot.come) == (long, [])
    assert not snapshot_of(PageTexts(last=long, told=long).pack()).is_cut_off
