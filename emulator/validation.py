"""Is the request valid? jsonschema-rs decides in microseconds; jsonschema explains, and only what failed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, Final

import jsonschema_rs
import orjson

from emulator import advice, bodies, unknown_fields
from emulator.call import Call, Json, Problem
from emulator.errors import ApiError
from emulator.mending import Defect
from emulator.operations import Operation
from emulator.state import names

_INTEGER: Final = re.compile(r"-?\d{1,18}", re.ASCII)
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")
_DOLLAR: Final = re.compile(r"(?<!\\)\$$")
MAX_PROBLEMS: Final = 50
"""Problems that refuse the whole request: a body of megabytes can have a million, and nobody reads them."""


def check(call: Call) -> None:
    """Read and validate the body, or the query of an operation without one.

    Sets `call.body`, `call.args` and, for arrays named by the operation's `partial`, `call.problems`.
    Raises ApiError `unsupported_media_type`, `malformed` or `invalid`.
    """
    operation = call.operation
    assert operation is not None
    if operation.body == "json":
        call.body = _read(call)
    call.args = arguments(call, operation)
    if operation.schema is None:
        return
    subject = call.body if operation.body == "json" else call.args
    if not _decider(operation).is_valid(subject):
        call.problems = _bearable(call, operation, subject)
    _tell_unknown(call, operation, subject)


def _bearable(call: Call, operation: Operation, subject: Json) -> list[Problem]:
    """The problems of items that are refused one by one. Raises ApiError `invalid` for any other problem."""
    found = list(explain(operation, subject))
    if _repairs(call, "numbers"):
        found = _with_numbers(call, found)
    fatal = [problem for problem in found if not _in_partial(operation, problem)]
    if fatal:
        raise _invalid(operation, subject, fatal)
    return found


def _tell_unknown(call: Call, operation: Operation, subject: Json) -> None:
    """A fate for each field that the operation does not have, where the service says what becomes of such fields."""
    setting = operation.service.data.get("unknown_fields")
    if setting:
        for pointer, value, known in unknown_fields.find(_shape(operation), subject):
            name = pointer.rpartition("/")[2]
            if name not in setting["except"]:
                call.fate(pointer, setting["fate"], value, names.did_you_mean(names.closest(name, known)))


def _read(call: Call) -> Json:
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if call.service.data.get("requires_json") and kind != "application/json":
        raise ApiError(
            "unsupported_media_type",
            content_type=kind,
            hint=f"send the header Content-Type: application/json, not {kind or 'none'}",
        )
    _whole(call)
    try:
        value, repeated = bodies.parse(call.request.body)
    except bodies.Malformed as error:
        value, repeated = _mended(call, error)
    for pointer in repeated:
        call.fate(pointer, "duplicate_key", pointer.rpartition("/")[2])
    return value


def _whole(call: Call) -> None:
    """Raises ApiError `malformed` for a body that is shorter than its Content-Length says: the sender was cut off."""
    announced, arrived = call.request.headers.get("content-length", ""), len(call.request.body)
    if _INTEGER.fullmatch(announced) and int(announced) > arrived:
        text = f"the body ends after {arrived} of {announced} bytes"
        raise ApiError("malformed", defects=text, line=1, hint=f"{text}; send all of it, or the right Content-Length")


def _repairs(call: Call, kind: str) -> bool:
    """Whether the operation has this repair and the workspace's mode asks for it."""
    assert call.operation is not None
    return kind in call.operation.data.get("lenient", ()) and call.lenient()


def _mended(call: Call, error: bodies.Malformed) -> tuple[Json, list[str]]:
    """What `bodies.parse` would answer, after repairs that the mode allows. Raises ApiError `malformed`."""
    repaired = bodies.repair(call.request.body)
    defects = repaired.defects or error.defects
    if repaired.works and _repairs(call, "json"):
        for defect in defects:
            call.fate("", "repaired", defect.what, f"{defect}; {defect.fix}")
        return repaired.value, repaired.repeated
    details = "; ".join(map(str, sorted([*defects, *_also(call, repaired)])))
    raise ApiError("malformed", defects=details, line=defects[0].line, hint=f"{details}; {defects[0].fix}")


