"""Models that all apps share: counts for limits, processes, and what they agree on."""

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


class Process(models.Model):
    """A process that serves or works, and reports that it is alive; see torale.processes."""

    id = models.UUIDField(primary_key=True)
    #: The command that runs it: `web` or `worker`.
    command = models.CharField(max_length=20)
    #: What it does, as words in alphabetical order: `web`, or some of `deliver jobs visit`.
    does = models.CharField(max_length=100)
    #: The machine's name, and the process's number there.
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    version = models.CharField(max_length=50)
    started_at = models.DateTimeField()
    #: When it last reported.
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.command} {self.pid} on {self.host}"


class SchemaChange(models.Model):
    """What a migration means for processes of older versions; see torale.schema."""

    app = models.CharField(max_length=255)
    #: The migration's name, as in Django's table of migrations.
    name = models.CharField(max_length=255)
    #: Whether versions that do not know the migration work as before.
    is_additive = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["app", "name"], name="schema_change_of_one_migration")
        ]

    def __str__(self) -> str:
        return f"{self.app}.{self.name}"
