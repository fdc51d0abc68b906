"""The OpenAPI 3.1 description, generated from the operations that the code declares."""

import functools
import json
import re
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.api.http import FORM, JSON, OPERATIONS, PROBLEM, Answer, Call, Operation
from chalicelib.api.problems import CODES, RETRY_AFTER
from chalicelib.domain.errors import not_found

VERSION = "1.0.0"
MAY_HAPPEN_ANYWHERE = ("busy", "internal-error")
BODY_CODES = (
    "malformed-json",
    "duplicate-field",
    "half-a-character",
    "nested-too-deep",
    "not-a-number",
    "body-too-large",
    "unsupported-media-type",
    "invalid-body",
)
GUIDE = """
Everything that belongs to a centre lives under `/v1/centres/{centre_id}`; what is not in that
centre, or not yours to see, is a 404, always the same one.

- **Errors** are problem documents (RFC 9457). Act on `code`, never on the texts; the address in
  `type` tells the remedy.
- **Safe retry**: every POST that creates takes an `Idempotency-Key`. The same key with the same
  body gives the same answer, and nothing is done twice; with another body it is a 422. Keys last
  24 hours.
- **No lost update**: reading a page gives an `ETag`, changing it needs that as `If-Match`. Without
  it the answer is 428; when somebody was quicker it is 412 with the current version in `current`.
  Saving again what is saved already is a 200.
- **Texts** may be in any script; line ends become LF, the form becomes NFC. Control characters
  other than tab and line feed are refused. **Times** are RFC 3339 in UTC.
- Ignore fields that you do not know; the server refuses those that it does not know.
""".strip()
HEADERS = {
    "Idempotency-Key": "A fresh random key for each new request; the same key for its repeats.",
    "If-Match": "The ETag of the version that you are changing.",
}
REF = "#/components/schemas/{model}"
WITH_ETAG = frozenset({"getPage", "saveDraft", "getEnrolment", "changeEnrolment"})
FORM_SCHEMA = {
    "type": "object",
    "required": ["competent", "initials"],
    "properties": {
        "competent": {"type": "string", "enum": ["Y", "N"]},
        "initials": {"type": "string"},
        "feedback": {"type": "string"},
    },
}


@Operation(
    "getOpenapi",
    "GET",
    "/v1/openapi.json",
    summary="This description.",
    who="anybody",
    signed_in=False,
)
def get_openapi(_: Call) -> Answer:
    """Answer with the description; its server is where it was read from."""
    document = {**description(), "servers": [{"url": ".."}]}
    body = json.dumps(document, ensure_ascii=False)
    return Answer(200, body, {"Content-Type": "application/json", "Cache-Control": "max-age=300"})


@Operation(
    "getProblem",
    "GET",
    "/v1/problems/{code}",
    summary="What a problem code means, and what to do about it.",
    who="anybody",
    signed_in=False,
    problems=("not-found",),
)
def get_problem(call: Call) -> Answer:
    """Answer with the title and the remedy of a code."""
    code = call["code"]
    if code not in CODES:
        raise not_found()
    body = json.dumps({"code": code, **CODES[code]._asdict()}, ensure_ascii=False)
    return Answer(200, body, {"Content-Type": "application/json"})


@functools.cache
def description() -> dict[str, Any]:
    """Build the whole description."""
    operations = sorted(OPERATIONS, key=lambda each: (each.path, each.method))
    models = {model for each in operations for model in (each.body, each.answer) if model}
    ordered = sorted(models, key=lambda model: model.__name__)
    refs, schemas = models_json_schema(
        [(model, _mode(model, operations)) for model in ordered],
        ref_template=REF,
    )
    paths: dict[str, Any] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Testamur",
            "version": VERSION,
            "summary": "Evidence portfolios for vocational training.",
            "description": GUIDE,
        },
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}) | {"Problem": _problem_schema()},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A token of a configured OpenID Connect issuer.",
                }
            },
        },
    }


def _mode(model: type[BaseModel], operations: list[Operation]) -> Any:  # noqa: ANN401 (a literal)
    asked = any(each.body is model for each in operations)
    return "validation" if asked else "serialization"