def _also(call: Call, repaired: bodies.Repaired) -> Iterator[Defect]:
    """What validation would refuse next, so that one answer names everything that is wrong with the body."""
    operation = call.operation
    if operation is None or operation.schema is None or repaired.value is None:
        return
    for problem in explain(operation, repaired.value):
        named = bool(problem.steps) and f"'{problem.steps[-1]}'" in problem.message
        what = problem.message if named else f"{problem.pointer or 'the body'}: {problem.message}"
        yield Defect(*repaired.place(problem.steps), what, problem.fix)


def _with_numbers(call: Call, found: list[Problem]) -> list[Problem]:
    """The problems that are left when texts of numbers are numbers, where that is what the schema asks for."""
    assert call.operation is not None
    texts = [problem for problem in found if problem.rule == "type" and problem.pointer and _is_numeral(problem.value)]
    for problem in texts:
        _put(call.body, problem.steps, orjson.loads(problem.value))
    left = list(explain(call.operation, call.body)) if texts else found
    still = {problem.pointer for problem in left}
    for problem in texts:
        if problem.pointer in still:
            _put(call.body, problem.steps, problem.value)
        else:
            call.fate(problem.pointer, "repaired", problem.value, "the text of a number, read as the number")
    return left


def _is_numeral(value: Json) -> bool:
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def _put(body: Json, steps: list[str], value: Json) -> None:
    """Replace one value of a body that nobody else has seen yet."""
    *way, last = steps
    for step in way:
        body = body[int(step) if isinstance(body, list) else step]
    body[int(last) if isinstance(body, list) else last] = value


def _invalid(operation: Operation, subject: Json, problems: list[Problem]) -> ApiError:
    by_field: dict[str, list[str]] = {}
    for problem in problems:
        by_field.setdefault(problem.steps[0] if problem.steps else "", []).append(problem.message)
    first, whole = problems[0], "the body" if operation.body == "json" else "the query"
    told = [f"{problem.pointer or whole}: {problem.fix}" for problem in problems[:5]]
    return ApiError(
        "invalid",
        message=first.message,
        field=first.pointer.strip("/").replace("/", "."),
        errors=by_field,
        problems=problems,
        hint="; ".join([*told, *islice(_misspelt(operation, subject), 5)]),
    )


def _misspelt(operation: Operation, subject: Json) -> Iterator[str]:
    """What the operation does not have and is nearly the name of something that it has."""
    for pointer, name, known in islice(_unknown(operation, subject), MAX_PROBLEMS):
        meant = names.closest(name, known) or names.closest(name.rstrip("s"), known)
        if meant:
            yield f"{pointer}: not known here, {names.did_you_mean(meant)}"


def _unknown(operation: Operation, subject: Json) -> Iterator[tuple[str, str, Iterable[str]]]:
    """(pointer, name, the names that there are), also of a whole whose unknown fields the handler looks at."""
    known = (operation.schema or {}).get("properties", {})
    if isinstance(subject, dict) and not _shape(operation).names:
        yield from ((f"/{_escaped(name)}", name, known) for name in subject if name not in known)
    for pointer, _, inner in unknown_fields.find(_shape(operation), subject):
        yield pointer, _plain(pointer.rpartition("/")[2]), inner


def _in_partial(operation: Operation, problem: Problem) -> bool:
    return len(problem.steps) > 1 and problem.steps[0] in operation.data.get("partial", ())


def arguments(call: Call, operation: Operation) -> dict[str, Json]:
    """The query as the schema's types: `limit=5` is a number where the schema says integer."""
    raw = call.request.arguments() if call.request.query else {}
    if not raw or operation.body == "json" or operation.schema is None:
        return dict(raw)
    known = operation.schema.get("properties", {})
    return {name: _typed(_followed(operation, known.get(name, {})), value) for name, value in raw.items()}


