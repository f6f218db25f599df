"""Where the addresses in Braze's export answers lead: the archives, for as long as they are kept."""

from __future__ import annotations

from emulator.call import Call, Response
from emulator.errors import ApiError
from emulator.state import exports
from emulator.state.exports import Export


def download_export(call: Call) -> Response:
    """The ZIP archive. Raises ApiError not_found before it is there and expired four hours later."""
    names = "segment_id", "date", "object_prefix", "file"
    key = "/".join(["segment-export", *(call.params[name] for name in names)])
    export = call.state.exports.get(call.params["object_prefix"])
    reason = _missing(call, export, key)
    if reason:
        raise ApiError("not_found", hint=reason)
    if exports.has_expired(export, call.now):
        raise ApiError("expired", hint="an archive is kept for four hours of the workspace's clock; export again")
    return Response(200, {"Content-Type": "application/zip"}, exports.archive(call.state, export))


def _missing(call: Call, export: Export | None, key: str) -> str:
    """Why there is nothing at the address, or nothing where there is something."""
    if export is None or export["key"] != key:
        return "no export of this workspace has this address; take the url of the answer as it is"
    if export["cancelled"]:
        return "the export was cancelled"
    if export["own_storage"]:
        return "the company has its own storage (settings.exports.own_storage), which is not emulated"
    waiting = export["ready"] - call.now.timestamp()
    return f"the export runs for another {waiting:g} s of the workspace's clock" if waiting > 0 else ""
