"""The toy's operations: store a thing, list things, refuse late, break, and send."""

from __future__ import annotations

from typing import Any

from emulator import clock
from emulator.call import Call, Response, Work
from emulator.errors import ApiError


def make_thing(call: Call) -> Any:
    thing = {"id": call.new_id("hex24"), "name": call.body["name"], "at": clock.iso(call.now)}
    if call.body["name"] != call.body["name"].strip():
        call.fate("/name", "refused", call.body["name"], "blanks around it")
    call.state.tags[thing["id"]] = thing
    return {"message": "success", **thing}


def make_things(call: Call) -> Any:
    """A partial operation: bad items are named in `errors`, the others are made."""
    bad = {problem.steps[1]: problem.message for problem in call.problems}
    good = [item for index, item in enumerate(call.body["things"]) if str(index) not in bad]
    for item in good:
        call.state.tags[call.new_id("hex24")] = item
    return {"made": len(good), "errors": bad}


def list_things(call: Call) -> Any:
    things = call.state.tags.values()[: call.args.get("limit", 100)]
    return {"things": things, "args": call.args}


def refuse_late(call: Call) -> Any:
    """Writes, counts, promises to send, and then finds the client at fault."""
    call.state.tags["left behind"] = {}
    call.new_id("uuid")
    call.later(Work("https://braze.toy/things/send", "POST", {}, "{}"))
    raise ApiError("invalid", message="too late", hint="do not call this")


def break_down(call: Call) -> Any:
    call.state.tags["left behind"] = {}
    raise RuntimeError("a bug of the toy")


def send_myself(call: Call) -> Any:
    """Every call causes the next."""
    call.later(Work("https://braze.toy/things/send_myself", "POST", dict(call.request.headers), call.body))
    return {}


def send_thing(call: Call) -> Any:
    body = call.body
    call.state.tags["sent"] = {}
    for url in body["urls"]:
        headers = {"Content-Type": "application/json", "Authorization": "Bearer test-key"}
        about, then = body.get("about", ""), body.get("then", "")
        work = Work(
            url, "POST", headers, body.get("text", "{}"), body.get("delay", 0), about, then, {"name": "outcome"}
        )
        call.later(work)
    return Response(202, {"Content-Type": "text/plain", "X-Toy": "sent"}, b"queued")
