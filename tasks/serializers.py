"""Tasks as JSON: the members that a caller may set, and those that are shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from drf_spectacular.utils import (
    PolymorphicProxySerializer,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers

from executions.models import Execution
from executions.serializers import ExecutionSerializer
from tasks import headers, visit_schedule
from tasks.destinations import MAX_ADDRESS, METHODS, WEBHOOK_FORMATS, unparse
from tasks.fields import PlainJSONField, RequestHeadersField, ScheduleField, TimeZoneField
from tasks.models import NAME_LENGTH, State, Task
from tasks.rows import shown_tasks
from torale.api.fields import (
    ChoiceField,
    FlagField,
    StoredObjectField,
    TextField,
)
from torale.api.validation import LenientSerializer
from torale.fields import Undecryptable, kept

#: What the states mean. These and the next texts are for the OpenAPI document.
STATES = "`active`: visited on its schedule. `paused`: not visited. `completed`: done."
#: Texts for members that can be both set and read.
QUESTION = (
    "What to look at: a question that contains the URLs of its pages. `https://` may be left out "
    "before a host with a path, such as `shop.example/bread`. Where the server has a language "
    "model and a search engine, a question needs no URL."
)
CONDITION = (
    'The condition that has to become true, such as `contains "In stock"`, `price < 100` or '
    '`new items in css("ul.jobs li")`. docs/conditions.md has the condition for each wish. '
    "Where the server has a language model, plain words are a condition, too."
)
PUBLIC = "Whether anyone may read the task, without a key."
REQUEST_HEADERS = (
    "Headers to send when the pages are visited, such as cookies, by name. All pages must be of "
    "one origin (scheme, host and port), and the headers are sent to that origin only."
)
SCHEDULE = (
    "When the page is visited: `auto` (at the installation's interval), `every <n> "
    "minutes|hours|days`, or five cron fields such as `0 9 * * 1-5`. Intervals vary by up to 10 %."
)
TIME_ZONE = (
    "The time zone in which cron fields are read: a name of the IANA database such as "
    "`Europe/Berlin`."
)
FORMAT_HELP = (
    "The format of the body. `torale` is the event that the reference describes, and the only "
    "format that is signed. The others are the formats of the services with these names."
)
#: Members that only the owner may see, with the values that other readers of a public task get.
OWNER_ONLY: dict[str, Any] = {
    "notifications": [],
    "notification_email": None,
    "webhook_url": None,
    "is_muted": False,
    "request_headers": {},
    "context": None,
    "warnings": [],
}


#: Members of the steps of a monitor's activity that only the owner may see: a query may say what
#: the task's `context` says, and an error may quote private data.
PRIVATE_IN_STEPS = frozenset({"query", "error"})


def without_error(execution: Mapping[str, Any]) -> dict[str, Any]:
    """Return an execution's JSON value for people other than its owner: without errors and cost.

    The errors may quote private data.
    """
    shown = {**execution, "error_message": None}
    if isinstance(shown["result"], Mapping):
        result = {name: value for name, value in shown["result"].items() if name != "usage"}
        if "failed_pages" in result:
            result["failed_pages"] = []
        if isinstance(result.get("activity"), list):
            result["activity"] = [_without_private_words(step) for step in result["activity"]]
        shown["result"] = result
    return shown


def _without_private_words(step: Any) -> Any:
    """Return a step of a monitor's activity without what it looked for and what went wrong."""
    if not isinstance(step, Mapping):
        return step
    return {name: value for name, value in step.items() if name not in PRIVATE_IN_STEPS}


