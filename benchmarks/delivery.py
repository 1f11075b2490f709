"""Deliveries by workers, compared with aiohttp and libcurl alone sending the same requests.

Speeds and CPU times are the medians of several rounds, in which all take turns. CPU times are those
of the sender (user and system, of all its threads), and those of PostgreSQL beside it.
"""

import argparse
import asyncio
import gc
import json
import math
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from uuid import uuid4

import django
import psutil
import uvloop

django.setup()

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from benchmarks.cpu_time import cpu_s, postgres_cpu_s
from notifications.channels.webhook.signing import sign
from notifications.models import (
    NotificationSend,
    Payload,
    WebhookConfig,
    WebhookEndpoint,
)
from tests.support.certificates import self_signed
from torale.outbound.aiohttp_sessions import open_session
from torale.outbound.curl_sessions import CurlSession
from torale.outbound.exchange import exchange
from torale.outbound.url_check import networks_of
from torale.outbound.url_rules import Networks
from torale.uuid7 import uuid7

BODY = '{"id": "%s", "object": "event", "api_version": "v1", "data": {"text": "' + "x" * 600 + '"}}'
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw0123456789A="
#: How many requests are under way at once without a worker.
CONCURRENCY = 128
CHUNK = 5_000
#: How many sends the workers deliver before they are measured, as a share: connections are opened
#: and limits grow meanwhile.
WARM_UP = 0.05

Post = Callable[[bytes, dict[str, str]], Awaitable[int]]


@dataclass(frozen=True)
class Speed:
    """How fast webhooks were delivered, and what that cost."""

    #: Deliveries a second.
    rate: float
    #: Microseconds of CPU time a delivery of whoever sent them.
    cpu_us: float
    #: Microseconds of PostgreSQL's CPU time a delivery.
    postgres_us: float = 0.0


def typical(speeds: list[Speed]) -> Speed:
    """Return the medians."""
    return Speed(
        *(median(values) for values in zip(*(asdict(s).values() for s in speeds), strict=True))
    )


def make_certificate(folder: Path) -> Path:
    """Write a self-signed certificate for 127.0.0.1 with its key, and return the file."""
    path = folder / "certificate.pem"
    path.write_bytes(b"".join(self_signed("127.0.0.1")))
    return path


class Receivers:
    """Sinks in their own process; `urls` lists the quick ones and then the hanging ones."""

    def __init__(self, quick: int, hanging: int, *, certificate: Path | None = None) -> None:
        tls = ["--certificate", str(certificate)] if certificate else []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sink", str(quick), str(hanging), *tls],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.urls = [
            f"{'https' if certificate else 'http'}://127.0.0.1:{self.process.stdout.readline().strip()}/hook"
            for _ in range(quick + hanging)
        ]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


async def aiohttp_alone(url: str, count: int, certificate: Path) -> Speed:
    """Send signed requests over the guarded sessions that visits use."""
    tls = ssl.create_default_context(cafile=certificate)
    async with open_session(limit=CONCURRENCY, networks=networks()) as session:

        async def post(body: bytes, headers: dict[str, str]) -> int:
            async with session.post(url, data=body, headers=headers, ssl=tls) as response:
                await response.read()
                return response.status

        return await sent_alone(post, count)


async def libcurl_alone(url: str, count: int) -> Speed:
    """Send signed requests through the guarded door that workers use, without a database."""
    async with CurlSession(limit=CONCURRENCY, networks=networks()) as session:

        async def post(body: bytes, headers: dict[str, str]) -> int:
            reply = await exchange(
                session,
                "POST",
                url,
                headers=headers,
                body=body,
                timeout=timedelta(seconds=15),
                read_limit=4096,
            )
            return reply.status

        return await sent_alone(post, count)


def networks() -> Networks:
    return networks_of(email="", is_staff=False)


async def sent_alone(post: Post, count: int) -> Speed:
    """Call `post` for `count` signed bodies, CONCURRENCY at a time."""
    left = iter(range(count))

    async def call() -> None:
        for _ in left:
            message_id = str(uuid4())
            body = (BODY % message_id).encode()
            headers = sign(
                message_id=message_id,
                event_type="task.condition_met",
                timestamp=int(time.time()),
                body=body,
                secrets=[SECRET],
            )
            assert await post(body, {"Content-Type": "application/json", **headers}) == 204

    begun, used = time.monotonic(), time.process_time()
    await asyncio.gather(*(call() for _ in range(CONCURRENCY)))
    return Speed(
        rate=count / (time.monotonic() - begun), cpu_us=(time.process_time() - used) / count * 1e6
    )


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


@dataclass(frozen=True)
class Drained:
    """How workers delivered what was queued."""

    speed: Speed
    #: The 99th percentile of the sends' latency in seconds, from the first attempt.
    p99_s: float
    #: The largest memory of a worker in KiB.
    peak_kib: int


