"""`manage.py why ID`."""

import csv
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.support.factories import NOW, make_execution, make_send, make_task
from tests.support.processes import manage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


#: An id that nothing has.
NOBODYS = "019ca5f2-3b10-7c52-8a4e-0c2f6f6f1d11"


@pytest.fixture
def send(owner):
    task = make_task(owner, name="Boots")
    return make_send(owner, task=task, execution=make_execution(task, notification="Met."))


def printed(*arguments: object) -> str:
    out = StringIO()
    call_command("why", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_it_prints_the_verdict_and_each_decision(send):
    text = printed(send.execution_id)

    assert text.startswith(
        "The visit of 2026-03-04 09:00:10 UTC of the task “Boots”\n\n"
        "The only recipient was told: the webhook https://receiver.example/hook was accepted.\n"
    )
    assert f"Webhook https://receiver.example/hook (send {send.pk})" in text
    assert "Condition met" in text
    assert "2026-03-04 09:00:10" in text


def test_what_a_receiver_answered_does_not_control_the_terminal(owner):
    send = make_send(owner, status="failed", error_message="It answered \x1b[2J\x07.")

    text = printed(send.pk)

    assert "It answered  [2J ." in text
    assert "\x1b" not in text


@pytest.mark.parametrize("name", ["pk", "execution_id", "task_id"])
def test_it_finds_what_an_id_belongs_to(send, name):
    rows = json.loads(printed(getattr(send, name), "--format", "json"))

    assert (rows[0]["title"], rows[0]["kind"]) == ("Verdict", "good")
    assert str(send.pk) in {row["send_id"] for row in rows}


def test_a_program_reads_the_same_decisions_as_csv(send):
    as_json = json.loads(printed(send.pk, "--format", "json"))
    as_csv = [*csv.DictReader(StringIO(printed(send.pk, "--format", "csv")))]

    assert [row["sentence"] for row in as_csv] == [row["sentence"] for row in as_json]
    assert as_json[1]["at"] == NOW.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("boots", "'boots' is not an id"),
        (NOBODYS, "No task, execution or send has the id"),
    ],
)
def test_it_says_what_is_wrong_with_an_id(db, wanted, message):
    with pytest.raises(CommandError, match=message):
        printed(wanted)


def test_its_help_has_examples_and_a_wrong_id_exits_with_1(tmp_path):
    helped = manage("why", "--help", TORALE_DATA_DIR=tmp_path)
    ended = manage("why", "boots", TORALE_DATA_DIR=tmp_path)

    assert "examples:\n  manage.py why 0" in helped.stdout
    assert ended.returncode == 1
    assert "is not an id" in ended.stderr
