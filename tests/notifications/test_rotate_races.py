"""Two rotations of a secret at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from accounts.models import User
from notifications.channels.webhook.config import config_of
from tests.support.factories import NOW
from tests.support.races import apart, wait_until_another_waits

pytestmark = pytest.mark.django_db(transaction=True)


def rotate(user: User):
    """Return the new secret."""
    config = config_of(user)
    config.rotate_secret(now=NOW)
    return config.secret


def test_both_answer_with_a_secret_that_signs(owner):
    config = config_of(owner)
    original = config.secret

    with ThreadPoolExecutor(1) as worker:
        with transaction.atomic():
            config.rotate_secret(now=NOW)
            meanwhile = worker.submit(apart, rotate, owner)
            wait_until_another_waits()
        second = meanwhile.result()

    assert config_of(owner).valid_secrets(now=NOW) == [second, config.secret, original]
