"""From a scenario's call to a request."""

from __future__ import annotations

import base64
import shlex
from contextlib import suppress
from typing import Any

import pytest

from emulator import operations, seed
from emulator.call import Request
from emulator.errors import ConfigError
from emulator.operations import Operation, Operations, Service
from emulator.pipeline import Emulator
from emulator.replay import calling
from emulator.state.credential import Credential


def service(name: str, auth: str, scheme: str = "", text: str = "{value}") -> Service:
    form = {"authorization": {"scheme": scheme, "text": text, "defaults": {"username": "nobody"}}} if scheme else {}
    return Service(name, {"auth": auth, "hosts": [], "prefixes": [f"/{name}"], **form}, {}, frozenset())


def operation(owner: Service, id: str, method: str, *paths: str, **more: Any) -> Operation:
    data = {"method": method, "path": paths[0], "also_paths": list(paths[1:]), **more}
    return Operation(owner, "tag", id, data, None, 200)


BRAZE, INKIT = service("braze", "bearer", "Bearer"), service("inkit", "inkit", "Basic")
MOVABLE_INK, PASSKIT, KETCH = (
    service("movable_ink", "movable_ink", "Basic", "{username}:{password}"),
    service("passkit", "passkit", "Bearer"),
    service("ketch", "ketch_organization"),
)
KNOWN = Operations(
    [BRAZE, INKIT, MOVABLE_INK, PASSKIT, KETCH],
    [
        operation(BRAZE, "track_users", "POST", "/users/track"),
        operation(INKIT, "send", "POST", "/inkit"),
        operation(MOVABLE_INK, "record", "POST", "/behavioral/{key}", secrets={"path": ["key"]}),
        operation(
            PASSKIT, "get_coupon", "GET", "/c/externalId/{external_id}", "/c/externalId/{campaign}/{external_id}"
        ),
        operation(PASSKIT, "open_link", "GET", "/l/{code}", auth="smartpass_code"),
        operation(KETCH, "get_consent", "POST", "/web/v3/consent/{org}/get"),
    ],
)


def caller() -> calling.Caller:
    made = calling.Caller(KNOWN, {})
    made._credentials = {
        "braze": Credential("braze", "key"),
        "inkit": Credential("inkit", "token"),
        "movable_ink": Credential("movable_ink", "mi", data={"username": "u", "password": "p"}),
        "passkit": Credential("passkit", "jwt"),
        "passkit:code": Credential("passkit:code", "ww0jir"),
        "ketch:org": Credential("ketch:org", "acme"),
    }
    return made


def made(service: str = "braze", operation: str = "track_users", **call: Any) -> Request:
    return caller().request({"service": service, "operation": operation, **call})


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("service", "operation", "authorization"),
    [
        ("braze", "track_users", "Bearer key"),
        ("inkit", "send", basic("token")),
        ("movable_ink", "record", basic("u:p")),
        ("passkit", "open_link", None),
        ("ketch", "get_consent", None),
    ],
)
def test_the_credential_is_sent_in_the_form_of_the_service(
    service: str, operation: str, authorization: str | None
) -> None:
    assert made(service, operation).headers.get("authorization") == authorization


@pytest.mark.parametrize(
    ("call", "headers"),
    [
        ({"key": "other"}, {"authorization": "Bearer other"}),
        ({"auth": "none"}, {}),
        ({"headers": {"Authorization": "Basic x", "X-N": 5}}, {"authorization": "Basic x", "x-n": "5"}),
        ({"headers": {"Authorization": ""}}, {}),
        ({"auth": "none", "body": 1}, {"content-type": "application/json"}),
        ({"auth": "none", "text": "x", "headers": {"content-type": "text/plain"}}, {"content-type": "text/plain"}),
        ({"auth": "none", "body": 1, "headers": {"Content-Type": ""}}, {}),
    ],
)
def test_headers(call: dict[str, Any], headers: dict[str, str]) -> None:
    assert made(**call).headers == headers


def test_a_field_that_the_seed_leaves_out_has_a_default() -> None:
    own = caller()
    own._credentials["movable_ink"] = Credential("movable_ink", "mi", data={"password": "p"})
    request = own.request({"service": "movable_ink", "operation": "record"})
    assert request.headers["authorization"] == basic("nobody:p")


@pytest.mark.parametrize("name", operations.load().services)
def test_every_service_can_be_called_with_its_own_credential(name: str) -> None:
    """What `authorization` says of the header is what the service's scheme takes."""
    emulator = Emulator()
    document = emulator.workspaces.mint("mine", {}).document
    own = calling.Caller(emulator.operations, document)
    found = [one for one in emulator.operations if one.service.name == name and "auth" not in one.data]
    statuses = []
    for one in found:
        call = {"service": name, "operation": one.id, "body": {}}
        with suppress(ConfigError):  # a param that is nobody's credential
            statuses.append(emulator.answer(own.request(call)).status)
    assert statuses or name not in {"braze", *seed.partners()}
    assert 401 not in statuses


def test_another_key_is_written_in_the_form_of_the_service() -> None:
    assert made("inkit", "send", key="x").headers["authorization"] == basic("x")
    assert made("movable_ink", "record", key="a:b").headers["authorization"] == basic("a:b")


