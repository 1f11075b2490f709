"""Changes that tests/end_to_end/test_schema_fuzz.py makes to each of Schemathesis's calls.

Each call comes from a different address, because otherwise the limits per address would refuse most
of them. The server is configured with a proxy (TORALE_PROXIES) and so trusts the header. An id that
was null in an answer, such as that of a last execution, is replaced by the id of a missing object:
Schemathesis would send the text "None".
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
