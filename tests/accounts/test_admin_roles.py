"""What staff with some permissions may do with users in the admin, and what not."""

from http import HTTPStatus

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts.models import User
from tests.conftest import client_of
from tests.support.factories import staff_with

USERS = "/admin/accounts/user/"
#: What the role of operators may do with users.
OPERATOR = ("add_user", "view_user", "disable_user", "reset_password_user")
#: All that an attacker would like to have.
GREEDY = {"is_staff": "on", "is_superuser": "on", "is_active": "on"}
PASSWORD = {"usable_password": "true", "password1": "taken over!", "password2": "taken over!"}


@pytest.fixture
def staff(db) -> User:
    return staff_with(*OPERATOR)


@pytest.fixture
def staff_client(staff, client):
    client.force_login(staff)
    return client


@pytest.fixture
def root(operator):
    """Somebody who may do everything."""
    return operator


@pytest.fixture
def colleague(db) -> User:
    return User.objects.create_user("colleague@example.com", "a long password", is_staff=True)


def rows():
    return [*User.objects.order_by("pk").values()], [
        *User.user_permissions.through.objects.values(),
        *User.groups.through.objects.values(),
    ]


def switch(client: Client, action: str, *users: User, **form: str):
    ids = [str(user.pk) for user in users]
    return client.post(
        USERS,
        {"action": action, "_selected_action": ids[0], "confirmed": ",".join(ids), **form},
        follow=True,
    )


def test_an_operator_adds_an_ordinary_user(staff_client, client):
    form = {"email": "new@example.com", **PASSWORD, **GREEDY}
    permission = Permission.objects.get(codename="change_user")
    group = Group.objects.create(name="root")

    response = staff_client.post(
        f"{USERS}add/", {**form, "groups": group.pk, "user_permissions": permission.pk}
    )

    user = User.objects.get(email="new@example.com")
    assert response["Location"] == f"{USERS}{user.pk}/change/"
    assert (user.is_staff, user.is_superuser, user.is_active) == (False, False, True)
    assert not user.groups.exists()
    assert not user.user_permissions.exists()
    [entry] = LogEntry.objects.all()
    assert (entry.user.email, entry.action_flag) == ("staff@example.com", ADDITION)
    assert staff_client.get(response["Location"]).status_code == HTTPStatus.OK


def test_an_operator_changes_nothing_on_a_users_page(staff_client, owner):
    before = rows()

    response = staff_client.post(
        f"{USERS}{owner.pk}/change/", {"email": "mine@example.com", **GREEDY}
    )

    assert response.status_code == HTTPStatus.FORBIDDEN
    assert rows() == before


@pytest.mark.django_db
@pytest.mark.parametrize("whom", ["owner", "staff"])
def test_who_may_change_users_gives_nobody_more_rights(request, client, whom):
    changer = staff_with("view_user", "change_user", email="changer@example.com")
    user = changer if whom == "staff" else request.getfixturevalue(whom)
    group = Group.objects.create(name="root")
    permission = Permission.objects.get(codename="add_user")
    client.force_login(changer)

    client.post(
        f"{USERS}{user.pk}/change/",
        {
            "email": user.email,
            "first_name": "Changed",
            **GREEDY,
            "groups": group.pk,
            "user_permissions": permission.pk,
        },
    )

    before = (user.is_staff, user.is_superuser, user.is_active)
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser, user.is_active) == before
    assert not user.groups.exists()
    assert not user.user_permissions.filter(pk=permission.pk).exists()
    assert (user.first_name == "Changed") is (whom == "owner")


def test_who_may_change_users_switches_nobody_off_that_way(client, owner):
    client.force_login(staff_with("view_user", "change_user"))

    client.post(f"{USERS}{owner.pk}/change/", {"email": owner.email, "first_name": "Changed"})

    owner.refresh_from_db()
    assert (owner.first_name, owner.is_active) == ("Changed", True)


@pytest.mark.parametrize("whom", ["root", "colleague"])
def test_who_may_change_users_does_not_change_those_who_may_enter_the_admin(request, client, whom):
    user = request.getfixturevalue(whom)
    client.force_login(staff_with("view_user", "change_user", "delete_user", *OPERATOR))
    before = rows()

    changed = client.post(f"{USERS}{user.pk}/change/", {"email": "mine@example.com"})
    given = client.post(f"{USERS}{user.pk}/password/", PASSWORD)
    deleted = client.post(f"{USERS}{user.pk}/delete/", {"post": "yes"})
    client.post(
        USERS, {"action": "delete_selected", "_selected_action": str(user.pk), "post": "yes"}
    )
    switch(client, "switch_off", user)

    assert [changed.status_code, given.status_code, deleted.status_code] == [403] * 3
    assert rows()[0][:1] == before[0][:1]
    user.refresh_from_db()
    assert (user.is_active, user.check_password("a long password")) == (True, True)


