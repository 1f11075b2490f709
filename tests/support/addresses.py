"""Addresses of a user, as rows."""

from datetime import timedelta

from accounts.models import EmailAddress, User
from tests.support.factories import NOW


def make_address(user: User, **fields) -> EmailAddress:
    """Store a verified address."""
    return EmailAddress.objects.create(
        user=user, **{"email": "second@example.com", "verified_at": NOW, **fields}
    )


def make_unverified_address(user: User, **fields) -> EmailAddress:
    """Store an address that awaits its code, 123456, for 15 minutes from NOW."""
    return make_address(
        user,
        **{
            "verified_at": None,
            "code": "123456",
            "code_expires_at": NOW + timedelta(minutes=15),
            **fields,
        },
    )
