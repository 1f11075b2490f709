from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from notifications.models import Payload, WebhookConfig
from tests.support.factories import make_send, make_task, make_undecryptable

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def secret(owner, settings) -> str:
    """The owner's secret; it, a task's and a send's headers are encrypted with the old key."""
    settings.TORALE_FIELD_KEYS = [OLD]
    make_task(owner, webhook_headers={"X-Token": "task"})
    make_send(owner, headers={"X-Token": "send"})
    return str(WebhookConfig.objects.get().secret)


def test_afterwards_the_old_key_is_not_needed_any_more(secret, settings):
    settings.TORALE_FIELD_KEYS = [NEW, OLD]
    out = StringIO()

    call_command("reencrypt_secrets", stdout=out)

    settings.TORALE_FIELD_KEYS = [NEW]
    assert out.getvalue() == "Encrypted the secrets of 3 rows again.\n"
    assert WebhookConfig.objects.get().secret == secret
    assert Payload.objects.get().headers == {"X-Token": "send"}


def test_a_row_whose_key_is_missing_is_named_and_all_others_are_done(secret, settings):
    send = Payload.objects.get()
    make_undecryptable(send, "headers")
    settings.TORALE_FIELD_KEYS = [NEW, OLD]
    out = StringIO()

    with pytest.raises(CommandError) as error:
        call_command("reencrypt_secrets", stdout=out)

    settings.TORALE_FIELD_KEYS = [NEW]
    assert out.getvalue() == "Encrypted the secrets of 2 rows again.\n"
    assert str(error.value) == (
        "1 rows hold a secret that was encrypted with a key that TORALE_FIELD_KEYS does not list; "
        f"add the old key at its end and run this again: Payload {send.pk}."
    )
    assert WebhookConfig.objects.get().secret == secret


def test_a_key_that_is_none_is_found_by_the_checks(settings):
    settings.TORALE_FIELD_KEYS = ["short"]

    [error] = run_checks()

    assert error.id == "torale.E001"
    assert error.msg.startswith("TORALE_FIELD_KEYS holds a key that is not valid ")
