"""The app's queue jobs. Each makes one call."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts import password_reset, sign_up, verification
from torale import clock

#: When the mail server is down, try again after 4 s, 16 s, a minute, … for about a day.
UNTIL_MAIL_WORKS = RetryStrategy(max_attempts=8, exponential_wait=4)


@app.task(name=verification.JOB, retry=UNTIL_MAIL_WORKS)
def send_verification_code(address_id: str) -> None:
    """Mail a verification code."""
    verification.deliver_code(address_id=address_id, now=clock.now())


@app.task(name=sign_up.JOB, retry=UNTIL_MAIL_WORKS)
def send_sign_up_link(email: str, is_invitation: bool) -> None:  # noqa: FBT001 - from the queue
    """Mail a link with which an account can be created."""
    sign_up.deliver_link(email=email, is_invitation=is_invitation)


@app.task(name=password_reset.JOB, retry=UNTIL_MAIL_WORKS)
def send_password_reset_link(email: str) -> None:
    """Mail a link with which a password can be reset."""
    password_reset.deliver_link(email=email)
