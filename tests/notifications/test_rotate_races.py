"""Two rotations of a secret at once."""

import pytest

from notifications.webhooks import config_of
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def test_both_answer_with_a_secret_that_signs(owner):
    first, second = config_of(owner), config_of(owner)
    original = first.secret

    first.rotate_secret(now=NOW)
    second.rotate_secret(now=NOW)

    assert config_of(owner).valid_secrets(now=NOW) == [
        second.secret,
        first.secret,
        original,
    ]
