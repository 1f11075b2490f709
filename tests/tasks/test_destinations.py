import pytest

from tasks.destinations import Destinations, parse, unparse
from torale.errors import Refused

EMAIL = {"type": "email", "address": "me@example.com"}
WEBHOOK = {"type": "webhook", "url": "https://r.example/h"}


def test_an_empty_list_is_nowhere():
    assert parse([], networks=()) == Destinations()


def test_what_is_parsed_is_shown_again():
    webhook = {
        **WEBHOOK,
        "method": "PUT",
        "headers": {"X-Token": "abc"},
        "format": "torale",
    }

    assert unparse(parse([EMAIL, webhook], networks=())) == [EMAIL, webhook]


def test_the_method_is_taken_in_any_case():
    assert parse([{**WEBHOOK, "method": "put"}], networks=()).webhook_method == "PUT"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        pytest.param("email", "its type must be", id="not an object"),
        pytest.param({**EMAIL, "address": 7}, "address 7 is not an email address", id="number"),
        pytest.param(
            {**EMAIL, "address": f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.com"},
            "is not an email address",
            id="long",
        ),
        pytest.param({**EMAIL, "address": "a@b\r\nBcc: c"}, "is not an email address", id="crlf"),
        pytest.param({**WEBHOOK, "url": "https://u:p@r.example/"}, "user name", id="credentials"),
        pytest.param({**WEBHOOK, "url": "https://10.0.0.1/"}, "not a public address", id="private"),
        pytest.param({**WEBHOOK, "method": "GET"}, "must be POST or PUT, not 'GET'", id="method"),
        pytest.param({**WEBHOOK, "headers": ["X"]}, "must be an object", id="headers no object"),
        pytest.param({**WEBHOOK, "headers": {"X Y": "1"}}, "'X Y' is not a header", id="name"),
        pytest.param({**WEBHOOK, "headers": {"X": "a\r\nY: b"}}, "value of header X", id="value"),
        pytest.param({**WEBHOOK, "headers": {"X": 1}}, "value of header X", id="value no text"),
        pytest.param({**WEBHOOK, "headers": {"Host": "h"}}, "header Host is set by", id="reserved"),
        pytest.param(
            {**WEBHOOK, "headers": {"Webhook-Signature": "v1,x"}}, "is set by", id="signature"
        ),
        pytest.param({**WEBHOOK, "headers": {"x-torale-event": "x"}}, "is set by", id="x-torale"),
        pytest.param({**WEBHOOK, "headers": {"A": "1", "a": "2"}}, "a is given twice", id="twice"),
    ],
)
def test_a_bad_entry_is_refused_with_what_to_change(config, message):
    with pytest.raises(Refused, match=message) as refusal:
        parse([config], networks=())

    assert str(refusal.value).startswith("Invalid notification: ")
