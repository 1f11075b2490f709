"""Deliveries a second by workers, compared with aiohttp alone sending the same requests."""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import django
import uvloop

django.setup()

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from notifications.channels.webhook.signing import sign
from notifications.models import (
    NotificationSend,
    Payload,
    WebhookConfig,
    WebhookEndpoint,
)
from torale import outbound
from torale.uuid7 import uuid7

BODY = '{"id": "%s", "object": "event", "api_version": "v1", "data": {"text": "' + "x" * 600 + '"}}'
#: How many requests are under way at once in the baseline.
CONCURRENCY = 128
CHUNK = 5_000


class Receivers:
    """Sinks in their own process; `urls` lists the quick ones and then the hanging ones."""

    def __init__(self, quick: int, hanging: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sink", str(quick), str(hanging)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.urls = [
            f"http://127.0.0.1:{self.process.stdout.readline().strip()}/hook"
            for _ in range(quick + hanging)
        ]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


async def alone(url: str, count: int) -> float:
    """Return how many signed requests a second pass the guarded door without a database."""
    secret = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw0123456789A="
    left = iter(range(count))

    async def call(session: object) -> None:
        for _ in left:
            message_id = str(uuid4())
            body = (BODY % message_id).encode()
            headers = sign(
                message_id=message_id,
                event_type="task.condition_met",
                timestamp=int(time.time()),
                body=body,
                secrets=[secret],
            )
            async with session.post(url, data=body, headers=headers) as response:  # type: ignore[attr-defined]
                await response.read()
                assert response.status == 204

    async with outbound.open_session(
        limit=CONCURRENCY, networks=outbound.networks_of(email="", is_staff=False)
    ) as session:
        begun = time.monotonic()
        await asyncio.gather(*(call(session) for _ in range(CONCURRENCY)))
        return count / (time.monotonic() - begun)


def record(urls: list[str], count: int) -> None:
    """Store `count` queued sends, spread evenly over `urls`."""
    user, _ = User.objects.get_or_create(email="bench@example.com")
    WebhookConfig.objects.get_or_create(user=user)
    endpoints = [WebhookEndpoint.objects.get_or_create(user=user, url=url)[0] for url in urls]
    now = timezone.now()
    for first in range(0, count, CHUNK):
        sends = [
            NotificationSend(
                pk=uuid7(),
                user=user,
                task_id=uuid7(),
                execution_id=uuid7(),
                endpoint=endpoints[number % len(urls)],
                recipient=urls[number % len(urls)],
                host=urls[number % len(urls)].split("/")[2],
                notification_type="webhook",
                created_at=now,
                next_attempt_at=now + timedelta(microseconds=number),
            )
            for number in range(first, min(first + CHUNK, count))
        ]
        NotificationSend.objects.bulk_create(sends)
        Payload.objects.bulk_create(Payload(send=s, body=BODY % s.pk) for s in sends)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def clear() -> None:
    """Delete all sends."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE notifications_lease, notifications_notificationsend CASCADE")


def drain(workers: int, sent: int) -> tuple[float, float, int]:
    """Run `workers` workers until `sent` sends are sent.

    Returns:
        Sends a second from the first attempt to the last; the 99th percentile of their latency in
        seconds, from that first attempt; the largest memory of a worker in KiB.
    """
    processes = [
        subprocess.Popen([sys.executable, "manage.py", "worker"], env=os.environ)
        for _ in range(workers)
    ]
    try:
        while NotificationSend.objects.filter(status="sent").count() < sent:
            time.sleep(0.2)
        peak = max(memory_kib(process.pid) for process in processes)
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait()
    with connection.cursor() as cursor:
        # The deliveries have changed every row. Without this, the queries below take longer than
        # the deliveries.
        cursor.execute("ANALYZE")
        cursor.execute(
            """
            SELECT extract(epoch FROM max(sent_at) - min(started_at)),
                   percentile_cont(0.99) WITHIN GROUP (
                       ORDER BY extract(epoch FROM sent_at - first_started_at)
                   )
            FROM notifications_notificationsend AS send
            JOIN notifications_attempt AS attempt ON attempt.send_id = send.id,
                 (SELECT min(started_at) AS first_started_at FROM notifications_attempt) AS first
            WHERE send.status = 'sent'
            """
        )
        took, p99 = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM notifications_attempt WHERE status = 'succeeded'")
        [succeeded] = cursor.fetchone()
    assert succeeded == sent, f"{succeeded} deliveries of {sent} sends"
    return sent / float(took), float(p99), peak


def memory_kib(pid: int) -> int:
    """Return the largest resident size that a process has had."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sends", type=int, default=20_000)
    parser.add_argument("--queued", type=int, default=0, help="also measure memory with this many")
    parser.add_argument("--quick", action="store_true", help="only check that it works")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    count = 200 if options.quick else options.sends

    receivers = Receivers(1, 0)
    print(f"Delivery: {count:,} webhooks to one quick receiver")
    before = uvloop.run(alone(receivers.urls[0], count))
    record(receivers.urls, count)
    one, _, memory = drain(1, count)
    clear()
    record(receivers.urls, count)
    two, _, _ = drain(2, count)
    clear()
    after = uvloop.run(alone(receivers.urls[0], count))
    baseline = (before + after) / 2
    print(
        f"aiohttp alone       {baseline:8.0f} requests/s (before {before:.0f}, after {after:.0f})"
    )
    print(f"one worker          {one:8.0f} deliveries/s   {one / baseline:5.2f} of the baseline")
    print(f"two workers         {two:8.0f} deliveries/s   {two / baseline:5.2f} of the baseline")
    print(f"memory              {memory / 1024:8.0f} MiB at most with {count:,} queued")
    if options.queued:
        record(receivers.urls, options.queued)
        _, _, memory = drain(1, options.queued)
        clear()
        print(
            f"memory              {memory / 1024:8.0f} MiB at most with {options.queued:,} queued"
        )
    receivers.close()

    receivers = Receivers(20, 5)
    quick = receivers.urls[:20]
    print(f"\nFairness: {count:,} webhooks to 20 quick receivers, without and with 5 that hang")
    record(quick, count)
    calm, calm_p99, _ = drain(1, count)
    clear()
    # Four quick ones and then one that hangs: every fifth send goes to a receiver that hangs.
    mixed = [
        url for at in range(5) for url in (*quick[at * 4 : at * 4 + 4], receivers.urls[20 + at])
    ]
    record(mixed, count * 5 // 4)
    troubled, troubled_p99, _ = drain(1, count)
    clear()
    receivers.close()
    print(f"all quick           {calm:8.0f} deliveries/s   p99 {calm_p99:6.2f} s")
    print(
        f"one in five hangs   {troubled:8.0f} deliveries/s   p99 {troubled_p99:6.2f} s"
        f"   ({troubled / calm:.2f} of the rate, {troubled_p99 / calm_p99:.2f} x the p99)"
    )


if __name__ == "__main__":
    main()
