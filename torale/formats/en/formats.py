"""The formats of times, as an audit needs them: to the second, sortable, in UTC like the API."""

DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "Y-m-d H:i:s"
