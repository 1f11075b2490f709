"""How commands find the user whom an operator names."""

from django.core.management.base import CommandError

from accounts.models import User


def user_called(email: str) -> User:
    """Return the user who logs in with `email`.

    Raises:
        CommandError: there is none.
    """
    try:
        return User.objects.get_by_natural_key(email)
    except User.DoesNotExist as error:
        raise CommandError(
            f"No user has the email {email}. `manage.py users create {email}` creates one."
        ) from error
