"""A webhook that somebody sends again by hand: as it was, edited, or with its templates rendered anew.

Braze has nothing like it. It is an attempt of its own under the trace of the message, it is not tried again, and it
counts as no receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.call import Work
from emulator.errors import ConfigError
from emulator.liquid.values import RENDERED, Fetcher, Options
from emulator.messaging import attempts, health, outbox
from emulator.messaging.outside import port_note
from emulator.messaging.sending import Job
from emulator.state.draft import Draft, numbered
from emulator.workspaces import Workspace

FIELDS: Final = ("url", "request_method", "request_headers", "body")


def ask(draft: Draft, key: str, changes: Mapping[str, Any], render: bool, now: float) -> str:
    """Put it in the outbox; answers the message's key, which may be given without its zeros. Raises KeyError for no
    such message and ConfigError for one that is not a webhook.
    """
    key = key.zfill(len(numbered(0)))
    held = draft.messages.get(key)
    if held is None:
        raise KeyError(f"no message '{key}'; GET /_emulator/messages lists them")
    if held["channel"] != health.WEBHOOK:
        raise ConfigError(f"the message is of the channel {held['channel']}, which is only rendered; resend webhooks")
    draft.queue(
        {
            "due": now,
            "chain": 0,
            "sender": health.SENDER,
            "trace": held["trace"],
            "attempt": 0,
            "resend": {"message": key, "changes": dict(changes), "render": render},
        }
    )
    return key


def resend(workspace: Workspace, item: Mapping[str, Any], fetch: Fetcher) -> None:
    """What is to be sent goes to the outbox; what does not render is kept as an attempt that sent nothing."""
    asked, now = item["resend"], workspace.clock.now()
    key = asked["message"]
    held: Mapping[str, Any] | None = workspace.view().messages.get(key)
    if held is None:  # a reset since
        return
    content, problem = held["content"], ""
    if asked["render"]:
        content, problem = _rendered(workspace, item, held, fetch)
    request = _changed(content, {} if asked["render"] else asked["changes"])
    data = {
        "braze_message": key,
        "resent": request,
        "note": "; ".join(filter(None, ("resent", port_note(request["url"])))),
    }
    with workspace.transaction() as draft:
        if problem:
            outcome = attempts.Outcome(0, f"not sent: {problem}", None, 0)
            attempts.keep(draft, {"data": {**data, "resent": dict(held["content"])}}, outcome, now)
            return
        work = Work(request["url"], request["request_method"], request["request_headers"], request["body"],
                    about=health.WEBHOOK, data=data)  # fmt: skip
        outbox.add(draft, work, item["sender"], item["trace"], now.timestamp())


def _rendered(
    workspace: Workspace, item: Mapping[str, Any], held: Mapping[str, Any], fetch: Fetcher
) -> tuple[Mapping[str, Any], str]:
    """The templates as they are now, or in `changes`, with the profile as it is now and what the message was sent with;
    and why that did not work.
    """
    job = Job(workspace.view(), {**item, "send": held["sent_with"]}, workspace.clock.now())
    if missing := job.missing():
        return held["content"], missing[1]
    seed = f"{workspace.random_seed}/{held['decision']}"
    options = Options(seed=seed, fetch=fetch, cache=workspace.answers, ports=None, trace=False)
    changes = dict(item["resend"]["changes"])
    if "request_headers" in changes:
        changes["request_headers"] = headers(job.variant.get("request_headers") or {}, changes["request_headers"])
    composed = job.composed(options, changes)
    return (composed.content, "") if composed.outcome == RENDERED else (held["content"], composed.reason)


def _changed(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: changes.get(name, content[name]) for name in FIELDS}
    found["request_headers"] = headers(content["request_headers"], changes.get("request_headers") or {})
    return {**found, "body": ""} if found["request_method"] == "GET" else found


def headers(held: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """Other values for some, whatever the case of their names; null takes one out."""
    other = {name.lower(): value for name, value in changes.items()}
    kept = {name: other.pop(name.lower(), value) for name, value in held.items()}
    added = {name: value for name, value in changes.items() if name.lower() in other}
    return {name: value for name, value in {**kept, **added}.items() if value is not None}
