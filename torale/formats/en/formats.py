"""Times as an audit needs them: to the second, sortable, in UTC like all of the API."""

DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "Y-m-d H:i:s"
