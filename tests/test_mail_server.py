"""The mail server of the tests leaves nothing open when it stops."""

import gc
import socket
import time
import warnings

from tests.support.receivers import SMTPReceiver


def test_a_client_that_connects_while_the_server_stops_leaves_no_connection_open():
    receiver = SMTPReceiver()
    # The loop finds the client, and that it has to stop, at the same moment.
    receiver.controller.loop.call_soon_threadsafe(time.sleep, 0.2)
    with socket.create_connection(("127.0.0.1", receiver.port)):
        receiver.close()

    with warnings.catch_warnings(record=True, action="always") as warned:
        gc.collect()
    assert [str(each.message) for each in warned] == []
