"""What the settings allow a user to call.

Separate from the calls, so that a model or form can check a URL without loading an HTTP client.
"""

from django.conf import settings
from yarl import URL

from torale.outbound import url_rules


def networks_of(*, email: str, is_staff: bool) -> url_rules.Networks:
    """Return the networks that a user may call, by the current TORALE_WEBHOOK_ALLOW_PRIVATE.

    Args:
        email: what the user logs in with.
        is_staff: whether the user may enter the admin.
    """
    allowed = settings.TORALE_WEBHOOK_ALLOW_PRIVATE
    return url_rules.networks_for(allowed, email=email, is_staff=is_staff)


def check_url(url: str, *, networks: url_rules.Networks) -> None:
    """Check `url` as far as is possible without the network, when a user enters it.

    Args:
        url: what the user wrote.
        networks: the networks that this user may call besides the public internet, from
            `networks_of`.

    Raises:
        Refused: the message says what is wrong and what to change.
    """
    parse(url, networks=networks)


def parse(url: str, *, networks: url_rules.Networks) -> URL:
    """Call `url_rules.parse` with the ports that the settings allow.

    Raises:
        Refused: the message says what is wrong and what to change.
    """
    return url_rules.parse(url, networks=networks, ports=settings.TORALE_OUTBOUND_PORTS)
