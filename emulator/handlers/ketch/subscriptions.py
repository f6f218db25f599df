"""Topics and controls: what visitors want to be sent, and its way to Braze."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from emulator.call import Call, Json
from emulator.handlers.ketch import _forwarding, _requests
from emulator.state import ketch

STATUSES: Final = ("granted", "denied")


class _Setting(NamedTuple):
    """One status of the request: of a topic's channel, or of a control, which has no channel."""

    kind: str
    code: str
    channel: str
    status: Json

    @property
    def pointer(self) -> str:
        return _requests.pointer(*filter(None, (self.kind, self.code, self.channel)), "status")

    @property
    def name(self) -> str:
        """Under which the status is stored."""
        return "\0".join((self.kind, self.code, self.channel))


def get_subscriptions(call: Call) -> Json:
    """The request without the organization, with the stored topics and controls."""
    organization, identities = _requests.organization(call), _requests.identities(call)
    stored = ketch.stored(call.state.ketch_subscriptions, organization, identities)
    found: dict[str, Json] = {"topics": {}, "controls": {}}
    for name, status in stored.items():
        kind, _, rest = name.partition("\0")
        code, _, channel = rest.partition("\0")
        if kind == "collectedAt":
            found[kind] = status
        elif channel:
            found[kind].setdefault(code, {})[channel] = {"status": status}
        else:
            found[kind][code] = {"status": status}
    return {name: value for name, value in {**call.body, **found}.items() if name != "organizationCode"}


def update_subscriptions(call: Call) -> Json:
    """Store every status and send the changed ones to Braze."""
    organization, identities = _requests.organization(call), _requests.identities_to_write(call)
    before = ketch.stored(call.state.ketch_subscriptions, organization, identities)
    settings = [_readable(call, setting) for setting in _settings(call)]
    after = {setting.name: setting.status for setting in settings}
    after["collectedAt"] = call.body.get("collectedAt", _requests.seconds(call))
    ketch.store(call.state, call.state.ketch_subscriptions, organization, identities, after)
    for setting in settings if identities else ():
        if before.get(setting.name) == setting.status:
            call.fate(setting.pointer, "ketch_unchanged", setting.status)
        else:
            _forward(call, identities, setting)
    return {}


def _settings(call: Call) -> Iterator[_Setting]:
    for topic, channels in call.body.get("topics", {}).items():
        for channel, setting in channels.items():
            yield _Setting("topics", topic, channel, setting.get("status"))
    for control, setting in call.body.get("controls", {}).items():
        yield _Setting("controls", control, "", setting.get("status"))


def _readable(call: Call, setting: _Setting) -> _Setting:
    """The setting as Ketch records it: what it cannot read is denied."""
    if setting.status in STATUSES:
        return setting
    call.fate(setting.pointer, "ketch_unreadable_status", setting.status, "send granted or denied")
    return setting._replace(status="denied")


def _forward(call: Call, identities: dict[str, str], setting: _Setting) -> None:
    if setting.kind == "topics":
        _forwarding.forward_topic(call, identities, setting.code, setting.channel, setting.status)
    else:
        _forwarding.forward_control(call, identities, setting.code, setting.status)