def without_private_members(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task's JSON value for people other than its owner."""
    shown = {**task, **OWNER_ONLY}
    if isinstance(shown["last_known_state"], Mapping):
        shown["last_known_state"] = {
            name: value
            for name, value in shown["last_known_state"].items()
            if not name.startswith("_")
        }
    if shown["last_execution"]:
        shown["last_execution"] = without_error(shown["last_execution"])
    return shown


@extend_schema_serializer(description="The address that a task's emails go to.")
class EmailDestinationSerializer(LenientSerializer):
    """The address that a task's emails go to."""

    type = serializers.ChoiceField(["email"], help_text="`email`.")
    address = serializers.EmailField(
        max_length=MAX_ADDRESS,
        help_text="The address. If it is not verified, emails go to the account's own address.",
    )


@extend_schema_serializer(description="The URL that a task's webhooks go to, and how.")
class WebhookDestinationSerializer(LenientSerializer):
    """The URL that a task's webhooks go to, and how."""

    type = serializers.ChoiceField(["webhook"], help_text="`webhook`.")
    url = serializers.CharField(
        max_length=2048, help_text="The receiver's URL: http or https, at a public address."
    )
    method = serializers.ChoiceField(
        METHODS, required=False, help_text="The method of each request; by default POST."
    )
    headers = serializers.DictField(
        child=serializers.CharField(),
        required=False,
        allow_null=True,
        help_text="Headers to send in addition to Torale's own, by name. Null in an answer if the "
        "server cannot decrypt them with its keys.",
    )
    format = serializers.ChoiceField(
        [*WEBHOOK_FORMATS],
        required=False,
        help_text=f"{FORMAT_HELP} `torale` if not given.",
    )


#: The entries of the list of notifications, for the OpenAPI document.
DESTINATIONS = PolymorphicProxySerializer(
    component_name="Destination",
    serializers={"email": EmailDestinationSerializer, "webhook": WebhookDestinationSerializer},
    resource_type_field_name="type",
    many=True,
)


@extend_schema_field(DESTINATIONS)
class DestinationsField(serializers.ListField):
    """A list of unchecked objects. `tasks.destinations.parse` checks them and answers with 400."""

    child = serializers.JSONField(allow_null=True)


def shown_to(reader: Any, tasks: Sequence[Any]) -> list[dict[str, Any]]:
    """Return tasks from `task_rows` as JSON values, with private members only for their owner.

    Args:
        reader: the user, who may be anonymous.
        tasks: the rows.
    """
    return [
        shown if task["user_id"] == reader.pk else without_private_members(shown)
        for task, shown in zip(tasks, shown_tasks(tasks), strict=True)
    ]


@extend_schema_serializer(description="A task as it is shown.")
class TaskReadSerializer(serializers.ModelSerializer[Task]):
    """A task as it is shown.

    The serializer needs the request in its context, and the task must have been passed through
    `attach_last_executions`. Lists are made by `shown_to`.
    """

    next_run = serializers.DateTimeField(
        source="next_run_at",
        allow_null=True,
        help_text="When the task is visited next; null unless it is active.",
    )
    notifications = serializers.SerializerMethodField(
        help_text="Where the task's notifications go; empty for anyone but the owner."
    )
    request_headers = serializers.SerializerMethodField(
        help_text=f"{REQUEST_HEADERS} Each value is shown as `{headers.MASK}`. Empty for anyone "
        "but the owner; null if the server cannot decrypt them with its keys."
    )
    last_known_state = StoredObjectField(
        allow_null=True,
        help_text="What the monitor remembers for the next visit; null before the first answer.",
    )
    context = StoredObjectField(  # type: ignore[assignment]
        allow_null=True,
        help_text="What the owner has attached to the task; each webhook contains it. Null if "
        "there is nothing, and for anyone but the owner.",
    )
    last_execution_id = serializers.UUIDField(
        allow_null=True, help_text="The id of the latest execution; null before the first one."
    )
    last_execution = ExecutionSerializer(
        allow_null=True, help_text="The latest execution; null before the first one."
    )
    warnings = serializers.ListField(
        child=serializers.CharField(),
        source="warning_texts",
        help_text="Sentences about a watch that may no longer see what it should; empty for anyone "
        "but the owner.",
    )
    schedule = serializers.CharField(help_text=SCHEDULE)
    timezone = serializers.CharField(source="time_zone", help_text=TIME_ZONE)
    config = serializers.SerializerMethodField(
        help_text="Always an empty object, for clients that require this member."
    )
    is_active = serializers.SerializerMethodField(help_text="Whether `state` is `active`.")

    class Meta:
        model = Task
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
            "request_headers",
            "warnings",
            "state_changed_at",
            "created_at",
            "updated_at",
            "immediate_execution_error",
            "context",
            "schedule",
            "timezone",
            "config",
            "is_active",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "id": {"help_text": "The task's id."},
            "user_id": {"help_text": "The id of the owner."},
            "name": {"help_text": "The task's name."},
            "search_query": {"help_text": QUESTION},
            "condition_description": {"help_text": CONDITION},
            "state": {"help_text": STATES},
            "is_public": {"help_text": PUBLIC},
            "view_count": {"help_text": "How often people other than the owner viewed it."},
            "subscriber_count": {"help_text": "How often other users forked it."},
            "forked_from_task_id": {
                "help_text": "The id of the task that this one was copied from; null if it is not "
                "a copy or the original was deleted."
            },
            "notification_email": {
                "help_text": "The email address in `notifications`; null if there is none, and for "
                "anyone but the owner."
            },
            "webhook_url": {
                "help_text": "The webhook's URL in `notifications`; null if there is none, and for "
                "anyone but the owner."
            },
            "state_changed_at": {"help_text": "When `state` last changed."},
            "created_at": {"help_text": "When the task was created."},
            "updated_at": {
                "help_text": "When the task was last changed through the API; null if never."
            },
            "immediate_execution_error": {
                "help_text": "Why the latest `run_immediately` failed; null if it succeeded."
            },
        }

    @extend_schema_field(DESTINATIONS)
    def get_notifications(self, task: Task) -> list[dict[str, Any]]:
        """Return the destinations in the contract's form."""
        return unparse(task.destinations)

    def get_request_headers(self, task: Task) -> dict[str, str] | None:
        """Return the headers with masks for their values."""
        stored = kept(task, "request_headers")
        return None if isinstance(stored, Undecryptable) else headers.masked(stored or {})

    def get_config(self, task: Task) -> dict[str, Any]:
        """Return an empty object: the official SDK requires the member, which has no use here."""
        return {}

    def get_is_active(self, task: Task) -> bool:
        """Return whether the task is visited."""
        return task.state == State.ACTIVE

    def to_representation(self, instance: Task) -> dict[str, Any]:
        """Return the task, with private members removed unless the caller is its owner."""
        data = super().to_representation(instance)
        is_owner = instance.user_id == self.context["request"].user.pk  # type: ignore[index]
        return data if is_owner else without_private_members(data)


