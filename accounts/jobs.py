"""The app's queue jobs. Each makes one call."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts import verification
from torale import clock

#: When the mail server is down, try again after 4 s, 16 s, a minute, … for about a day.
UNTIL_MAIL_WORKS = RetryStrategy(max_attempts=8, exponential_wait=4)


@app.task(name=verification.JOB, retry=UNTIL_MAIL_WORKS)
def send_verification_code(address_id: str) -> None:
    """Mail a verification code."""
    verification.deliver_code(address_id=address_id, now=clock.now())
