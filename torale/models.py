"""Models that all apps share: counts for limits, the heartbeat, and proofs of the secrets."""

from django.db import models


class Usage(models.Model):
    """How often one thing was done in the current window; `torale.limits` counts here.

    A count may be spread over several rows, its shards.
    """

    #: What is limited, for whom, and the shard, such as `sends_a_day:<user's id>:0`.
    key = models.CharField(primary_key=True, max_length=300)
    window_start = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        indexes = [
            # Read by limits.forget_old, nightly.
            models.Index("window_start", name="usage_window"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"


class Heartbeat(models.Model):
    """When a regular activity last took place; `torale.scheduler` writes and reads it."""

    name = models.CharField(primary_key=True, max_length=50)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.at}"


class SecretProof(models.Model):
    """Shows whether a process has the same secret as the others; see torale.proofs."""

    #: The setting that holds the secret.
    setting = models.CharField(primary_key=True, max_length=50)
    #: A text that was encrypted or signed with it.
    proof = models.TextField()

    def __str__(self) -> str:
        return self.setting
