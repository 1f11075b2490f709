"""`manage.py create_first_admin`: the way in, on the first start."""

import re
from http import HTTPStatus
from io import StringIO

import pytest
from django.core.management import call_command

from accounts.models import APIKey, User


def create_first_admin() -> str:
    output = StringIO()
    call_command("create_first_admin", stdout=output)
    return output.getvalue()


@pytest.fixture
def printed(db, settings) -> dict[str, str]:
    """What the first start prints, by its label."""
    settings.TORALE_URL = "https://torale.example"
    settings.TORALE_ADMIN_EMAIL = "root@torale.example"
    return dict(re.findall(r"^    (\S.*?)  +(\S+)$", create_first_admin(), re.MULTILINE))


def test_the_first_start_prints_the_way_in(printed):
    assert printed == {
        "Admin": "https://torale.example/admin/",
        "Email": "root@torale.example",
        "Password": printed["Password"],
        "API key": printed["API key"],
    }


def test_the_printed_password_opens_the_admin(printed, client):
    credentials = {"username": printed["Email"], "password": printed["Password"]}

    response = client.post("/admin/login/?next=/admin/", credentials, follow=True)

    assert response.redirect_chain == [("/admin/", HTTPStatus.FOUND)]
    assert response.status_code == HTTPStatus.OK
    assert response.wsgi_request.user.email == "root@torale.example"


def test_the_printed_key_opens_the_api(printed, anonymous_client):
    headers = {"Authorization": f"Bearer {printed['API key']}"}

    response = anonymous_client.get("/auth/me", headers=headers)

    assert response.status_code == HTTPStatus.OK
    assert response.json()["email"] == "root@torale.example"


@pytest.mark.usefixtures("printed")
def test_a_later_start_says_and_changes_nothing():
    before = [list(model.objects.values()) for model in (User, APIKey)]

    said = create_first_admin()

    assert said == ""
    assert [list(model.objects.values()) for model in (User, APIKey)] == before


def test_where_there_is_a_user_no_admin_is_made(owner):
    said = create_first_admin()

    assert said == ""
    assert list(User.objects.all()) == [owner]
    assert not APIKey.objects.exists()
