"""What a visitor finds at the address that the start prints."""

import re

import pytest
from django.conf import settings


def test_the_landing_page_needs_no_log_in_and_no_database(client):
    page = client.get("/")

    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Tell me when" in page.text


@pytest.mark.django_db
def test_every_link_of_the_landing_page_leads_somewhere(client, settings):
    settings.TORALE_SIGN_UP = "open"

    page = client.get("/")

    addresses = re.findall(r'href="(/[^"]*)"', page.text)
    assert "/sign-up" in addresses
    for address in addresses:
        found = client.get(address, follow=True)
        assert found.status_code == 200, address
        found.getvalue()  # which closes a static file


@pytest.mark.django_db
def test_who_has_logged_in_is_sent_to_their_tasks(client, owner):
    client.force_login(owner)

    assert client.get("/").headers["Location"] == "/tasks"


def test_the_style_sheet_loads_nothing_from_elsewhere():
    style = (settings.BASE_DIR / "console/static/console/console.css").read_text()

    assert re.findall(r"url\(|@import", style) == []
