"""Whose reports about mails are taken: the configured provider's, with its secret."""

import json

import pytest

from tests.support.processes import manage, python
from torale.email_provider import SECRETS, routes

#: Posts an empty report to each provider's address, in a process with the environment given.
POST_TO_ALL = """
import json, django
django.setup()
from django.test import Client
from anymail.urls import urlpatterns
client = Client(SERVER_NAME="localhost", raise_request_exception=False)
patterns = [str(route.pattern) for route in urlpatterns]
addresses = ["/anymail/" + pattern for pattern in patterns if "^" not in pattern]
print(json.dumps({
    address: client.post(address, {}, content_type="application/json").status_code
    for address in addresses
}))
"""
POSTMARK = "/anymail/postmark/tracking/"


def answers(tmp_path, **values) -> dict[str, int]:
    """Return the status that each provider's address answers with, but for 404."""
    ended = python(
        "-c",
        POST_TO_ALL,
        DJANGO_SETTINGS_MODULE="torale.settings",
        TORALE_DATA_DIR=tmp_path,
        **values,
    )
    found = json.loads(ended.stdout.splitlines()[-1])
    assert len(found) > 25
    return {address: status for address, status in found.items() if status != 404}


def test_nobody_can_report_where_no_provider_is_configured(tmp_path):
    assert answers(tmp_path, ANYMAIL_WEBHOOK_SECRET="user:password") == {}


def test_nobody_can_report_where_the_provider_has_no_secret(tmp_path):
    assert answers(tmp_path, TORALE_EMAIL_PROVIDER="postmark") == {}


def test_only_the_configured_provider_can_report_and_not_without_its_secret(tmp_path):
    found = answers(
        tmp_path, TORALE_EMAIL_PROVIDER="postmark", ANYMAIL_WEBHOOK_SECRET="user:password"
    )

    assert found == {POSTMARK: 400}


@pytest.mark.parametrize("provider", ["mailgun", "amazon_ses", "mandrill"])
def test_a_provider_that_is_not_configured_is_not_found_rather_than_a_500(tmp_path, provider):
    assert answers(tmp_path, TORALE_EMAIL_PROVIDER=provider) == {}


@pytest.mark.parametrize("provider", SECRETS)
def test_each_provider_has_one_address_with_its_secret_and_none_without(provider):
    for name in SECRETS[provider]:
        [mounted] = routes(provider, {name: "s3cret"})
        assert {str(route.pattern).partition("/")[0] for route in mounted.url_patterns} == {
            provider
        }
        assert not any("inbound" in str(route.pattern) for route in mounted.url_patterns)
        assert routes(provider, {name: ""}) == []
    assert routes(provider, {}) == []


@pytest.mark.parametrize(
    ("provider", "names"),
    [
        ("postmark", "ANYMAIL_WEBHOOK_SECRET"),
        ("mailtrap", "ANYMAIL_MAILTRAP_TRACKING_SECRET or ANYMAIL_WEBHOOK_SECRET"),
    ],
)
def test_check_warns_of_a_provider_whose_reports_are_not_taken(tmp_path, provider, names):
    ended = manage(
        "check",
        "--fail-level",
        "WARNING",
        TORALE_EMAIL_PROVIDER=provider,
        TORALE_DATA_DIR=tmp_path,
    )

    assert ended.returncode == 1
    assert (
        f"(torale.W001) TORALE_EMAIL_PROVIDER is '{provider}', but {names} is not set"
        in ended.stderr
    )


def test_check_is_content_with_a_provider_and_its_secret(tmp_path):
    ended = manage(
        "check",
        "--fail-level",
        "WARNING",
        TORALE_EMAIL_PROVIDER="postmark",
        ANYMAIL_WEBHOOK_SECRET="user:password",
        TORALE_DATA_DIR=tmp_path,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