def _operation(each: Operation, refs: Any) -> dict[str, Any]:  # noqa: ANN401 (pydantic's own map)
    described: dict[str, Any] = {
        "operationId": each.id,
        "summary": each.summary,
        "description": f"{(each.view.__doc__ or '').strip()}\n\nWho: {each.who}.",
        "parameters": _parameters(each),
        "responses": _responses(each, refs),
    }
    if each.signed_in:
        described["security"] = [{"bearer": []}]
    if each.body:
        schema = refs[each.body, "validation"]
        described["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": schema}},
        }
    elif each.id == "judgeByLink":
        described["requestBody"] = {"required": True, "content": {FORM: {"schema": FORM_SCHEMA}}}
    return described


def _parameters(each: Operation) -> list[dict[str, Any]]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", each.path)
    ]
    parameters += _query_parameters(each)
    headers = {"Idempotency-Key": each.idempotent, "If-Match": each.if_match}
    parameters += [
        {
            "name": name,
            "in": "header",
            "required": True,
            "description": HEADERS[name],
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        }
        for name, needed in headers.items()
        if needed
    ]
    return parameters


def _query_parameters(each: Operation) -> list[dict[str, Any]]:
    if each.query is None:
        return []
    properties = each.query.model_json_schema(ref_template=REF)["properties"]
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema.pop("description", ""),
            "schema": schema,
        }
        for name, schema in properties.items()
    ]


def _responses(each: Operation, refs: Any) -> dict[str, Any]:  # noqa: ANN401 (as above)
    success: dict[str, Any] = {"description": HTTPStatus(each.status).phrase}
    if JSON in each.media:
        mode = _answer_mode(each.answer, refs) if each.answer else ""
        schema = refs[each.answer, mode] if each.answer else {"type": "object"}
        success["content"] = {JSON: {"schema": schema}}
    if "text/html" in each.media:
        success.setdefault("content", {})["text/html"] = {"schema": {"type": "string"}}
    if each.id in WITH_ETAG:
        success["headers"] = {"ETag": {"schema": {"type": "string"}}}
    responses = {str(each.status): success}
    responses |= {str(status): {"description": HTTPStatus(status).phrase} for status in each.also}
    by_status: dict[int, list[str]] = {}
    for code in documented(each):
        by_status.setdefault(CODES[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = _problem_response(each, status, codes)
    return responses


def _answer_mode(model: type[BaseModel], refs: Any) -> str:  # noqa: ANN401 (as above)
    return "serialization" if (model, "serialization") in refs else "validation"


def documented(each: Operation) -> list[str]:
    """List the codes of all problems that an operation may answer with."""
    codes = [*each.problems, *MAY_HAPPEN_ANYWHERE]
    if each.signed_in:
        codes += ["unauthenticated", "unknown-person", "keys-unreachable", "invalid-query"]
    if "{" in each.path:
        codes.append("not-found")
    if each.idempotent:
        codes += ["idempotency-key-required", "idempotency-key-reused"]
    if each.if_match:
        codes.append("if-match-required")
    if each.body or each.idempotent:
        codes += BODY_CODES
    if each.id == "judgeByLink":
        codes += ["malformed-form", "body-too-large", "unsupported-media-type"]
    return sorted(set(codes))


def _problem_response(each: Operation, status: int, codes: list[str]) -> dict[str, Any]:
    described = "\n".join(
        f"- `{code}`: {CODES[code].title}. {CODES[code].remedy}" for code in codes
    )
    content: dict[str, Any] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if "text/html" in each.media:
        content["text/html"] = {"schema": {"type": "string"}}
    response: dict[str, Any] = {"description": described, "content": content}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        example = {"schema": {"type": "integer", "example": RETRY_AFTER}}
        response["headers"] = {"Retry-After": example}
    return response


def _problem_schema() -> dict[str, Any]:
    flaw = {
        "type": "object",
        "required": ["pointer", "code", "detail"],
        "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
    }
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "A problem document (RFC 9457). `code` never changes; parse nothing else.",
        "required": ["type", "title", "status", "detail", "instance", "code", "errors"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "instance": {"type": "string", "format": "uri-reference"},
            "code": {"type": "string", "enum": sorted(CODES)},
            "errors": {"type": "array", "items": flaw},
            "current": {"type": "object", "description": "What stands now, by code."},
        },
    }