@extend_schema_serializer(description="The members of a task that a caller may set.")
class TaskWriteSerializer(LenientSerializer):
    """The members of a task that a caller may set."""

    name = TextField(
        required=False,
        max_length=NAME_LENGTH,
        help_text="The task's name. A new task is called `New Monitor` by default, until a "
        "language model that answers its question gives it a name.",
    )
    search_query = TextField(max_length=2000, help_text=QUESTION)
    condition_description = TextField(
        required=False,
        max_length=2000,
        help_text=f"{CONDITION} By default a new task uses `search_query` and waits for changes.",
    )
    schedule = ScheduleField(
        required=False,
        max_length=visit_schedule.MAX_LENGTH,
        help_text=f"{SCHEDULE} A new task has `auto` by default.",
    )
    timezone = TimeZoneField(
        source="time_zone",
        required=False,
        max_length=visit_schedule.MAX_LENGTH,
        help_text=f"{TIME_ZONE} A new task has `UTC` by default.",
    )
    request_headers = RequestHeadersField(
        required=False,
        help_text=f"{REQUEST_HEADERS} They replace all headers that the task has, except that a "
        f"value of `{headers.MASK}` keeps the stored one. They are dropped when the pages' origin "
        "changes. A task with such headers cannot be public.",
    )
    state = ChoiceField(
        State.choices, required=False, help_text=f"{STATES} A new task is active by default."
    )
    is_public = FlagField(
        required=False,
        help_text=f"{PUBLIC} A new task is private by default.",
    )
    notifications = DestinationsField(
        required=False,
        help_text="Where notifications go: at most one email and one webhook.",
    )
    context = PlainJSONField(  # type: ignore[assignment]
        required=False,
        help_text="Any object to attach to the task; each webhook contains it.",
    )
    run_immediately = FlagField(
        required=False, help_text="Whether to visit the task at once; by default false."
    )
    is_active = FlagField(
        required=False,
        help_text="Only used if `state` is absent: true means `active`, false means `paused`.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the members, with `is_active` replaced by `state` unless that is given."""
        is_active = attrs.pop("is_active", None)
        if is_active is not None:
            attrs.setdefault("state", State.ACTIVE if is_active else State.PAUSED)
        return attrs


@extend_schema_serializer(
    description="The members of a task that a caller may change. Absent members stay as they are."
)
class TaskChangeSerializer(TaskWriteSerializer):
    """The members of a task that a caller may change. Absent members stay as they are."""

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
        help_text="The copy's name; by default the original's name and ` (Copy)`.",
    )


class ExecuteSerializer(serializers.Serializer[Execution]):
    """The query parameters of `execute`."""

    force = serializers.BooleanField(
        default=False,
        help_text="Whether to cancel an execution that has not ended, and discard its answer.",
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
    offset = serializers.IntegerField(help_text="How many tasks were skipped.")
    limit = serializers.IntegerField(help_text="The largest number of tasks on a page.")


@extend_schema_serializer(
    description="An execution with a notification, and some members of its task."
)
class FeedEntrySerializer(ExecutionSerializer):
    """An execution with a notification, and some members of its task."""

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
