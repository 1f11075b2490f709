"""Tasks as JSON: what a caller may set, and what everyone may read."""

from collections.abc import Iterable, Mapping
from typing import Any

from drf_spectacular.utils import (
    PolymorphicProxySerializer,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers

from executions.models import Execution
from executions.serializers import ExecutionSerializer
from tasks.destinations import MAX_ADDRESS, METHODS, OWN_FORMAT, WEBHOOK_FORMATS, unparse
from tasks.models import NAME_LENGTH, State, Task, attach_last_executions
from torale.api.fields import ChoiceField, FlagField, StoredObjectField, TextField
from torale.api.validation import LenientSerializer

#: What the states mean, for the OpenAPI document.
STATES = "`active`: visited on its schedule. `paused`: not visited. `completed`: done."
#: Likewise of members that are both set and shown.
QUESTION = "What to look at: a question that names its pages' URLs."
PUBLIC = "Whether anyone may read the task, without a key."
FORMAT = (
    "The form of the body: `torale` is the event that the reference describes, and the only one "
    "that is signed. The others are what the service of that name takes."
)
#: Shown to the owner only; anyone else who may read a public task gets the value beside it.
OWNER_ONLY: dict[str, Any] = {
    "notifications": [],
    "notification_email": None,
    "webhook_url": None,
    "is_muted": False,
    "context": None,
}


def without_error(execution: Mapping[str, Any]) -> dict[str, Any]:
    """Return an execution's JSON value for all but its owner; errors may quote private matters."""
    return {**execution, "error_message": None}


@extend_schema_serializer(description="Where a task's emails go.")
class EmailDestinationSerializer(LenientSerializer):
    """Where a task's emails go."""

    type = serializers.ChoiceField(["email"], help_text="`email`.")
    address = serializers.EmailField(
        max_length=MAX_ADDRESS,
        help_text="The address. Unless it is verified, emails go to the account's own address.",
    )


@extend_schema_serializer(description="Where a task's webhooks go; its headers come along.")
class WebhookDestinationSerializer(LenientSerializer):
    """Where a task's webhooks go; its headers come along."""

    type = serializers.ChoiceField(["webhook"], help_text="`webhook`.")
    url = serializers.CharField(
        max_length=2048, help_text="The receiver's URL: http or https, to a public address."
    )
    method = serializers.ChoiceField(
        METHODS, required=False, help_text="The method of each request; POST if not given."
    )
    headers = serializers.DictField(
        child=serializers.CharField(),
        required=False,
        allow_null=True,
        help_text="Headers that each request has besides Torale's own, by their names. Null in an "
        "answer if the server's keys do not decrypt them.",
    )
    format = serializers.ChoiceField(
        [*WEBHOOK_FORMATS],
        default=OWN_FORMAT,
        help_text=FORMAT,
    )


#: What the list of notifications holds, for the OpenAPI document.
DESTINATIONS = PolymorphicProxySerializer(
    component_name="Destination",
    serializers={"email": EmailDestinationSerializer, "webhook": WebhookDestinationSerializer},
    resource_type_field_name="type",
    many=True,
)


@extend_schema_field(DESTINATIONS)
class DestinationsField(serializers.ListField):
    """Objects as they come: tasks.destinations.parse checks them, and what it refuses is a 400."""

    child = serializers.JSONField(allow_null=True)


class TaskListSerializer(serializers.ListSerializer[Any]):
    """Tasks, each with its last execution: one query for all of them."""

    def to_representation(self, data: Any) -> list[Any]:
        """Return the tasks as JSON values."""
        return super().to_representation(attach_last_executions(data))


@extend_schema_serializer(description="A task as it is shown.")
class TaskReadSerializer(serializers.ModelSerializer[Task]):
    """A task as it is shown.

    It needs the request in its context and, unless `many` are shown, a task that holds its last
    execution.
    """

    next_run = serializers.DateTimeField(
        source="next_run_at",
        allow_null=True,
        help_text="When the task is visited next; null unless it is active.",
    )
    notifications = serializers.SerializerMethodField(
        help_text="Where its notifications go; empty for everyone but the owner."
    )
    last_known_state = StoredObjectField(
        allow_null=True,
        help_text="What the monitor keeps for the next visit; null before the first answer.",
    )
    context = StoredObjectField(  # type: ignore[assignment]
        allow_null=True,
        help_text="What the owner has attached to the task; each webhook carries it along. Null if "
        "there is nothing, and for all but the owner.",
    )
    last_execution_id = serializers.UUIDField(
        allow_null=True, help_text="The id of the latest execution; null before the first one."
    )
    last_execution = ExecutionSerializer(
        allow_null=True, help_text="The latest execution; null before the first one."
    )
    schedule = serializers.SerializerMethodField(
        help_text="`auto`: the monitor's answer decides when the next visit is."
    )
    config = serializers.SerializerMethodField(
        help_text="An empty object, for clients that require this member."
    )
    is_active = serializers.SerializerMethodField(help_text="Whether `state` is `active`.")

    class Meta:
        model = Task
        list_serializer_class = TaskListSerializer
        fields = [
            "id",
            "user_id",
            "name",
            "search_query",
            "condition_description",
            "state",
            "next_run",
            "is_public",
            "view_count",
            "subscriber_count",
            "forked_from_task_id",
            "last_known_state",
            "last_execution_id",
            "last_execution",
            "notifications",
            "notification_email",
            "webhook_url",
            "is_muted",
            "state_changed_at",
            "created_at",
            "updated_at",
            "immediate_execution_error",
            "context",
            "schedule",
            "config",
            "is_active",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "id": {"help_text": "The task's id."},
            "user_id": {"help_text": "The id of the owner."},
            "name": {"help_text": "What the task is called."},
            "search_query": {"help_text": QUESTION},
            "condition_description": {"help_text": "What has to become true."},
            "state": {"help_text": STATES},
            "is_public": {"help_text": PUBLIC},
            "view_count": {"help_text": "How often it was viewed by others than the owner."},
            "subscriber_count": {"help_text": "How often it was forked by others than the owner."},
            "forked_from_task_id": {
                "help_text": "The id of the task that this one is a copy of; null if it is no "
                "copy, or the original was deleted."
            },
            "notification_email": {
                "help_text": "The address that `notifications` names; null if it names none, and "
                "for all but the owner."
            },
            "webhook_url": {
                "help_text": "The URL that `notifications` names; null if it names none, and for "
                "all but the owner."
            },
            "state_changed_at": {"help_text": "When `state` changed last."},
            "created_at": {"help_text": "When the task was made."},
            "updated_at": {
                "help_text": "When the task was last changed over the API; null if never."
            },
            "immediate_execution_error": {
                "help_text": "Why the latest `run_immediately` failed; null if it did not."
            },
        }

    @extend_schema_field(DESTINATIONS)
    def get_notifications(self, task: Task) -> list[dict[str, Any]]:
        """Return the destinations in the contract's form."""
        return unparse(task.destinations)

    def get_schedule(self, task: Task) -> str:
        """Return what decides when the task is visited."""
        return "auto"

    def get_config(self, task: Task) -> dict[str, Any]:
        """Return nothing: the official SDK wants the member, and there is nothing to configure."""
        return {}

    def get_is_active(self, task: Task) -> bool:
        """Return whether the task is visited."""
        return task.state == State.ACTIVE

    def to_representation(self, instance: Task) -> dict[str, Any]:
        """Return the task, scrubbed for all but its owner."""
        data = super().to_representation(instance)
        if instance.user_id != self.context["request"].user.pk:  # type: ignore[index]
            data.update(OWNER_ONLY)
            if data["last_execution"]:
                data["last_execution"] = without_error(data["last_execution"])
        return data


#: Levels of a JSON object; rendering refuses more than about 250.
MAX_DEPTH = 50


class PlainJSONField(serializers.DictField):
    """A JSON object that PostgreSQL can keep and orjson can show.

    Not nested deeply, its texts without NUL, and no number beyond 64 bits: 1e300 would come back
    from the database as an integer of 301 digits.
    """

    default_error_messages = {
        "nul": "Leave out the NUL character (\\u0000).",
        "too_large": "Write numbers beyond 64 bits as text.",
        "too_deep": f"Nest at most {MAX_DEPTH} levels.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the object as it was sent."""
        value = super().to_internal_value(data)
        level: list[Any] = [value]
        for _ in range(MAX_DEPTH):
            if any(isinstance(part, str) and "\0" in part for part in level):
                self.fail("nul")
            if any(
                isinstance(part, int | float) and not -(2**63) <= part < 2**64 for part in level
            ):
                self.fail("too_large")
            level = [part for container in level for part in _parts(container)]
        if level:
            self.fail("too_deep")
        return value


def _parts(container: Any) -> Iterable[Any]:
    match container:
        case dict():
            return (*container.keys(), *container.values())
        case list():
            return container
    return ()


@extend_schema_serializer(description="What a caller may set.")
class TaskWriteSerializer(LenientSerializer):
    """What a caller may set."""

    name = TextField(
        required=False,
        max_length=NAME_LENGTH,
        help_text="What to call the task; a new one is called `New Monitor` if none is given.",
    )
    search_query = TextField(max_length=2000, help_text=QUESTION)
    condition_description = TextField(
        required=False,
        max_length=2000,
        help_text="What has to become true; a new task takes `search_query` if none is given.",
    )
    state = ChoiceField(
        State.choices, required=False, help_text=f"{STATES} A new task is active if none is given."
    )
    is_public = FlagField(
        required=False,
        help_text=f"{PUBLIC} A new task is private unless this is true.",
    )
    notifications = DestinationsField(
        required=False,
        help_text="Where notifications go: at most one email and one webhook.",
    )
    context = PlainJSONField(  # type: ignore[assignment]
        required=False,
        help_text="Anything to attach to the task; each webhook carries it along.",
    )
    run_immediately = FlagField(
        required=False, help_text="Whether to visit the task at once; false if not given."
    )
    is_active = FlagField(
        required=False,
        help_text="Used only without `state`: true means `active`, false means `paused`.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the members, `is_active` as the state it stands for unless one is given."""
        is_active = attrs.pop("is_active", None)
        if is_active is not None:
            attrs.setdefault("state", State.ACTIVE if is_active else State.PAUSED)
        return attrs


@extend_schema_serializer(description="What a caller may change; what is left out stays.")
class TaskChangeSerializer(TaskWriteSerializer):
    """What a caller may change; what is left out stays."""

    search_query = TextField(required=False, max_length=2000, help_text=QUESTION)


@extend_schema_serializer(description="The body of `visibility`.")
class VisibilitySerializer(LenientSerializer):
    """The body of `visibility`."""

    is_public = FlagField(help_text=PUBLIC)


@extend_schema_serializer(description="The body of `fork`.")
class ForkSerializer(LenientSerializer):
    """The body of `fork`."""

    name = TextField(
        required=False,
        max_length=NAME_LENGTH,
        help_text="What to call the copy; the original's name and ` (Copy)` if not given.",
    )


class ExecuteSerializer(serializers.Serializer[Execution]):
    """The query parameters of `execute`."""

    force = serializers.BooleanField(
        default=False,
        help_text="Whether to cancel an execution that is still open, and discard its answer.",
    )
    suppress_notifications = serializers.BooleanField(
        default=False, help_text="Whether to send no notification if the condition is met."
    )


class PublicTasksQuerySerializer(serializers.Serializer[Task]):
    """The query parameters of the public list, besides `limit` and `offset`."""

    sort_by = ChoiceField(
        ["recent", "popular"],
        default="recent",
        help_text="`recent`: the newest first. `popular`: the most forked first, then the most "
        "viewed.",
    )


@extend_schema_serializer(description="A page of public tasks.", many=False)
class PublicTasksSerializer(serializers.Serializer[dict[str, Any]]):
    """A page of public tasks."""

    tasks = TaskReadSerializer(many=True, help_text="This page's tasks.")
    total = serializers.IntegerField(help_text="How many public tasks there are.")
    offset = serializers.IntegerField(help_text="How many were skipped.")
    limit = serializers.IntegerField(help_text="How many a page has at most.")


@extend_schema_serializer(description="An execution with a notification, and what it is about.")
class FeedEntrySerializer(ExecutionSerializer):
    """An execution with a notification, and what it is about."""

    task_name = serializers.CharField(help_text="The task's `name`.")
    task_search_query = serializers.CharField(help_text="The task's `search_query`.")
    task_is_public = serializers.BooleanField(help_text="The task's `is_public`.")
    task_user_id = serializers.UUIDField(help_text="The task's `user_id`.")

    class Meta(ExecutionSerializer.Meta):
        fields = [
            *ExecutionSerializer.Meta.fields,
            "task_name",
            "task_search_query",
            "task_is_public",
            "task_user_id",
        ]
        read_only_fields = fields
