"""What tests/end_to_end/test_schema_fuzz.py has Schemathesis do to each call.

It comes from another address, or the limits per address would hide all else: the server is told of
a proxy (TORALE_PROXIES) and believes the header. And an id that was null in an answer, such as
that of a last execution, is not followed as the text "None".
"""

from ipaddress import ip_address
from itertools import count
from uuid import UUID

import schemathesis

ADDRESSES = count(int(ip_address("10.0.0.1")))
NOBODYS = str(UUID(int=7))


@schemathesis.hook
def before_call(_context, case, _kwargs):
    case.headers["X-Forwarded-For"] = str(ip_address(next(ADDRESSES)))
    for name, value in case.path_parameters.items():
        if value in (None, "None"):
            case.path_parameters[name] = NOBODYS