def test_an_operator_switches_a_user_off_and_on(staff_client, owner):
    key, browser = client_of(owner), Client()
    browser.force_login(owner)

    switch(staff_client, "switch_off", owner)
    answers = [caller.get("/auth/me").status_code for caller in (key, browser)]
    switch(staff_client, "switch_on", owner)

    assert answers == [HTTPStatus.UNAUTHORIZED] * 2
    assert key.get("/auth/me").status_code == HTTPStatus.OK
    entries = LogEntry.objects.order_by("pk")
    assert [(entry.action_flag, entry.object_id) for entry in entries] == (
        [(CHANGE, str(owner.pk))] * 2
    )
    assert [entry.get_change_message() for entry in entries] == ["Switched off.", "Switched on."]
    assert {entry.user.email for entry in entries} == {"staff@example.com"}


@pytest.mark.parametrize("whom", ["root", "colleague", "staff"])
@pytest.mark.parametrize("action", ["switch_off", "switch_on"])
def test_an_operator_does_not_switch_those_who_may_enter_the_admin(
    request, staff_client, owner, whom, action
):
    user = request.getfixturevalue(whom)
    if user.email != "staff@example.com":
        User.objects.filter(pk__in=[user.pk, owner.pk]).update(is_active=action == "switch_off")
    before = User.objects.get(pk=user.pk).is_active

    response = switch(staff_client, action, user, owner)

    word = action.removeprefix("switch_")
    said = [str(message) for message in response.context["messages"]]
    assert said[1].startswith(f"Not switched {word}: {user.email}.")
    assert User.objects.get(pk=user.pk).is_active is before
    assert not LogEntry.objects.filter(object_id=str(user.pk)).exists()


def test_not_even_a_superuser_switches_the_own_account_off(operator_client, operator):
    switch(operator_client, "switch_off", operator)

    operator.refresh_from_db()
    assert operator.is_active


def test_it_is_asked_before_many_users_are_switched_off(staff_client, owner, stranger):
    form = {"action": "switch_off", "_selected_action": [str(owner.pk), str(stranger.pk)]}

    response = staff_client.post(USERS, form)

    assert response.context["question"] == "Switch 2 users off?"
    assert User.objects.filter(is_active=False).count() == 0


def test_an_operator_gives_a_user_a_new_password(staff_client, client, owner):
    response = staff_client.post(f"{USERS}{owner.pk}/password/", PASSWORD)

    assert response["Location"] == f"{USERS}{owner.pk}/change/"
    [entry] = LogEntry.objects.all()
    assert (entry.user.email, entry.object_id) == ("staff@example.com", str(owner.pk))
    owner.refresh_from_db()
    assert owner.check_password("taken over!")


@pytest.mark.parametrize(
    "missing", ["add_user", "disable_user", "reset_password_user"], ids=lambda name: name
)
def test_each_action_needs_its_permission(client, owner, missing):
    client.force_login(staff_with(*(name for name in OPERATOR if name != missing)))
    tries = {
        "add_user": lambda: client.post(f"{USERS}add/", {"email": "n@example.com", **PASSWORD}),
        "disable_user": lambda: switch(client, "switch_off", owner),
        "reset_password_user": lambda: client.post(f"{USERS}{owner.pk}/password/", PASSWORD),
    }
    before = rows()
    page = client.get(f"{USERS}{owner.pk}/change/")

    tries[missing]()

    assert [row for row in rows()[0] if row["email"] != "staff@example.com"] == [
        row for row in before[0] if row["email"] != "staff@example.com"
    ]
    assert bool(page.context["buttons"]) is (missing != "disable_user")
    assert bool(page.context["links"]) is (missing != "reset_password_user")


def test_a_users_page_offers_what_the_operator_may_do(staff_client, owner, root):
    page = staff_client.get(f"{USERS}{owner.pk}/change/")
    of_root = staff_client.get(f"{USERS}{root.pk}/change/")

    assert [button["title"] for button in page.context["buttons"]] == ["Switch off"]
    assert [link["url"] for link in page.context["links"]] == [f"{USERS}{owner.pk}/password/"]
    assert (of_root.context["buttons"], of_root.context["links"]) == ([], [])


def test_a_superuser_gives_a_user_a_role(operator_client, owner):
    group = Group.objects.create(name="watchers")

    operator_client.post(
        f"{USERS}{owner.pk}/change/",
        {"email": owner.email, "is_active": "on", "is_staff": "on", "groups": group.pk},
    )

    owner.refresh_from_db()
    assert owner.is_staff
    assert [*owner.groups.all()] == [group]


@pytest.mark.parametrize("path", ["", "{id}/change/"], ids=["list", "page"])
def test_pages_of_users_cost_as_many_queries_with_many_users(
    staff_client, owner, django_assert_max_num_queries, path
):
    staff_client.get(USERS)
    for number in range(20):
        User.objects.create_user(f"user{number}@example.com")

    with django_assert_max_num_queries(10):
        response = staff_client.get(USERS + path.format(id=owner.pk))

    assert response.status_code == HTTPStatus.OK
