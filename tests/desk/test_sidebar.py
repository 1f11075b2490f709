"""The links at the side of the admin's pages."""

import re

from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import User


def links_of(page) -> dict[str, str]:
    """Return the addresses of the sidebar by their titles."""
    return {
        item["title"]: item["link"]
        for group in page.context["sidebar_navigation"]
        for item in group["items"]
    }


def test_the_operator_reaches_every_list_from_the_side(operator_client):
    page = operator_client.get(reverse("admin:index"))

    assert [*links_of(page)] == [
        "Home",
        "Why?",
        "Sends",
        "Webhooks",
        "Suppressed addresses",
        "Tasks",
        "Executions",
        "Spending",
        "Users",
        "API keys",
        "Addresses",
        "Jobs",
    ]
    for address in links_of(page).values():
        assert f'<a href="{address}"' in page.text
        assert operator_client.get(address).status_code == 200


def test_what_has_no_link_of_its_own_is_among_all_applications(operator_client):
    page = operator_client.get(reverse("admin:index"))

    assert "All applications" in page.text
    registered = {model["admin_url"] for app in page.context["app_list"] for model in app["models"]}
    assert registered <= {*re.findall(r'href="([^"]+)"', page.text)}


def test_staff_see_the_links_that_they_may_follow(db, client):
    user = User.objects.create_user("auditor@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_task"))
    client.force_login(user)

    page = client.get(reverse("admin:tasks_task_changelist"))

    assert [*links_of(page)] == ["Home", "Tasks"]
    active = [item for group in page.context["sidebar_navigation"] for item in group["items"]]
    assert [item["title"] for item in active if item["active"]] == ["Tasks"]