def drain(workers: int, sent: int) -> Drained:
    """Run `workers` workers until `sent` sends are sent."""
    processes = [
        subprocess.Popen([sys.executable, "manage.py", "worker"], env=os.environ)
        for _ in range(workers)
    ]
    measured = [psutil.Process(process.pid) for process in processes]
    try:
        #: How many were sent, and the CPU times of the workers and of PostgreSQL until then.
        samples = [(0, 0.0, postgres_cpu_s())]
        while samples[-1][0] < sent:
            time.sleep(0.2)
            done = NotificationSend.objects.filter(status="sent").count()
            samples.append((done, sum(map(cpu_s, measured)), postgres_cpu_s()))
        peak = max(memory_kib(process.pid) for process in processes)
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait()
    last = samples[-1]
    # Without the start, unless everything was sent before the next sample.
    first = next(each for each in samples if each[0] >= sent * WARM_UP)
    first = first if first is not last else samples[0]
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
    cpu_us, postgres_us = (
        (now - before) / (last[0] - first[0]) * 1e6
        for now, before in zip(last[1:], first[1:], strict=True)
    )
    return Drained(Speed(sent / float(took), cpu_us, postgres_us), float(p99), peak)


def memory_kib(pid: int) -> int:
    """Return the largest resident size that a process has had."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def compare(receivers: Receivers, count: int, rounds: int, certificate: Path) -> dict[str, Speed]:
    """Measure all senders in turn, and return the median of each."""
    url = receivers.urls[0]

    def drained(workers: int) -> Speed:
        clear()
        record(receivers.urls, count)
        return drain(workers, count).speed

    senders: dict[str, Callable[[], Speed]] = {
        "aiohttp alone": lambda: uvloop.run(aiohttp_alone(url, count, certificate)),
        "libcurl alone": lambda: uvloop.run(libcurl_alone(url, count)),
        "one worker": partial(drained, 1),
        "two workers": partial(drained, 2),
    }
    found: dict[str, list[Speed]] = {name: [] for name in senders}
    for _ in range(rounds):
        for name, send in senders.items():
            found[name].append(send())
    clear()
    return {name: typical(speeds) for name, speeds in found.items()}


def show(found: dict[str, Speed]) -> None:
    base = found["aiohttp alone"]
    print(
        f"{'':16}{'a second':>9}{'of aiohttp':>12}{'CPU':>10}{'aiohttp / it':>14}{'PostgreSQL':>13}"
    )
    for name, speed in found.items():
        # With --quick, the CPU time of a worker may be too short to be counted.
        ratio = base.cpu_us / speed.cpu_us if speed.cpu_us else math.nan
        print(
            f"{name:16}{speed.rate:9.0f}{speed.rate / base.rate:12.2f}{speed.cpu_us:7.0f} µs"
            f"{ratio:14.2f}{speed.postgres_us:10.0f} µs"
        )


def compare_fairness(count: int) -> dict[str, Drained]:
    """Measure quick receivers, without and with some beside them that hang."""
    receivers = Receivers(20, 5)
    quick = receivers.urls[:20]
    record(quick, count)
    calm = drain(1, count)
    clear()
    # Four quick ones and then one that hangs: every fifth send goes to a receiver that hangs.
    mixed = [
        url for at in range(5) for url in (*quick[at * 4 : at * 4 + 4], receivers.urls[20 + at])
    ]
    record(mixed, count * 5 // 4)
    troubled = drain(1, count)
    clear()
    receivers.close()
    return {"all quick": calm, "one in five hangs": troubled}


def show_fairness(calm: Drained, troubled: Drained) -> None:
    print(f"all quick           {calm.speed.rate:8.0f} deliveries/s   p99 {calm.p99_s:6.2f} s")
    print(
        f"one in five hangs   {troubled.speed.rate:8.0f} deliveries/s   p99 {troubled.p99_s:6.2f} s"
        f"   ({troubled.speed.rate / calm.speed.rate:.2f} of the rate, "
        f"{troubled.p99_s / calm.p99_s:.2f} x the p99)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sends", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--queued", type=int, default=0, help="also measure memory with this many")
    parser.add_argument("--quick", action="store_true", help="only check that it works")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    count = 200 if options.quick else options.sends
    rounds = 1 if options.quick else options.rounds
    # As in a worker, so that what is compared is the same.
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)

    report: dict[str, object] = {"sends": count, "rounds": rounds}
    say = (lambda *_: None) if options.json else print
    with tempfile.TemporaryDirectory() as folder:
        certificate = make_certificate(Path(folder))
        # The workers' libcurl trusts it, and the one in this process.
        os.environ["SSL_CERT_FILE"] = str(certificate)
        for scheme, own in (("HTTP", None), ("HTTPS", certificate)):
            say(f"{scheme}: {count:,} webhooks to one quick receiver, CPU time a delivery")
            receivers = Receivers(1, 0, certificate=own)
            found = compare(receivers, count, rounds, certificate)
            receivers.close()
            report[scheme.lower()] = {name: asdict(speed) for name, speed in found.items()}
            if not options.json:
                show(found)
    if options.queued:
        receivers = Receivers(1, 0)
        record(receivers.urls, options.queued)
        peak = drain(1, options.queued).peak_kib
        clear()
        receivers.close()
        report["peak_kib"] = peak
        say(f"memory of a worker  {peak / 1024:8.0f} MiB at most with {options.queued:,} queued")
    say(f"\nFairness: {count:,} webhooks to 20 quick receivers, without and with 5 that hang")
    fairness = compare_fairness(count)
    report["fairness"] = {name: asdict(drained) for name, drained in fairness.items()}
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        show_fairness(*fairness.values())


if __name__ == "__main__":
    main()
