"""Inviting a person, in the admin and in the terminal."""

from http import HTTPStatus
from io import StringIO

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.management import CommandError, call_command
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from tests.support.factories import staff_with
from tests.support.mailed_links import path_in, send_links

INVITE = "/admin/accounts/user/invite/"
NEWCOMER = "newcomer@example.com"


def test_the_list_of_users_has_a_button_to_invite_and_the_admin_logs_who_did(
    operator_client, operator, smtp_receiver
):
    listed = operator_client.get("/admin/accounts/user/")
    asked = operator_client.get(INVITE)
    done = operator_client.post(INVITE, {"email": NEWCOMER}, follow=True)
    send_links()

    assert f'href="{INVITE}"' in listed.text
    assert 'name="email"' in asked.text
    assert done.redirect_chain == [("/admin/accounts/user/", HTTPStatus.FOUND)]
    assert f"An invitation is on its way to {NEWCOMER}." in done.text
    [mail] = smtp_receiver.messages
    assert mail["To"] == NEWCOMER
    assert path_in(mail).startswith("/sign-up/")
    [entry] = LogEntry.objects.all()
    assert (entry.user, entry.object_repr, entry.action_flag, entry.change_message) == (
        operator,
        NEWCOMER,
        ADDITION,
        "Invited.",
    )


@pytest.mark.parametrize(
    ("email", "fault"),
    [
        ("OWNER@example.com", "A user with this email exists."),
        ("nobody", "Enter a valid email address."),
        ("", "This field is required."),
    ],
)
@pytest.mark.usefixtures("owner")
def test_who_cannot_be_invited_is_told_at_the_field(operator_client, email, fault):
    page = operator_client.post(INVITE, {"email": email})

    assert page.context["form"].errors == {"email": [fault]}
    assert fault in page.text
    assert not ProcrastinateJob.objects.exists()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("permissions", "status"), [(["view_user"], 403), (["view_user", "add_user"], 302)]
)
@pytest.mark.django_db
def test_inviting_needs_the_permission_to_add_users(client, permissions, status):
    client.force_login(staff_with(*permissions))

    listed = client.get("/admin/accounts/user/")
    answer = client.post(INVITE, {"email": NEWCOMER})

    assert answer.status_code == status
    assert (f'href="{INVITE}"' in listed.text) == (status == 302)
    assert ProcrastinateJob.objects.exists() == (status == 302)


@pytest.mark.django_db
def test_a_person_is_invited_in_the_terminal(smtp_receiver):
    output = StringIO()

    call_command("users", "invite", NEWCOMER, stdout=output)
    send_links()

    assert output.getvalue() == f"An invitation is on its way to {NEWCOMER}.\n"
    [mail] = smtp_receiver.messages
    assert mail["To"] == NEWCOMER
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("email", "fault"),
    [
        ("OWNER@example.com", "A user with this email exists."),
        ("nobody", "Enter a valid email address."),
    ],
)
@pytest.mark.usefixtures("owner")
def test_who_cannot_be_invited_is_told_in_the_terminal(email, fault):
    with pytest.raises(CommandError) as refused:
        call_command("users", "invite", email)

    assert str(refused.value) == fault
    assert not ProcrastinateJob.objects.exists()
