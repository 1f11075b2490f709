"""A language model on loopback that answers what its test says, by the protocol of OpenAI.

A test tells by the tools in a request's body what it is asked for: see `tools_of`.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import pytest

from tests.support.receivers import DEADLINE_S

#: The name by which the model answers.
NAME = "scripted"

Body = dict[str, Any]
#: The tokens of a request and of its reply; None if the reply does not say.
Tokens = tuple[int, int] | None


@dataclass(frozen=True)
class Reply:
    """What the model says, or how its server fails."""

    text: str | None = None
    refusal: str | None = None
    #: The tools that it calls, each with its arguments: an object, or the text of one.
    tools: Sequence[tuple[str, Any]] = ()
    usage: Tokens = (100, 20)
    #: Why the reply ends; `stop`, or `tool_calls` if it calls tools.
    finish: str = ""
    #: Whether the connection is closed in the middle of the reply.
    breaks_off: bool = False
    #: The reply is sent once this is set.
    stall: threading.Event | None = None
    #: If this is not None, it is sent instead of a reply by the protocol.
    body: bytes | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def calls(*tools: tuple[str, Any], usage: Tokens = (100, 20)) -> Reply:
    """Call tools, each given as its name and its arguments."""
    return Reply(tools=tools, usage=usage)


def says(text: str, *, usage: Tokens = (100, 20), finish: str = "") -> Reply:
    """Answer with a text; `finish` is why it ends there, such as `length`."""
    return Reply(text=text, usage=usage, finish=finish)


def refuses(text: str, *, usage: Tokens = (100, 20)) -> Reply:
    """Refuse to answer."""
    return Reply(refusal=text, usage=usage)


def fails(status: int, error: Body | None = None, headers: dict[str, str] | None = None) -> Reply:
    """Answer with the status of an error, and `error` as OpenAI's servers write it."""
    body = json.dumps({"error": error or {"message": f"status {status}"}}).encode()
    return Reply(status=status, body=body, headers=headers or {})


def breaks_off() -> Reply:
    """Close the connection in the middle of a reply."""
    return Reply(text="a text that nobody reads to its end", breaks_off=True)


def stalls(event: threading.Event) -> Reply:
    """Say nothing until `event` is set, or the model is closed."""
    return Reply(text="late", stall=event)


def raw(body: bytes, *, content_type: str = "application/json") -> Reply:
    """Answer with status 200 and a body that may break the protocol."""
    return Reply(body=body, headers={"Content-Type": content_type})


def tools_of(body: Body) -> list[str]:
    """Return the names of the tools that a request offers."""
    return [tool["function"]["name"] for tool in body.get("tools", ())]


