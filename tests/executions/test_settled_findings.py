"""What is found on a page that stays the same is known without reading it, unless it says so."""

from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.visits import html, visits

SIMPLE = [
    "changes",
    "changes exactly",
    "new lines",
    'new items in css("li")',
    'contains "a"',
    'exists css("b")',
    'css("b") < 3',
    'css("b") rises',
    'css("b") falls by 2',
    'css("b") is lowest so far',
    'in css("ul") changes',
]
rules = st.recursive(
    st.sampled_from(SIMPLE),
    lambda inner: (
        st.builds("not ({})".format, inner)
        | st.builds("({}) and ({})".format, inner, inner)
        | st.builds("({}) or ({})".format, inner, inner)
    ),
    max_leaves=3,
)
bodies = st.builds(
    "{}{}{}".format,
    st.sampled_from(["<p>a", "<p>c", "<p>a<p>c", ""]),
    st.sampled_from(["<b>1</b>", "<b>2</b>", "<b>5</b>", ""]),
    st.sampled_from(["<ul><li>x</ul>", "<ul><li>x<li>y</ul>", "<ul><li>y<li>z</ul>", ""]),
)


@given(rules, st.lists(bodies, min_size=1, max_size=4))
@example("not (new lines)", ["<p>a", "<p>a<p>c"])
@example('not (changes or css("b") < 3)', ["<b>5</b>", "<b>4</b>"])
@example('not (changes) and css("b") rises', ["<b>1</b>", "<b>2</b>"])
def test_a_settled_finding_is_found_again(rule, shown):
    pages = [html(f"<h1>Shop</h1>{body}") for body in shown]

    *_, found, again = visits(rule, *pages, pages[-1])

    if found.is_settled:
        assert not again.is_news
        assert found.memory
        assert again.holds is found.memory["holds"]
        assert again.memory == found.memory
        assert again.text is None
        assert again.warnings == found.warnings
        assert again.is_settled
