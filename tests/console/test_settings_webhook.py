"""The default webhook, its secret, and webhooks in trouble."""

import json

import pytest

from notifications.models import Attempt, WebhookConfig, WebhookEndpoint
from tests.support.factories import NOW, make_endpoint, make_send, make_undecryptable
from tests.support.receivers import HTTPAnswer

WEBHOOK = "/settings/webhook"
URL = "https://receiver.example/hook/1"


def submit(browser, **fields):
    given = {"url": URL, "format": "torale", "is_enabled": "on", **fields}
    return browser.post(
        WEBHOOK, {name: value for name, value in given.items() if value is not None}, follow=True
    )


def attempt_at(endpoint: WebhookEndpoint) -> None:
    """Store an attempt that failed."""
    send = make_send(endpoint.user, status="failed", endpoint=endpoint, recipient=endpoint.url)
    Attempt.objects.create(
        send=send,
        number=1,
        started_at=NOW,
        duration_ms=7,
        status="failed",
        response_status=500,
        response_body="<b>out of paper</b>",
        error_message="The receiver answered 500.",
    )


@pytest.fixture
def config(owner) -> WebhookConfig:
    return WebhookConfig.objects.create(user=owner, url=URL)


def test_the_default_webhook_is_stored(owner_browser, owner):
    page = submit(owner_browser, url="https://discord.com/api/webhooks/1/x", format="discord")

    assert page.redirect_chain == [(WEBHOOK, 302)]
    assert "Saved." in page.text
    config = WebhookConfig.objects.get(user=owner)
    assert (config.url, config.format, config.is_enabled) == (
        "https://discord.com/api/webhooks/1/x",
        "discord",
        True,
    )
    assert 'value="https://discord.com/api/webhooks/1/x"' in page.text


def test_it_is_switched_off_and_removed(owner_browser, config):
    submit(owner_browser, is_enabled=None)
    config.refresh_from_db()
    off = (config.url, config.is_enabled)
    submit(owner_browser, url="")
    config.refresh_from_db()

    assert off == (URL, False)
    assert config.url is None


@pytest.mark.parametrize(
    ("fields", "field", "fault"),
    [
        (
            {"url": "https://user:pw@a.example/"},
            "url",
            "The URL contains a user name or password; send them in a header instead.",
        ),
        ({"url": "https://a.example/\0"}, "url", "Null characters are not allowed."),
        (
            {"url": "https://a.example/" + "a" * 2048},
            "url",
            "Ensure this value has at most 2048 characters (it has 2066).",
        ),
        (
            {"format": "fax"},
            "format",
            "Select a valid choice. fax is not one of the available choices.",
        ),
        ({"url": "", "test": "1"}, "url", "Give the URL to which the test goes."),
    ],
)
def test_what_is_wrong_stands_at_its_field(owner_browser, config, fields, field, fault):
    page = submit(owner_browser, **fields)

    assert page.context["form"].errors == {field: [fault]}
    config.refresh_from_db()
    assert (config.url, config.format) == (URL, "torale")


def test_a_url_that_does_not_fit_the_format_is_an_error_at_the_url(owner_browser, config):
    page = submit(owner_browser, format="ntfy")

    assert [*page.context["form"].errors] == ["url"]
    assert "does not fit the format ntfy" in str(page.context["form"].errors)


def test_a_test_shows_that_the_receiver_accepted_and_stores_nothing(
    owner_browser, owner, http_receiver
):
    page = submit(owner_browser, url=f"{http_receiver.url}/new", test="1")

    [request] = http_receiver.requests
    assert (request.path, json.loads(request.body)["event_type"]) == ("/new", "webhook.test")
    assert "webhook-signature" in request.headers
    assert page.redirect_chain == []
    assert "Webhook delivered successfully (HTTP 204)." in page.text
    assert f'value="{http_receiver.url}/new"' in page.text
    assert WebhookConfig.objects.get(user=owner).url is None


def test_a_test_shows_what_the_receiver_answered(owner_browser, http_receiver):
    http_receiver.answers = [HTTPAnswer(500, b"<b>out of paper</b>")]

    page = submit(owner_browser, url=http_receiver.url, test="1")

    assert page.status_code == 200
    assert "The test was not accepted." in page.text
    assert "&lt;b&gt;out of paper&lt;/b&gt;" in page.text


def test_the_eleventh_test_of_a_minute_is_refused(owner_browser, http_receiver, at_now):
    for _ in range(10):
        submit(owner_browser, url=http_receiver.url, test="1")

    page = submit(owner_browser, url=http_receiver.url, test="1")

    assert "At most 10 tests a minute are sent." in page.text
    assert len(http_receiver.requests) == 10


