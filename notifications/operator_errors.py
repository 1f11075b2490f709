"""Errors of sends that only the operator can mend."""

UNDECRYPTABLE = (
    "The webhook's secret or headers cannot be decrypted. The operator of this server has to put "
    "the key that encrypted them back into TORALE_FIELD_KEYS."
)

# How errors of the mail server itself begin: with them, no other email leaves, either.
UNREACHABLE = "The mail server could not be used"
SILENT = "The mail server gave no answer in time"
NOT_SMTP = "The mail server's answer is not SMTP"
LOGIN_REFUSED = "The mail server refuses the login in EMAIL_URL"
PROVIDER_REFUSES = "The mail provider did not accept the message"
SERVER_ERRORS = (UNREACHABLE, SILENT, NOT_SMTP, LOGIN_REFUSED, PROVIDER_REFUSES)
