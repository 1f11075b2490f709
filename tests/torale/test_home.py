"""What a person or a program finds at the addresses that the start prints."""

import re

import pytest
from django.conf import settings

from torale.api.index import PARTS


def test_the_page_for_people_needs_no_log_in_and_no_database(client):
    page = client.get("/")

    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<h1>Torale</h1>" in page.text


@pytest.mark.django_db
def test_every_link_of_the_page_leads_somewhere(client):
    page = client.get("/")

    for address in re.findall(r'href="(/[^"]*)"', page.text):
        assert client.head(address, follow=True).status_code == 200, address


def test_the_page_has_no_inline_script_or_style_and_nothing_from_elsewhere(client):
    page = client.get("/").text
    style = (settings.BASE_DIR / "torale/static/torale/home.css").read_text()

    assert re.findall(r"<script|<style|style=|\son\w+=|data:|//", page) == []
    assert re.findall(r"url\(|@import", style) == []


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/"])
def test_the_index_names_the_parts_of_the_api_without_a_key(anonymous_client, path):
    index = anonymous_client.get(path)

    assert (index.status_code, index.headers["Content-Type"]) == (200, "application/json")
    assert index.json() == index.json() | {
        "tasks": "http://testserver/api/v1/tasks",
        "notification_sends": "http://testserver/api/v1/notifications/sends",
        "docs": "http://testserver/docs",
    }
    assert index.json().keys() == PARTS.keys()


def test_every_link_of_the_index_answers_with_a_key(owner_client):
    for name, address in owner_client.get("/api/v1/").json().items():
        assert owner_client.get(address).status_code == 200, name


def test_a_browser_gets_the_index_as_a_page(operator_client):
    page = operator_client.get("/api/v1/", headers={"Accept": "text/html"})

    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert 'href="http://testserver/api/v1/tasks"' in page.text


def test_the_index_cannot_be_written_to(owner_client):
    answer = owner_client.post("/api/v1/")

    assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "POST" not allowed.'})
