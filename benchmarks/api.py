"""Requests a second for the list of sends, compared with a view that only answers `{}`."""

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import aiohttp
import django
import uvloop

django.setup()

from django.core.management import call_command
from django.db import connection

from accounts.models import APIKey, User
from notifications.models import NotificationSend, WebhookEndpoint
from torale.management.commands.web import THREADS
from torale.uuid7 import uuid7

PATHS = {
    "{} (baseline)": "/baseline",
    "sends, 50 rows": "/api/v1/notifications/sends",
    "sends, 1 row": "/api/v1/notifications/sends?limit=1",
    "sends, by task": "/api/v1/notifications/sends?task_id=660e8400-e29b-41d4-a716-446655440000",
}
CALLERS = 8
CHUNK = 5_000


def prepare(sends: int) -> str:
    """Store `sends` sends of one user in the database; return the user's key."""
    call_command("migrate", verbosity=0)
    user = User.objects.create_user("bench@example.com")
    _, key = APIKey.objects.create_key(user=user, name="bench")
    endpoint = WebhookEndpoint.objects.create(user=user, url="https://r.example/")
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    for first in range(0, sends, CHUNK):
        NotificationSend.objects.bulk_create(
            NotificationSend(
                user=user,
                task_id=uuid7(),
                execution_id=uuid7(),
                endpoint=endpoint,
                recipient=endpoint.url,
                notification_type="webhook",
                status="sent",
                created_at=begin + timedelta(seconds=number),
            )
            for number in range(first, min(first + CHUNK, sends))
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return key


async def rate(url: str, key: str, seconds: float) -> float:
    """Return the requests a second of CALLERS that each call again as soon as they are answered."""
    done = 0
    end = time.monotonic() + seconds

    async def call(session: aiohttp.ClientSession) -> None:
        nonlocal done
        while time.monotonic() < end:
            async with session.get(url) as response:
                await response.read()
                assert response.status == 200, await response.text()
                done += 1

    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        begun = time.monotonic()
        await asyncio.gather(*(call(session) for _ in range(CALLERS)))
        return done / (time.monotonic() - begun)


async def measure(port: int, key: str, rounds: int, seconds: float) -> None:
    """Measure the paths in turn, so that a slow moment affects all of them; print the medians."""
    rates: dict[str, list[float]] = {name: [] for name in PATHS}
    for round_ in range(rounds + 1):
        for name, path in PATHS.items():
            found = await rate(f"http://127.0.0.1:{port}{path}", key, seconds)
            if round_:  # the first one warms up
                rates[name].append(found)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    baseline = medians["{} (baseline)"]
    for name, median in medians.items():
        print(
            f"{name:20} {median:8.0f} requests/s   {baseline / median:5.2f} x the baseline's time"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sends", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--quick", action="store_true", help="only check that it works")
    options = parser.parse_args()
    if options.quick:
        options.sends, options.rounds, options.seconds = 200, 1, 0.1
    key = prepare(options.sends)
    print(
        f"List of sends: {options.sends:,} rows of one user, {CALLERS} callers, {THREADS} threads"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "manage.py", "web"],
        env={**os.environ, "TORALE_LISTEN": f"127.0.0.1:{port}"},
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        uvloop.run(measure(port, key, options.rounds, options.seconds))
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
