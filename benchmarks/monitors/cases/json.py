"""Rules over JSON: numbers, texts, truth values, and JSON that is sent as something else."""

from benchmarks.monitors.case import case, fails, html, json_of, quiet, silent, told

WORDPRESS = {"code": "rest_post_invalid_id", "message": "Invalid post ID.", "data": {"status": 404}}

CASES = [
    case(
        "number",
        'json("$.data.price") < 100',
        quiet(json_of({"data": {"price": 119.5}})),
        told(json_of({"data": {"price": 99.5}}), "99.5"),
        quiet(json_of({"data": {"price": 98}})),
    ),
    case(
        "number-in-a-string",
        'json("$.price") < 100',
        quiet(json_of({"price": "119.50"})),
        told(json_of({"price": "99.50 EUR"})),
    ),
    case(
        "german-number-in-a-string",
        'json("$.price") < 1000',
        quiet(json_of({"price": "1.299,95 €"})),
        told(json_of({"price": "989,00 €"})),
    ),
    case(
        "exact-decimals",
        'json("$.price") == 0.3',
        quiet(json_of({"price": 0.31})),
        told(json_of({"price": 0.3})),
    ),
    case(
        "exponent", 'json("$.n") > 1000000', quiet(json_of({"n": 1e5})), told(json_of({"n": 1.5e7}))
    ),
    case("negative", 'json("$.t") < -3', quiet(json_of({"t": -2.9})), told(json_of({"t": -3.1}))),
    case(
        "large-number",
        'json("$.id") > 9007199254740992',
        quiet(json_of({"id": 9007199254740992})),
        told(json_of({"id": 9007199254740993})),
    ),
    case(
        "missing-then-there",
        'json("$.price") < 100',
        silent(json_of({"name": "lamp"})),
        silent(json_of({"price": None})),
        told(json_of({"price": 99})),
    ),
    case(
        "true-is-no-number",
        'json("$.n") >= 1',
        silent(json_of({"n": True})),
        told(json_of({"n": 1})),
    ),
    case(
        "filter",
        """json("$.items[?@.sku=='L2'].stock") > 0""",
        quiet(json_of({"items": [{"sku": "L1", "stock": 4}, {"sku": "L2", "stock": 0}]})),
        told(json_of({"items": [{"sku": "L2", "stock": 2}, {"sku": "L1", "stock": 0}]})),
    ),
    case(
        "text-equals",
        'json("$.status") == "open"',
        quiet(json_of({"status": "closed"})),
        told(json_of({"status": "open"}), "open"),
        quiet(json_of({"status": "open", "at": 3})),
        quiet(json_of({"status": "reopened"})),
        told(json_of({"status": "open"})),
    ),
    case(
        "text-differs",
        'json("$.status") != "operational"',
        quiet(json_of({"status": "operational"})),
        told(json_of({"status": "degraded"}), "degraded"),
    ),
    case(
        "true",
        'json("$.ok") == true',
        quiet(json_of({"ok": False})),
        told(json_of({"ok": True})),
        quiet(json_of({"ok": True})),
    ),
    case(
        "false",
        'json("$.sold_out") == false',
        quiet(json_of({"sold_out": True})),
        told(json_of({"sold_out": False})),
    ),
    case(
        "null",
        'json("$.cancelled_at") == null',
        quiet(json_of({"cancelled_at": "2026-03-02"})),
        told(json_of({"cancelled_at": None})),
    ),
    case(
        "not-null",
        'json("$.cancelled_at") != null',
        quiet(json_of({"cancelled_at": None})),
        told(json_of({"cancelled_at": "2026-03-02"})),
    ),
    case(
        "missing-is-not-null",
        'json("$.cancelled_at") == null',
        quiet(json_of({"cancelled_at": "2026-03-02"})),
        silent(json_of({"error": {"message": "internal"}})),
        told(json_of({"cancelled_at": None})),
    ),
    case(
        "string-true-is-not-true",
        'json("$.ok") == true',
        quiet(json_of({"ok": "true"})),
        told(json_of({"ok": True})),
    ),
    case(
        "between",
        'json("$.t") between 18 and 24',
        quiet(json_of({"t": 17.9})),
        told(json_of({"t": 18})),
        quiet(json_of({"t": 24})),
        quiet(json_of({"t": 24.1})),
        told(json_of({"t": 20})),
    ),
    case(
        "any-of-a-list",
        'any(json("$.offers[*].price")) < 10',
        quiet(json_of({"offers": [{"price": 30}, {"price": 12}]})),
        told(json_of({"offers": [{"price": 30}, {"price": 9}]})),
    ),
    case(
        "all-of-a-list",
        'all(json("$.nodes[*].up")) >= 1',
        quiet(json_of({"nodes": [{"up": 1}, {"up": 0}]})),
        told(json_of({"nodes": [{"up": 1}, {"up": 2}]})),
    ),
    case(
        "changes-in-a-scope",
        'in json("$.release") changes',
        quiet(json_of({"release": {"tag": "v1"}, "at": 1})),
        quiet(json_of({"release": {"tag": "v1"}, "at": 2})),
        told(json_of({"release": {"tag": "v2"}, "at": 3}), "v2"),
    ),
    case(
        "changes-of-the-whole",
        "changes",
        quiet(json_of({"seats": 4, "name": "Hall"})),
        quiet(json_of({"name": "Hall", "seats": 4})),
        told(json_of({"name": "Hall", "seats": 3}), "3"),
    ),
    case(
        "layout-is-no-change",
        "changes",
        quiet(html('{"a":1,"b":[1,2]}')),
        quiet(html('{\n  "a": 1,\n  "b": [1, 2]\n}')),
        told(html('{"a":1,"b":[1,2,3]}')),
    ),
    case(
        "contains",
        'contains "open"',
        quiet(json_of({"state": "closed"})),
        told(json_of({"state": "open"})),
    ),
    case(
        "escaped-letters",
        'contains "geöffnet"',
        quiet(html('{"state": "geschlossen"}')),
        told(html('{"state": "ge\\u00f6ffnet"}')),
    ),
    case(
        "sent-as-html",
        'json("$.price") < 100',
        quiet(json_of({"price": 119}, content_type="text/html; charset=utf-8")),
        told(json_of({"price": 99}, content_type="text/html; charset=utf-8")),
    ),
    case(
        "sent-as-plain-text",
        'json("$.price") < 100',
        quiet(json_of({"price": 119}, content_type="text/plain")),
        told(json_of({"price": 99}, content_type="text/plain")),
    ),
    case(
        "sent-as-octets",
        'json("$.price") < 100',
        quiet(json_of({"price": 119}, content_type="application/octet-stream")),
        told(json_of({"price": 99}, content_type="application/octet-stream")),
    ),
    case(
        "problem-type",
        'json("$.price") < 100',
        quiet(json_of({"price": 119}, content_type="application/vnd.api+json")),
        told(json_of({"price": 99}, content_type="application/hal+json")),
    ),
    case(
        "byte-order-mark",
        'json("$.price") < 100',
        quiet(html('\ufeff{"price": 119}')),
        told(html('\ufeff{"price": 99}')),
    ),
    case(
        "graphql-error",
        'json("$.data.product.price") < 100',
        quiet(json_of({"data": {"product": {"price": 119}}})),
        fails(
            json_of(
                {
                    "errors": [
                        {
                            "message": "Internal server error",
                            "extensions": {"code": "INTERNAL_SERVER_ERROR"},
                        }
                    ],
                    "data": None,
                }
            ),
            "error",
            "internal server error",
        ),
        quiet(json_of({"data": {"product": {"price": 119}}})),
        told(json_of({"data": {"product": {"price": 99}}})),
    ),
    case(
        "api-error-with-changes",
        "changes",
        quiet(json_of({"seats": 4, "name": "Hall"})),
        fails(
            json_of({"error": {"code": 500, "message": "Something went wrong"}}),
            "error",
            "something went wrong",
        ),
        quiet(json_of({"seats": 4, "name": "Hall"})),
        told(json_of({"seats": 3, "name": "Hall"})),
    ),
    case(
        "rate-limit-with-200",
        'does not contain "sold_out"',
        quiet(json_of({"state": "sold_out"})),
        fails(
            json_of({"success": False, "message": "Rate limit exceeded, try again in 60 seconds"}),
            "rate limit",
            "too many",
        ),
        quiet(json_of({"state": "sold_out"})),
        told(json_of({"state": "available"})),
    ),
    case(
        "wordpress-error",
        "changes",
        quiet(json_of({"id": 7, "title": {"rendered": "Dates"}})),
        fails(json_of(WORDPRESS), "invalid post id", "error", "404"),
        quiet(json_of({"id": 7, "title": {"rendered": "Dates"}})),
        told(json_of({"id": 7, "title": {"rendered": "New dates"}}), "new dates"),
    ),
    case(
        "error-null-is-no-error",
        "changes",
        quiet(json_of({"error": None, "errors": [], "seats": 4})),
        quiet(json_of({"error": None, "errors": [], "seats": 4})),
        told(json_of({"error": None, "errors": [], "seats": 3})),
    ),
    case(
        "error-count-is-what-is-watched",
        'json("$.errors") > 10',
        quiet(json_of({"errors": 2, "jobs": 900})),
        told(json_of({"errors": 12, "jobs": 900})),
    ),
    case(
        "status-error-is-what-is-watched",
        'json("$.build.status") == "error"',
        quiet(json_of({"build": {"status": "passed"}})),
        told(json_of({"build": {"status": "error"}})),
    ),
    case(
        "html-instead-of-json",
        'json("$.seats") > 3',
        quiet(json_of({"seats": 0})),
        silent(
            html(
                "<!DOCTYPE html><title>Log in</title><h1>Log in</h1><form><input type=password></form>"
            )
        ),
        quiet(json_of({"seats": 0})),
        told(json_of({"seats": 4})),
    ),
    case(
        "truncated",
        "changes",
        quiet(json_of({"seats": [1, 2, 3], "name": "Hall"})),
        fails(
            html('{"seats": [1, 2, 3], "na', 200, Content_Type="application/json"),
            "cut off",
            "json",
            "incomplete",
            "end",
        ),
        quiet(json_of({"seats": [1, 2, 3], "name": "Hall"})),
        told(json_of({"seats": [1, 2], "name": "Hall"})),
    ),
    case(
        "timestamp-is-noise",
        "changes",
        quiet(
            json_of({"timestamp": 1772444700, "generated_at": "2026-03-02T09:45:00Z", "seats": 4})
        ),
        quiet(
            json_of({"timestamp": 1772445600, "generated_at": "2026-03-02T10:00:00Z", "seats": 4})
        ),
        told(
            json_of({"timestamp": 1772446500, "generated_at": "2026-03-02T10:15:00Z", "seats": 3})
        ),
    ),
    case(
        "request-id-is-noise",
        "changes",
        quiet(json_of({"request_id": "7f3e9c1a-55d2-4b0e-9a77-1c2d3e4f5a6b", "seats": 4})),
        quiet(json_of({"request_id": "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", "seats": 4})),
        told(json_of({"request_id": "1a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", "seats": 3})),
    ),
    case(
        "exists",
        'exists json("$.winner")',
        quiet(json_of({"draw": 7})),
        told(json_of({"draw": 7, "winner": "Ada"})),
    ),
    case(
        "gone",
        'json("$.incident") is gone',
        quiet(json_of({"status": "major", "incident": "Fire"})),
        told(json_of({"status": "none"})),
    ),
    case(
        "new-items",
        'in json("$.jobs") new items',
        quiet(json_of({"jobs": [{"title": "Cook"}, {"title": "Baker"}]})),
        told(
            json_of({"jobs": [{"title": "Driver"}, {"title": "Cook"}, {"title": "Baker"}]}),
            "driver",
            unsaid=("baker",),
        ),
        quiet(json_of({"jobs": [{"title": "Driver"}, {"title": "Baker"}]})),
    ),
]
