"""Where a task's notifications go: the contract's list <-> what a task keeps; pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email

from torale import outbound
from torale.errors import Refused
from torale.fields import Undecryptable
from torale.url_rules import Networks

METHODS = ("POST", "PUT")
#: RFC 9110 §5.6.2 `token`.
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
#: RFC 9110 §5.5, less obs-text: what every receiver can read.
HEADER_VALUE = re.compile(r"[\t\x20-\x7e]{0,2000}")
MAX_HEADERS = 20
#: RFC 5321 §4.5.3.1.3, less the angle brackets.
MAX_ADDRESS = 254
#: Set by us or by the connection; a task's own would forge or break them.
RESERVED_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
RESERVED_PREFIXES = ("webhook-", "x-torale-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinations:
    """Where to send; an absent one is None."""

    #: Address of the email, None for no email.
    email: str | None = None
    #: URL of the webhook, None for no webhook.
    webhook_url: str | None = None
    #: POST or PUT.
    webhook_method: str = "POST"
    #: The task's own headers, by name.
    webhook_headers: Mapping[str, str] | Undecryptable = field(default_factory=dict)


def parse(configs: Sequence[Any], *, networks: Networks) -> Destinations:
    """Return the destinations that a list of the contract's notification objects names.

    Args:
        configs: the list.
        networks: what the task's owner may call besides the public internet.

    Raises:
        Refused: an entry is malformed, two have one type, or an address may not be used.
    """
    by_type: dict[str, Mapping[str, Any]] = {}
    for config in configs:
        if not isinstance(config, Mapping) or config.get("type") not in ("email", "webhook"):
            raise Refused('Invalid notification: its type must be "email" or "webhook".')
        if config["type"] in by_type:
            raise Refused(
                "Multiple notifications of the same type are not supported; "
                f"send one {config['type']} entry."
            )
        by_type[config["type"]] = {
            name: value for name, value in config.items() if value is not None
        }
    webhook = by_type.get("webhook")
    return Destinations(
        email=_email(by_type["email"]) if "email" in by_type else None,
        webhook_url=_url(webhook, networks) if webhook else None,
        webhook_method=_method(webhook) if webhook else "POST",
        webhook_headers=_headers(webhook) if webhook else {},
    )


def unparse(destinations: Destinations) -> list[dict[str, Any]]:
    """Return the contract's list for `destinations`; headers that cannot be decrypted are null."""
    configs: list[dict[str, Any]] = []
    headers = destinations.webhook_headers
    if destinations.email:
        configs.append({"type": "email", "address": destinations.email})
    if destinations.webhook_url:
        configs.append(
            {
                "type": "webhook",
                "url": destinations.webhook_url,
                "method": destinations.webhook_method,
                "headers": None if isinstance(headers, Undecryptable) else headers,
            }
        )
    return configs


def _email(config: Mapping[str, Any]) -> str:
    address = config.get("address")
    try:
        validate_email(address if isinstance(address, str) else "")
        MaxLengthValidator(MAX_ADDRESS)(address)
    except ValidationError as error:
        raise Refused(
            f"Invalid notification: address {address!r} is not an email address."
        ) from error
    return str(address)


def _url(config: Mapping[str, Any], networks: Networks) -> str:
    url = config.get("url")
    if not isinstance(url, str):
        raise Refused("Invalid notification: a webhook needs a url.")
    try:
        outbound.check_url(url, networks=networks)
    except Refused as error:
        raise Refused(f"Invalid notification: {error}") from error
    return url


def _method(config: Mapping[str, Any]) -> str:
    method = config.get("method", "POST")
    if not isinstance(method, str) or method.upper() not in METHODS:
        raise Refused(f"Invalid notification: method must be POST or PUT, not {method!r}.")
    return method.upper()


def _headers(config: Mapping[str, Any]) -> dict[str, str]:
    headers = config.get("headers", {})
    if not isinstance(headers, Mapping) or len(headers) > MAX_HEADERS:
        raise Refused(
            f"Invalid notification: headers must be an object of at most {MAX_HEADERS} texts."
        )
    seen = set()
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name):
            raise Refused(f"Invalid notification: {name!r} is not a header name (RFC 9110 §5.6.2).")
        if name.lower() in RESERVED_HEADERS or name.lower().startswith(RESERVED_PREFIXES):
            raise Refused(f"Invalid notification: header {name} is set by Torale; leave it out.")
        if name.lower() in seen:
            raise Refused(f"Invalid notification: header {name} is given twice.")
        if not isinstance(value, str) or not HEADER_VALUE.fullmatch(value):
            raise Refused(
                f"Invalid notification: the value of header {name} must be printable ASCII text "
                "of at most 2000 characters."
            )
        seen.add(name.lower())
    return dict(headers)