def _followed(operation: Operation, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The definition that a schema of one `$ref` stands for."""
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    found: Mapping[str, Any] = operation.service.definitions.get(name, schema)
    return found


def _typed(schema: Mapping[str, Any], value: str | list[str]) -> Json:
    if not isinstance(value, str):
        return value
    if schema.get("type") == "integer":
        return int(value) if _INTEGER.fullmatch(value) else value
    if schema.get("type") == "boolean":  # real clients write 0 and 1 too (observed)
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
    return value


@cache
def _decider(operation: Operation) -> Any:
    return jsonschema_rs.validator_for(dict(operation.schema or {}))


@cache
def _shape(operation: Operation) -> unknown_fields.Shape:
    return unknown_fields.shape(operation.schema or {}, operation.service.definitions)


@cache
def _item_decider(operation: Operation, name: str) -> Any:
    return jsonschema_rs.validator_for(_item_schema(operation, name))


def _item_schema(operation: Operation, name: str) -> dict[str, Any]:
    assert operation.schema is not None
    return {"$defs": operation.service.definitions, "allOf": [operation.schema["properties"][name]["items"]]}


def explain(operation: Operation, subject: Json) -> Iterator[Problem]:
    """Why `subject` is not valid: what refuses it as a whole (the first MAX_PROBLEMS), or the items of partial arrays
    that are refused, with one reason for each.
    """
    schema = operation.schema
    assert schema is not None
    partial = [name for name in operation.data.get("partial", ()) if isinstance(subject, dict)]
    whole = list(islice(_problems(_without_items(schema, partial), subject, ""), MAX_PROBLEMS))
    yield from whole
    for name in () if whole else partial:
        items = subject.get(name)
        for index, item in enumerate(items if isinstance(items, list) else ()):
            if not _item_decider(operation, name).is_valid(item):
                place = f"/{name}/{index}"
                yield next(_problems(_item_schema(operation, name), item, place), _unexplained(place, item))


def _without_items(schema: Mapping[str, Any], names: list[str]) -> Mapping[str, Any]:
    if not names:
        return schema
    properties = dict(schema["properties"])
    for name in names:
        properties[name] = {key: value for key, value in properties[name].items() if key != "items"}
    return {**schema, "properties": properties}


def _problems(schema: Mapping[str, Any], subject: Json, prefix: str) -> Iterator[Problem]:
    for error in _explainer()(schema).iter_errors(subject):
        place = prefix + "".join(f"/{_escaped(step)}" for step in error.absolute_path)
        yield from _flattened(error, place)


def _unexplained(place: str, value: Json) -> Problem:
    """For what the deciding reader refuses and the explaining one would take: a test says that there is none."""
    return Problem(place, "", value, "not of a form that is allowed here", "see the operation's schema")


@cache
def _explainer() -> Any:
    """jsonschema's validator, whose patterns end where the deciding one's do: `$` is not before a final newline."""
    # jsonschema takes 60 ms to import; only a request that failed needs it
    from jsonschema import Draft202012Validator, ValidationError, validators

    def pattern(validator: Any, wanted: str, instance: Any, schema: Any) -> Iterator[Any]:
        if isinstance(instance, str) and not re.search(_DOLLAR.sub(r"\\Z", wanted), instance):
            yield ValidationError(f"{instance!r} does not match {wanted!r}")

    return validators.extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]


def _flattened(error: Any, place: str) -> Iterator[Problem]:
    """One Problem a missing name, and the inner errors of an allOf; everything else as it is."""
    if error.validator == "required":
        # jsonschema makes one error for each missing name, and says which only in its text
        name = next(name for name in error.validator_value if error.message.startswith(repr(name)))
        yield _problem(error, f"{place}/{_escaped(name)}", None, name)
    else:
        yield _problem(error, place, error.instance, _name(place))


def _name(place: str) -> str:
    """`price` of /items/0/price, `items[0]` of /items/0."""
    *_, around, last = ("", *place.split("/"))
    return f"{_plain(around)}[{last}]" if around and last.isdigit() else _plain(last)


def _plain(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _problem(error: Any, pointer: str, value: Json, name: str) -> Problem:
    fix = advice.fix(error, f"'{name}'" if name else "the request")
    message = _service_text(error, name) or fix
    if isinstance(value, str) and ("{{" in value or "{%" in value):
        fix += "; it holds Liquid that was not rendered"
    return Problem(pointer, error.validator, value, message, fix)


def _service_text(error: Any, name: str) -> str:
    """The service's own words: `x-error` beside the keyword that failed, or at the missing property.

    `{name}` in it is the field's name.
    """
    schema = error.schema
    if error.validator == "required":
        schema = {"x-error": schema.get("properties", {}).get(name, {}).get("x-error", schema.get("x-error", ""))}
    texts = schema.get("x-error", "")
    return str(texts.get(error.validator, "") if isinstance(texts, dict) else texts).replace("{name}", name)


def _escaped(step: object) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")
