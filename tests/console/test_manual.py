"""The parts of the documentation that are pages."""

import re

import pytest
from django.conf import settings

from console.views.manual import PAGES

pytestmark = pytest.mark.django_db

ADDRESSES = [f"/help/{name}" for name in PAGES]


def hrefs(page) -> list[str]:
    article = page.text.partition("<article")[2].partition("</article>")[0]
    return re.findall(r'href="([^"]*)"', article)


def anchors(page) -> list[str]:
    return re.findall(r'<h\d id="([^"]*)"', page.text)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_no_log_in_and_names_the_others(client, name):
    page = client.get(f"/help/{name}")

    assert page.status_code == 200
    assert f'<a href="/help/{name}" aria-current="page">{PAGES[name]}</a>' in page.text
    for other in PAGES:
        assert f'href="/help/{other}"' in page.text


@pytest.mark.parametrize("name", ["settings", "operating", "x", "conditions.md"])
def test_what_is_no_page_for_users_is_not_found(client, name):
    assert client.get(f"/help/{name}").status_code == 404


def test_no_other_file_can_be_read(client):
    for path in ("/help/../../README", "/help/..%2F..%2FREADME", "/help/%2e%2e/settings"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_link_leads_somewhere(client, address):
    page = client.get(address)

    for href in hrefs(page):
        if re.match("https?://", href):
            continue
        path, _, anchor = href.partition("#")
        target = client.get(f"/help/{path}") if path else page
        assert target.status_code == 200, href
        assert not anchor or anchor in anchors(target), href


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_heading_has_an_anchor_of_its_own(client, address):
    found = anchors(client.get(address))

    assert found
    assert len(found) == len({*found})
    assert "" not in found


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_wider_than_a_phone_can_be_scrolled_by_the_keyboard(client, address):
    page = client.get(address).text

    assert "<pre>" not in page
    assert page.count("<table>") == page.count('<div class="scroll" tabindex="0"><table>')


def test_the_pages_are_files_of_the_documentation():
    for name in PAGES:
        assert (settings.BASE_DIR / "docs" / f"{name}.md").exists()
