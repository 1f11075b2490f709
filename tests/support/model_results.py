"""What an execution keeps of an answer that took a language model, and how it is shown."""

from typing import Any

#: Members of a result.
MODEL: dict[str, Any] = {
    "activity": [
        {"action": "search", "query": "<b>console</b>", "results": 5},
        {"action": "read", "url": "https://news.example/a", "title": "News"},
        {"action": "read", "url": "javascript:alert(1)", "title": "Trap"},
        {"action": "check", "name": "evidence", "passed": True, "text": "It stands."},
        {"action": "check", "name": "schedule", "passed": False, "text": "Too late."},
        {"action": "check", "name": "no fault", "passed": None, "text": ""},
    ],
    "usage": {
        "model": "gpt-5-mini",
        "requests": 3,
        "input_tokens": 12000,
        "output_tokens": 640,
        "cost_usd": 0.0042,
        "seconds": 12.4,
    },
}
#: What pages for people show of it.
MODEL_SHOWN = [
    "Searched for “&lt;b&gt;console&lt;/b&gt;”: 5 found",
    'Read: “News” <a href="https://news.example/a"',
    "Read: “Trap” javascript:alert(1)",
    "Check “evidence”: passed: It stands.",
    "Check “schedule”: failed: Too late.",
    "Check “no fault”: not made",
    "gpt-5-mini, asked 3 times: 12,000 tokens sent and 640 received, $0.0042, 12 s.",
]