def test_the_secret_is_hidden_until_it_is_asked_for(owner_browser, config):
    text = owner_browser.get(WEBHOOK).text

    _, _, details = text.partition("<details>")
    assert config.secret in details.partition("</details>")[0]
    assert text.count(config.secret) == 1


def test_the_secret_is_replaced_after_asking(owner_browser, config):
    asked = owner_browser.get(f"{WEBHOOK}/rotate")
    config.refresh_from_db()
    old = config.secret
    done = owner_browser.post(f"{WEBHOOK}/rotate")
    shown = owner_browser.get(WEBHOOK).text
    config.refresh_from_db()

    assert "Replace the signing secret?" in asked.text
    assert done.headers["Location"] == WEBHOOK
    assert config.secret != old
    assert config.valid_secrets(now=NOW)[1:] == [old]
    assert config.secret in shown
    assert "There is a new secret." in shown


def test_the_limit_of_replacements_is_told(owner_browser, config):
    for _ in range(5):
        owner_browser.post(f"{WEBHOOK}/rotate")

    page = owner_browser.post(f"{WEBHOOK}/rotate", follow=True)

    assert "The secret has been replaced 5 times in 24 hours" in page.text


def test_a_secret_that_cannot_be_read_is_told_and_can_be_replaced(owner_browser, config):
    make_undecryptable(config, "secret")

    page = owner_browser.get(WEBHOOK)
    owner_browser.post(f"{WEBHOOK}/rotate")

    assert "The secret cannot be decrypted" in page.text
    config.refresh_from_db()
    assert config.secret.startswith("whsec_")


def test_webhooks_in_trouble_are_listed_with_their_last_error(owner_browser, owner):
    works = make_endpoint(owner, url="https://works.example/")
    fails = make_endpoint(owner, url="https://fails.example/", failing_since=NOW)
    off = make_endpoint(
        owner,
        url="https://off.example/",
        switched_off_at=NOW,
        switched_off_because="it answered 410 Gone",
    )
    attempt_at(fails)

    page = owner_browser.get(WEBHOOK)

    assert [*page.context["page"]] == [off, fails]
    assert works.url not in page.text
    assert "because it answered 410 Gone." in page.text
    assert "The receiver answered 500." in page.text
    assert "&lt;b&gt;out of paper&lt;/b&gt;" in page.text


def test_a_webhook_is_switched_on_and_off(owner_browser, owner):
    endpoint = make_endpoint(owner, failing_since=NOW)

    off = owner_browser.post(f"{WEBHOOK}/{endpoint.public_id}/switch-off", follow=True)
    endpoint.refresh_from_db()
    was = (endpoint.switched_off_at is not None, endpoint.is_switched_off_by_owner)
    on = owner_browser.post(f"{WEBHOOK}/{endpoint.public_id}/switch-on", follow=True)
    endpoint.refresh_from_db()

    assert was == (True, True)
    assert (endpoint.switched_off_at, endpoint.failing_since) == (None, None)
    assert off.redirect_chain == on.redirect_chain == [(WEBHOOK, 302)]
    assert "until you switch it on again" in off.text
    assert "The webhook is on again." in on.text


def test_switching_the_default_one_on_switches_failed_ones_on(owner_browser, owner, config):
    make_endpoint(owner, url=URL, switched_off_at=NOW, switched_off_because="it is gone")
    make_endpoint(
        owner, url="https://b.example/", switched_off_at=NOW, switched_off_because="it is gone"
    )

    shown = owner_browser.get(WEBHOOK).context["form"]
    submit(owner_browser)

    assert shown["is_enabled"].value() is False
    assert not WebhookEndpoint.objects.switched_off().exists()


def test_saving_without_touching_the_switch_leaves_webhooks_as_they_are(
    owner_browser, owner, config
):
    off = make_endpoint(owner, switched_off_at=NOW, switched_off_because="it is gone")
    config.url = "https://a.example/"
    config.save()

    submit(owner_browser, url="https://a.example/")

    assert [*WebhookEndpoint.objects.switched_off()] == [off]


@pytest.mark.parametrize("count", [1, 40])
def test_the_page_takes_as_many_queries_with_many_webhooks(
    owner_browser, owner, config, count, django_assert_num_queries
):
    for number in range(count):
        endpoint = make_endpoint(owner, url=f"https://r{number}.example/", failing_since=NOW)
        attempt_at(endpoint)

    # Session, user, configuration, switch, count, endpoints, the sends and the last attempts.
    with django_assert_num_queries(8):
        page = owner_browser.get(WEBHOOK)

    assert len(page.context["page"]) == min(count, 25)
