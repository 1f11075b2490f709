"""The groups of auditors and operators, which a migration makes."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Count
from django.urls import reverse

from accounts.models import APIKey, User
from notifications.models import NotificationSend
from tests.support.factories import make_address, make_execution, make_send, make_task
from tests.support.roles import (
    let_view_spending,
    make_roles,
    remove_roles,
    user_of_role,
)

APPS = ["accounts", "executions", "tasks", "notifications"]
ACTIONS = {
    "add_user",
    "disable_user",
    "reset_password_user",
    "revoke_apikey",
    "redeliver_notificationsend",
    "give_up_notificationsend",
    "switch_on_webhookendpoint",
    "switch_off_webhookendpoint",
    "run_task",
    "pause_task",
    "resume_task",
    "complete_task",
}


@pytest.fixture(autouse=True)
def _roles(db):
    make_roles()


def codenames(group: str) -> set[str]:
    return {*Group.objects.get(name=group).permissions.values_list("codename", flat=True)}


def test_an_auditor_may_view_all_models_and_do_nothing():
    models = [model for app in APPS for model in apps.get_app_config(app).get_models()]

    assert codenames("auditor") == {f"view_{model._meta.model_name}" for model in models}


def test_an_operator_may_do_what_an_auditor_may_and_all_actions():
    assert codenames("operator") == codenames("auditor") | ACTIONS


def test_no_permission_is_there_twice_after_all_migrations():
    for app in APPS:
        create_permissions(apps.get_app_config(app), verbosity=0)

    named = Permission.objects.values("content_type", "codename").annotate(number=Count("pk"))
    assert not named.filter(number__gt=1).exists()
    assert codenames("operator") >= ACTIONS


def test_the_roles_are_made_on_a_database_without_permissions():
    Group.objects.all().delete()
    Permission.objects.all().delete()

    make_roles()
    for app in APPS:
        create_permissions(apps.get_app_config(app), verbosity=0)

    assert codenames("operator") > codenames("auditor")
    assert Permission.objects.get(codename="pause_task").name == "Can pause task"
    assert Permission.objects.filter(codename="pause_task").count() == 1


def test_the_roles_can_be_taken_back():
    Group.objects.create(name="others")

    remove_roles()

    assert [group.name for group in Group.objects.all()] == ["others"]


def test_roles_that_exist_get_the_permission_to_view_spending():
    Permission.objects.get(codename="view_spending").delete()
    Group.objects.get(name="operator").delete()

    let_view_spending()

    assert "view_spending" in codenames("auditor")
    assert not Group.objects.filter(name="operator").exists()
    create_permissions(apps.get_app_config("executions"), verbosity=0)
    assert Permission.objects.get(codename="view_spending").name == "Can view spending"

    let_view_spending(undo=True)

    assert "view_spending" not in codenames("auditor")


@pytest.mark.parametrize("role", ["auditor", "operator"])
def test_both_roles_read_and_only_operators_act(client, owner, role):
    client.force_login(user_of_role(role))
    task = make_task(owner)
    send = make_send(owner, task=task, status="failed")
    for page in [
        reverse("admin:notifications_notificationsend_changelist"),
        reverse("admin:notifications_notificationsend_change", args=[send.pk]),
        reverse("admin:notifications_webhookendpoint_changelist"),
        reverse("admin:executions_execution_changelist"),
        reverse("admin:executions_spending_changelist"),
        reverse("admin:tasks_task_change", args=[task.pk]),
    ]:
        assert client.get(page).status_code == 200

    pause = reverse("admin:tasks_task_do", args=[task.pk, "pause"])
    redeliver = reverse("admin:notifications_notificationsend_do", args=[send.pk, "redeliver"])

    assert client.post(pause).status_code == (302 if role == "operator" else 403)
    assert client.post(redeliver, {"confirmed": send.pk}).status_code == (
        302 if role == "operator" else 403
    )
    task.refresh_from_db()
    assert task.state == ("paused" if role == "operator" else "active")
    assert NotificationSend.objects.unfinished().exists() is (role == "operator")


@pytest.mark.parametrize("action", ["change", "delete"])
def test_not_even_a_superuser_edits_sends(operator_client, owner, action):
    send = make_send(owner, status="failed")
    url = reverse(f"admin:notifications_notificationsend_{action}", args=[send.pk])

    assert operator_client.post(url, {"status": "sent"}).status_code == 403

    send.refresh_from_db()
    assert send.status == "failed"


def rows() -> dict[str, list[Any]]:
    return {
        model.__name__: [*model._base_manager.order_by("pk").values()]
        for app in APPS
        for model in apps.get_app_config(app).get_models()
    }


@pytest.mark.parametrize("role", ["auditor", "nobody"])
def test_who_may_only_read_changes_nothing_by_any_form_of_the_admin(client, owner, role):
    if role == "auditor":
        client.force_login(user_of_role(role))
    else:
        client.force_login(User.objects.create_user("nobody@example.com", is_staff=True))
    task = make_task(owner)
    send = make_send(owner, task=task, execution=make_execution(task), status="failed")
    make_address(owner)
    APIKey.objects.create_key(user=owner, name="laptop")
    before = rows()
    forms = 0

    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label not in APPS:
            continue
        row = owner if model is User else model._base_manager.order_by("pk").first()
        pk = row.pk if row else send.pk
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        actions = [*(model_admin.actions or ()), *getattr(model_admin, "page_actions", ())]
        names = {each if isinstance(each, str) else each.__name__ for each in actions}
        given = {"_selected_action": pk, "confirmed": pk, "post": "yes", "email": "x@example.com"}
        sent: list[tuple[str, list[Any], dict[str, str]]] = [(f"{base}_add", [], {})]
        sent += [(f"{base}_changelist", [], {"action": name}) for name in names]
        sent += [
            (f"{base}_do", [pk, name], {}) for name in getattr(model_admin, "page_actions", ())
        ]
        sent += [(f"{base}_{page}", [pk], {}) for page in ("change", "delete")]
        for route, arguments, fields in sent:
            answer = client.post(reverse(route, args=arguments), {**given, **fields})
            assert answer.status_code in (200, 302, 403), route
            forms += 1

    assert forms > 40
    assert rows() == before