class ScriptedModel:
    """An OpenAI-compatible server that stores every request.

    It gives its `answers` in turn and repeats the last one. If `judge` is set, it is called with
    the body of the request and returns the answer instead.
    """

    def __init__(self) -> None:
        #: The bodies of the requests.
        self.requests: list[Body] = []
        #: The headers of the requests, each by lower-case name.
        self.headers: list[dict[str, str]] = []
        self.answers = [says("Hello.")]
        self.judge: Callable[[Body], Reply] | None = None
        self._lock = threading.Lock()
        self._ids = count(1)
        self._is_closed = threading.Event()
        #: The connections that are open.
        self.connections: set[socket.socket] = set()
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.model = self
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def close(self) -> None:
        self._is_closed.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def reply_to(self, body: Body, headers: dict[str, str]) -> Reply:
        with self._lock:
            self.requests.append(body)
            self.headers.append(headers)
            if not self.judge:
                return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return self.judge(body)

    def wait(self, event: threading.Event) -> None:
        end = time.monotonic() + DEADLINE_S
        while not event.wait(0.02) and not self._is_closed.is_set() and time.monotonic() < end:
            pass

    def _called(self, reply: Reply) -> list[Body]:
        """Return the calls of tools in a reply, by the protocol."""
        return [
            {
                "id": f"call_{next(self._ids)}",
                "type": "function",
                "function": {
                    "name": name,
                    "arguments": given if isinstance(given, str) else json.dumps(given),
                },
            }
            for name, given in reply.tools
        ]

    def completion(self, reply: Reply, body: Body) -> Body:
        message: Body = {"role": "assistant", "content": reply.text, "refusal": reply.refusal}
        if reply.tools:
            message["tool_calls"] = self._called(reply)
        choice = {"index": 0, "message": message, "finish_reason": _finish(reply)}
        completion = {**self._head(body), "object": "chat.completion", "choices": [choice]}
        return completion | ({"usage": _usage(reply.usage)} if reply.usage else {})

    def chunks(self, reply: Reply, body: Body) -> Iterator[Body]:
        """Yield a reply in parts, as it is streamed."""
        head = {**self._head(body), "object": "chat.completion.chunk"}

        def chunk(delta: Body, finish: str | None = None) -> Body:
            return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

        yield chunk({"role": "assistant", "content": ""})
        for kind, text in (("content", reply.text), ("refusal", reply.refusal)):
            for part in _halves(text or ""):
                yield chunk({kind: part})
        for index, called in enumerate(self._called(reply)):
            function = called["function"]
            begun = {**called, "index": index, "function": {**function, "arguments": ""}}
            yield chunk({"tool_calls": [begun]})
            for part in _halves(function["arguments"]):
                yield chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
        yield chunk({}, _finish(reply))
        if reply.usage and body.get("stream_options", {}).get("include_usage"):
            yield {**head, "choices": [], "usage": _usage(reply.usage)}

    def _head(self, body: Body) -> Body:
        id_ = f"chatcmpl-{next(self._ids)}"
        return {"id": id_, "created": int(time.time()), "model": body.get("model", NAME)}


class _Server(ThreadingHTTPServer):
    model: ScriptedModel
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Ignore errors: in many tests the client closes the connection early."""


class _Handler(BaseHTTPRequestHandler):
    """Speaks for the model of its server."""

    server: "_Server"
    protocol_version = "HTTP/1.1"
    # A reply of many small writes would wait for the client's delayed ACKs.
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.model.connections.add(self.connection)

    def finish(self) -> None:
        self.server.model.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        models = [{"id": NAME, "object": "model", "created": 0, "owned_by": "test"}]
        self.send_whole(json.dumps({"object": "list", "data": models}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.model.reply_to(body, headers)
        if reply.stall:
            self.server.model.wait(reply.stall)
        if self.path != "/v1/chat/completions":
            self.send_whole(b'{"error": {"message": "no such path"}}', status=404)
        elif reply.body is not None:
            self.send_whole(reply.body, status=reply.status, headers=reply.headers)
        elif body.get("stream"):
            self.send_events(reply, body)
        else:
            whole = json.dumps(self.server.model.completion(reply, body)).encode()
            self.send_whole(whole, breaks_off=reply.breaks_off)

    def send_whole(
        self,
        body: bytes,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        breaks_off: bool = False,
    ) -> None:
        self.send_response(status)
        sent = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in {**sent, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:-10] if breaks_off else body)
        self.close_connection = breaks_off

    def send_events(self, reply: Reply, body: Body) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        events = [json.dumps(each) for each in self.server.model.chunks(reply, body)]
        # Enough of it to be the beginning of a text.
        for event in events[:2] if reply.breaks_off else [*events, "[DONE]"]:
            data = f"data: {event}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        if reply.breaks_off:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        pass


def _finish(reply: Reply) -> str:
    return reply.finish or ("tool_calls" if reply.tools else "stop")


def _halves(text: str) -> list[str]:
    half = len(text) // 2
    return [part for part in (text[:half], text[half:]) if part]


def _usage(tokens: tuple[int, int]) -> Body:
    sent, received = tokens
    return {"prompt_tokens": sent, "completion_tokens": received, "total_tokens": sent + received}


@pytest.fixture
def scripted_model(settings) -> Iterator[ScriptedModel]:
    """Start a model, and name it in the settings."""
    model = ScriptedModel()
    settings.TORALE_MODEL = f"openai-chat:{NAME}"
    settings.TORALE_MODEL_URL = model.url
    settings.TORALE_FALLBACK_MODEL = ""
    yield model
    model.close()
