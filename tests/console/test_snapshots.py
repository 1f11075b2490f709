"""The page that shows the texts of a task's pages."""

import pytest
from django.urls import reverse

from executions.pages.page_text import PageTexts
from executions.pages.snapshot import SHOWN_CHARACTERS
from tasks.models import PageText, Task
from tests.support.factories import make_task

pytestmark = pytest.mark.django_db

SHOP = "https://shop.example/"
OTHER = "https://other.example/?page=1&sort=price"


@pytest.fixture
def task(owner) -> Task:
    return make_task(owner)


def keep(task: Task, url: str = SHOP, **texts: str) -> None:
    PageText.objects.keep(task, {url: PageTexts(**texts).pack()})


def page_of(client, task: Task, **query: str) -> str:
    """Return the text of the page, with each run of whitespace as one space."""
    return " ".join(client.get(reverse("console:snapshots", args=[task.pk]), query).text.split())


def test_it_shows_the_texts_and_what_has_come_and_gone(owner_browser, task):
    keep(task, last="Shop\nBread: 3.00", told="Shop\nBread: 2.50")

    page = page_of(owner_browser, task)

    assert "<del>Bread: 2.50</del>" in page
    assert "<ins>Bread: 3.00</ins>" in page
    assert '<pre tabindex="0">Shop Bread: 3.00</pre>' in page
    assert '<pre tabindex="0">Shop Bread: 2.50</pre>' in page


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"last": "Shop"}, "The condition has not been met yet."),
        (
            {"last": "Shop", "told": "Shop"},
            "No line has come or gone since the condition was last met.",
        ),
        ({"last": "x" * (SHOWN_CHARACTERS + 1)}, "Only its first 50,000 characters are shown"),
    ],
    ids=["not met yet", "unchanged", "long"],
)
def test_it_says_what_there_is_to_see(owner_browser, task, texts, said):
    keep(task, **texts)

    assert said in page_of(owner_browser, task)


def test_a_task_without_a_text_says_so(owner_browser, task):
    assert "No text of the task's pages is kept yet." in page_of(owner_browser, task)


def test_each_of_several_pages_is_a_link_away(owner_browser, task):
    keep(task, last="Bread")
    keep(task, OTHER, last="Boots")

    first = page_of(owner_browser, task)
    link = "?url=https%3A%2F%2Fshop.example%2F"

    assert "Boots" in first
    assert f'href="{link}"' in first
    assert "Bread" in page_of(owner_browser, task, url=SHOP)
    assert "Boots" in page_of(owner_browser, task, url="https://elsewhere.example/")


def test_what_a_page_says_is_no_html(owner_browser, task):
    keep(task, last="<script>alert(1)</script>", told="<b>Sale</b>")

    page = page_of(owner_browser, task)

    assert "<script>alert" not in page
    assert "<ins>&lt;script&gt;alert(1)&lt;/script&gt;</ins>" in page
    assert "<del>&lt;b&gt;Sale&lt;/b&gt;</del>" in page


def test_one_text_is_read_however_many_pages_there_are(
    owner_browser, task, django_assert_num_queries
):
    for number in range(5):
        keep(task, f"{SHOP}{number}", last="Bread")

    # The session, its user, the task, the addresses and one text.
    with django_assert_num_queries(5):
        page_of(owner_browser, task)


def test_others_do_not_see_it_even_if_the_task_is_public(client, owner, stranger, task):
    Task.objects.update(is_public=True)
    keep(task, last="Bread")
    address = reverse("console:snapshots", args=[task.pk])

    assert client.get(address).status_code == 302
    client.force_login(stranger)
    assert client.get(address).status_code == 404


def test_the_tasks_page_leads_to_it(owner_browser, task):
    page = owner_browser.get(reverse("console:task", args=[task.pk])).text

    assert f'href="/tasks/{task.pk}/snapshots"' in page
