"""What the settings let a user call.

Apart from outbound.py, so that a model or a form can check a URL without loading an HTTP client.
"""

from django.conf import settings
from yarl import URL

from torale import url_rules


def networks_of(*, email: str, is_staff: bool) -> url_rules.Networks:
    """Return the networks of TORALE_WEBHOOK_ALLOW_PRIVATE, as it is now, that a user may call.

    Args:
        email: what the user logs in with.
        is_staff: whether the user may enter the admin.
    """
    allowed = settings.TORALE_WEBHOOK_ALLOW_PRIVATE
    return url_rules.networks_for(allowed, email=email, is_staff=is_staff)


def check_url(url: str, *, networks: url_rules.Networks) -> None:
    """Check what can be told of `url` without the network; for the moment a user writes it.

    Args:
        url: what the user wrote.
        networks: that this user may call besides the public internet; from `networks_of`.

    Raises:
        Refused: says what is wrong and what to change.
    """
    parse(url, networks=networks)


def parse(url: str, *, networks: url_rules.Networks) -> URL:
    """Return `url` as an object to call it by, as `url_rules.parse` does, with the allowed ports.

    Raises:
        Refused: says what is wrong and what to change.
    """
    return url_rules.parse(url, networks=networks, ports=settings.TORALE_OUTBOUND_PORTS)
