"""Convert the contract's list of notifications to what a task stores, and back; no I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from yarl import URL

from tasks import headers
from torale.errors import Refused
from torale.fields import Undecryptable
from torale.outbound.url_check import check_url
from torale.outbound.url_rules import Networks

METHODS = ("POST", "PUT")
#: The default format of a webhook's body: the contract's event, signed.
OWN_FORMAT = "torale"
#: All formats by name. Each value takes a URL and returns why the format's service cannot have that
#: URL, or None. The notifications app, which knows the services, adds its formats in `ready`.
WEBHOOK_FORMATS: dict[str, Callable[[str], str | None]] = {OWN_FORMAT: lambda _: None}
#: RFC 5321 §4.5.3.1.3, without the angle brackets.
MAX_ADDRESS = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinations:
    """Where a task's notifications go."""

    #: The address to mail to; None if the task names no email.
    email: str | None = None
    #: The webhook's URL; None if the task names no webhook.
    webhook_url: str | None = None
    #: POST or PUT.
    webhook_method: str = "POST"
    #: The task's own headers, by name.
    webhook_headers: Mapping[str, str] | Undecryptable = field(default_factory=dict)
    #: The format of the body, a name in WEBHOOK_FORMATS.
    webhook_format: str = OWN_FORMAT


def parse(configs: Sequence[Any], *, networks: Networks) -> Destinations:
    """Return the destinations that the contract's list of notification objects describes.

    Args:
        configs: the list.
        networks: the networks that the task's owner may call besides the public internet.

    Raises:
        Refused: an entry is malformed, two entries have the same type, or a URL may not be called.
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
    email = _email(by_type["email"]) if "email" in by_type else None
    if webhook is None:
        return Destinations(email=email)
    return Destinations(
        email=email,
        webhook_url=_url(webhook, networks),
        webhook_method=_method(webhook),
        webhook_headers=_headers(webhook),
        webhook_format=_format(webhook),
    )


def unparse(destinations: Destinations) -> list[dict[str, Any]]:
    """Return the contract's list for `destinations`. Headers that cannot be decrypted are null."""
    configs: list[dict[str, Any]] = []
    own_headers = destinations.webhook_headers
    if destinations.email:
        configs.append({"type": "email", "address": destinations.email})
    if destinations.webhook_url:
        configs.append(
            {
                "type": "webhook",
                "url": destinations.webhook_url,
                "method": destinations.webhook_method,
                "headers": None if isinstance(own_headers, Undecryptable) else own_headers,
                "format": destinations.webhook_format,
            }
        )
    return configs


def shown_url(url: str, *, format_: str) -> str:
    """Return `url` as people other than its owner may see it.

    Anyone who knows the URL of a chat can write to the chat, so only its host is shown.
    """
    return url if format_ == OWN_FORMAT else f"{URL(url).origin()}/…"


def check_format(name: str, *, url: str | None) -> None:
    """Check that the format `name` exists and, if `url` is given, that the URL fits it.

    Raises:
        Refused: the format is unknown or the URL does not fit. The message says what to change.
    """
    if name not in WEBHOOK_FORMATS:
        known = ", ".join(WEBHOOK_FORMATS)
        raise Refused(f"format must be one of {known}, not {name!r}.")
    if url is not None and (refusal := WEBHOOK_FORMATS[name](url)):
        raise Refused(f"The url does not fit the format {name}: {refusal}")


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
        check_url(url, networks=networks)
    except Refused as error:
        raise Refused(f"Invalid notification: {error}") from error
    return url


def _method(config: Mapping[str, Any]) -> str:
    method = config.get("method", "POST")
    if not isinstance(method, str) or method.upper() not in METHODS:
        raise Refused(f"Invalid notification: method must be POST or PUT, not {method!r}.")
    return method.upper()


def _format(config: Mapping[str, Any]) -> str:
    name = config.get("format", OWN_FORMAT)
    try:
        check_format(name if isinstance(name, str) else repr(name), url=config["url"])
    except Refused as error:
        raise Refused(f"Invalid notification: {error}") from error
    if name != OWN_FORMAT and _method(config) != "POST":
        raise Refused(f"Invalid notification: the format {name} is sent by POST; leave method out.")
    return str(name)


def _headers(config: Mapping[str, Any]) -> dict[str, str]:
    try:
        return headers.check(config.get("headers", {}))
    except Refused as error:
        raise Refused(f"Invalid notification: {error}") from error
