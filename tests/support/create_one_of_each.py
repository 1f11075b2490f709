"""Add a user with one object of each kind to an installation, and print their ids as JSON."""

import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "torale.settings")

django.setup()

from accounts.models import APIKey, User
from tests.support.factories import make_execution, make_preview, make_send, make_task


def main() -> dict[str, str]:
    user = User.objects.create_superuser("owner@example.com")
    # Two keys: one to call with, and one that the calls may revoke.
    _, secret = APIKey.objects.create_key(user=user, name="caller")
    spare, _ = APIKey.objects.create_key(user=user, name="spare")
    task = make_task(user, is_public=True, webhook_url="https://receiver.example/hook")
    execution = make_execution(task, notification="**Met**")
    send = make_send(user, task=task, execution=execution)
    return {
        "SECRET": secret,
        "KEY_ID": str(spare.pk),
        "TASK_ID": str(task.pk),
        "PREVIEW_ID": str(make_preview(user).pk),
        "SEND_ID": str(send.pk),
        "ENDPOINT_ID": str(send.endpoint.public_id),
    }


if __name__ == "__main__":
    print(json.dumps(main()))