@pytest.mark.parametrize(
    ("service", "operation", "params", "path"),
    [
        ("movable_ink", "record", {}, "/behavioral/mi"),
        ("movable_ink", "record", {"key": "other"}, "/behavioral/other"),
        ("ketch", "get_consent", {}, "/web/v3/consent/acme/get"),
        ("passkit", "open_link", {}, "/l/ww0jir"),
        ("passkit", "get_coupon", {"external_id": "a b"}, "/c/externalId/a b"),
        ("passkit", "get_coupon", {"external_id": 5, "campaign": "x"}, "/c/externalId/x/5"),
    ],
)
def test_paths_are_filled(service: str, operation: str, params: dict[str, Any], path: str) -> None:
    assert made(service, operation, params=params).path == path


@pytest.mark.parametrize("params", [{}, {"campaign": "x"}, {"external_id": "x", "more": "y"}])
def test_params_that_do_not_fit(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="params do not fit passkit/tag/get_coupon; its paths are /c/externalId/"):
        made("passkit", "get_coupon", params=params)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ({"service": "braze", "operation": "trak"}, "braze has no operation 'trak'; known are track_users"),
        ({"service": "brase", "operation": "x"}, "brase has no operation 'x'; known are braze, inkit"),
        ({"service": "brase", "method": "GET", "path": "/"}, "no service 'brase'; known are braze"),
    ],
)
def test_what_does_not_exist_is_named(call: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        caller().request(call)


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({"limit": 5, "all": True, "to": "a b"}, "limit=5&all=true&to=a+b"),
        ({"ids[]": [1, "x"]}, "ids%5B%5D=1&ids%5B%5D=x"),
        ("data=a%3D&sig=1", "data=a%3D&sig=1"),
    ],
)
def test_query(given: Any, query: str) -> None:
    assert made(query=given).query == query


def test_method_and_path() -> None:
    request = caller().request({"method": "GET", "path": "/l/x?data=a%3D&sig=1"})
    assert (request.method, request.path, request.query) == ("GET", "/l/x", "data=a%3D&sig=1")
    assert "authorization" not in request.headers, "the operation's own scheme is used"
    unknown = caller().request({"method": "GET", "path": "/unknown"})
    assert unknown.headers == {"authorization": "Bearer key"}
    named = caller().request({"service": "inkit", "method": "GET", "path": "/unknown"})
    assert named.headers == {"authorization": basic("token")}


def test_a_link_is_opened_under_its_host() -> None:
    request = caller().request({"url": "https://pub1.pskt.io/c/a%20b?data=a%3D&sig=1"})
    assert (request.method, request.path, request.query) == ("GET", "/c/a b", "data=a%3D&sig=1")
    assert request.headers == {"host": "pub1.pskt.io"}, "whoever opens a link has no credential"
    named = {"service": "inkit", "method": "PUT", "body": 1, "headers": {"Host": "x"}}
    put = caller().request({"url": "http://internal.inkit.io", **named})
    assert (put.method, put.path, put.body, put.headers["host"]) == ("PUT", "/", b"1", "x")
    assert put.headers["authorization"] == basic("token")


@pytest.mark.parametrize("url", ["https%3A%2F%2Fpub1.pskt.io", "/c/x", "ftp://a.b", "http://", "http://["])
def test_what_is_no_address_is_said(url: str) -> None:
    with pytest.raises(ConfigError, match="is no address; one begins with https:// and a host"):
        caller().request({"url": url})


def test_body() -> None:
    assert made(body={"a": None}).body == b'{"a":null}'
    assert made(body=None).body == b"null"
    assert made(text='{"a": }').body == b'{"a": }'
    assert made().body == b""


def test_curl_repeats_the_request() -> None:
    headers = {"authorization": "Bearer k", "content-type": "x"}
    request = Request("POST", "/a b/é", "x=1", headers, b'{"it\'s": 1}')
    assert calling.curl(request, "http://127.0.0.1:1/") == (
        "curl -i -X POST 'http://127.0.0.1:1/a%20b/%C3%A9?x=1' -H 'authorization: Bearer k' -H 'content-type: x' "
        """--data-raw '{"it'"'"'s": 1}'"""
    )


@pytest.mark.parametrize(
    ("request_", "parts"),
    [
        (Request("HEAD", "/x"), ["--head"]),
        (Request("GET", "/x", "ids[]=1"), ["--globoff"]),
        (Request("GET", "/x/../y"), ["--path-as-is"]),
        (Request("POST", "/x", "", {}, b"{}"), ["content-type:"]),
    ],
)
def test_curl_sends_nothing_else(request_: Request, parts: list[str]) -> None:
    made = shlex.split(calling.curl(request_, "http://127.0.0.1:1"))
    assert set(parts) <= set(made)
    assert set(made) & {"--head", "--globoff", "--path-as-is", "content-type:"} == set(parts)


def test_the_own_credential_is_the_first_of_the_seed() -> None:
    own = calling.Caller(operations.load(), {"api_keys": [{"key": "first"}, {"key": "second"}]})
    request = own.request({"service": "braze", "method": "GET", "path": "/x"})
    assert request.headers == {"authorization": "Bearer first"}
