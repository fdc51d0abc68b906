"""The OpenAPI 3.1 description, generated from the operations that the code declares."""

import functools
import inspect
import json
import re
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from chalicelib.api.answers import ItemAnswer
from chalicelib.api.flaws import FLAWS
from chalicelib.api.http import FORM, HTML, JSON, OPERATIONS, PROBLEM, AnswerModel, Operation
from chalicelib.api.problems import CODES, RETRY_AFTER
from chalicelib.domain.attachments import REASON_LIMIT
from chalicelib.domain.contributions import CURRENT_DECLARATION
from chalicelib.domain.enrolments import EnrolmentState
from chalicelib.domain.judgements import FEEDBACK_LIMIT
from chalicelib.domain.modules import INITIALS_LIMIT
from chalicelib.domain.people import NAME_LIMIT, Role

VERSION = "1.0.0"
HERE = Path(__file__).parent
GUIDE = HERE / "guide.md"
EXAMPLES = HERE / "examples.json"
REFS = "#/components/schemas/"
OF_THE_GATEWAY = (
    "gateway-refused",
    "not-let-in",
    "too-many-requests",
    "gateway-failed",
    "took-too-long",
)
MAY_HAPPEN_ANYWHERE = ("busy", "internal-error", *OF_THE_GATEWAY)
LATER = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
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
FIRST = (
    "People",
    "Enrolments",
    "Pages",
    "Uploads",
    "Attachments",
    "Attempts",
    "Judgements",
    "Certificates",
    "Modules",
)
REDIRECTIONS = (HTTPStatus.FOUND, HTTPStatus.SEE_OTHER)
SERVER = {
    "url": "https://{host}",
    "description": "Where the API is mounted; `servers` of the description it serves names it.",
    "variables": {"host": {"default": "api.example", "description": "Host, and path if any."}},
}
REQUEST_HEADERS = {
    "Idempotency-Key": "A fresh random key for each new request; the same key for its repeats.",
    "If-Match": "The ETag of the version that you are changing, with its quotation marks. `*` "
    "stands for whatever is there, which is overwritten then; signing takes no `*`.",
    "If-None-Match": "The ETag of what you hold: 304 where nothing has changed.",
}
TAGS = r'(W/)?"[\x21\x23-\x7e]*"'
HEADER_SCHEMAS: dict[str, dict[str, Any]] = {
    "Idempotency-Key": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": r"^[\x21-\x7e]+$",
    },
    "If-Match": {"type": "string", "pattern": rf"^(\*|{TAGS}( *, *{TAGS})*)$"},
    "If-Match, seen": {"type": "string", "pattern": rf"^{TAGS}( *, *{TAGS})*$"},
    "If-None-Match": {"type": "string"},  # what cannot be read holds nothing
}
ANSWER_HEADERS = {
    "ETag": "The version answered, a strong validator: send it as If-Match to change that.",
    "Location": "Where it is, as a reference relative to this request.",
    "Link": 'With `rel="next"` (RFC 8288) where the next page is; none on the last one.',
    "Content-Disposition": "That it is a file to be kept, and its name (RFC 6266).",
    "WWW-Authenticate": "The scheme that is asked for.",
    "Retry-After": "Seconds to wait before the same request is sent again.",
}
IDENTIFIER = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[A-Za-z0-9-]+$"}
COUNT = {"type": "integer", "minimum": 1, "maximum": 999_999}
PATH_PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "centre_id": ("The centre, from the memberships of `getMe`.", IDENTIFIER),
    "enrolment_id": ("The enrolment's `id`.", IDENTIFIER),
    "person_id": ("The person's `id`.", IDENTIFIER),
    "page_id": ("The page's id, from the progress of the enrolment.", IDENTIFIER),
    "item_id": ("The item's id, from the page.", IDENTIFIER),
    "module_id": ("The module's `id`, the same in all its versions.", IDENTIFIER),
    "version": ("The version of the module.", COUNT),
    "export_id": ("The export's `id`.", IDENTIFIER),
    "visit_id": ("The visit's `id`.", IDENTIFIER),
    "webhook_id": ("The webhook's `id`.", IDENTIFIER),
    "plan_id": ("The sampling plan's `id`.", IDENTIFIER),
    "upload_id": ("The upload's `id`.", IDENTIFIER),
    "attachment_id": ("The attachment's `id`, the same as its upload's.", IDENTIFIER),
    "number": ("The number of the attempt, or of the signed part.", COUNT),
    "certificate_id": (
        "The public id; with `.pdf` behind it, the document.",
        {"type": "string", "pattern": r"^[0-9a-f]{32}(\.pdf)?$"},
    ),
    "token": (
        "The secret of the link, as it was mailed.",
        {"type": "string", "maxLength": 400, "pattern": "^[A-Za-z0-9._-]+$"},
    ),
    "code": ("The `code` of a problem.", {"type": "string", "enum": sorted(CODES)}),
    "file": ("A file of the documentation page.", {"type": "string", "maxLength": 100}),
}
FORMS: dict[str, dict[str, Any]] = {
    "judgeByLink": {
        "type": "object",
        "title": "JudgementForm",
        "description": "The form of the review page. For each item whose evidence is to be "
        "appraised it has a field `evidence/{item id}`, and of the five boxes below it, such as "
        "`evidence/{item id}/valid`, those that are ticked.",
        "required": ["competent", "initials"],
        "patternProperties": {"^evidence/": {"type": "string"}},
        "properties": {
            "competent": {"type": "string", "enum": ["Y", "N"]},
            "initials": {"type": "string", "minLength": 1, "maxLength": INITIALS_LIMIT},
            "feedback": {"type": "string", "maxLength": FEEDBACK_LIMIT},
            "code": {
                "type": "string",
                "description": "The code from the mail, where the centre asks for one.",
            },
        },
    }
}
FORMS["signTestimony"] = {
    "type": "object",
    "title": "TestimonyForm",
    "description": "The form of the testimony page. Besides: `values.` and the id of each field, "
    "with `.` and the option's id where several may be chosen; `reasons.` and the id of each rule.",
    "required": ["signature", "status", "declaration"],
    "patternProperties": {r"^(values|reasons)\.": {"type": "string"}},
    "properties": {
        "signature": {"type": "string", "minLength": 1, "maxLength": NAME_LIMIT},
        "status": {"type": "string", "minLength": 1, "maxLength": NAME_LIMIT},
        "declaration": {"type": "string", "enum": [CURRENT_DECLARATION]},
    },
}
FORMS["flagEvidence"] = {
    "type": "object",
    "title": "FlagForm",
    "description": "The form of the review page by which a file is withheld.",
    "additionalProperties": False,
    "required": ["number", "reason"],
    "properties": {
        "number": {"type": "string", "description": "The number of the evidence on the page."},
        "reason": {"type": "string", "minLength": 1, "maxLength": REASON_LIMIT},
    },
}
FORMS["sendReviewCode"] = {
    **FORMS["judgeByLink"],
    "title": "CodeForm",
    "description": "The form of the review page as far as it is filled, to be given back.",
    "required": [],
}


class ProblemFlaw(AnswerModel):
    """One thing wrong with the request."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    pointer: str = Field(
        description="Where: a JSON pointer (RFC 6901) into the body, `?name` of a parameter after "
        "the question mark, or empty for the whole."
    )
    code: str = Field(
        description="Which kind of fault; it never changes, and new ones may come. Those of a "
        "module file are in the guide for authors.\n\n"
        + "\n".join(f"- `{code}`: {meaning}" for code, meaning in sorted(FLAWS.items()))
    )
    detail: str = Field(description="What to do about it, in English.")
    line: int | None = Field(
        default=None, description="Of a module file, its line, from 1; left out of others."
    )


class CurrentVersion(AnswerModel):
    """What stands now, where somebody was quicker, has what was asked for, or it does not fit."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    etag: str | None = Field(
        default=None,
        description="With a 412: send it as If-Match once the difference is settled. It names the "
        "version alone, and is not the ETag that a GET answers.",
    )
    answers: dict[str, ItemAnswer] | None = Field(
        default=None,
        description="With `stale-page` and `stale-contribution`: the current draft, by item id.",
    )
    person_id: str | None = Field(
        default=None, description="Where something belongs to one person alone: who has it."
    )
    enrolment_id: str | None = Field(
        default=None, description="With `enrolment-open`: the enrolment that is open."
    )
    state: EnrolmentState | None = Field(
        default=None, description="With `enrolment-state`: the present state."
    )
    moves: list[EnrolmentState] | None = Field(
        default=None, description="With `enrolment-state`: what it can become."
    )
    missing: list[int] | None = Field(
        default=None, description="With `upload-incomplete`: the numbers of the parts to be sent."
    )


class Problem(AnswerModel):
    """A problem document (RFC 9457). `code` never changes; act on it, and parse no text."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str = Field(
        description="Where the code and its remedy are explained, relative to this request.",
        json_schema_extra={"format": "uri-reference"},
    )
    title: str = Field(description="The problem in a few words of English, for logs.")
    status: int = Field(description="The status of the answer.", ge=400, le=599)
    detail: str = Field(description="What to do about it, in English.")
    instance: str = Field(
        description="The path that was asked for.", json_schema_extra={"format": "uri-reference"}
    )
    code: str
    errors: list[ProblemFlaw] = Field(description="Each fault of the request; maybe none.")
    current: CurrentVersion | None = Field(
        default=None,
        description="With a 409 or 412 that says what stands now; else left out.",
    )


class Schemas(GenerateJsonSchema):
    """Writes schemas that generators of clients make good types of."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 (pydantic's own)
        """Name types, not fields: a generator would make a type of each title."""
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Write `type: [x, "null"]` where that says it."""
        inner = self.generate_inner(schema["schema"])
        if isinstance(inner.get("type"), str) and "enum" not in inner:
            return {**inner, "type": [inner["type"], "null"]}
        return {"anyOf": [inner, {"type": "null"}]}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave out a default of null: what may be left out is not required, and that says it."""
        written = super().default_schema(schema)
        if "default" in written and written["default"] is None:
            del written["default"]
        return written


def public_name(name: str) -> str:
    """Name a component as clients know it: `PageOut` is their `Page`, `DraftIn` a `DraftRequest`.

    Models are named apart from the domain's values, of which clients know nothing.
    """
    return re.sub(r"In$", "Request", re.sub(r"Out$", "", name))


@functools.cache
def examples() -> dict[str, list[dict[str, Any]]]:
    """Return what was sent and answered when the play was recorded, by operation."""
    recorded: dict[str, list[dict[str, Any]]] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return recorded


@functools.cache
def description() -> dict[str, Any]:
    """Build the whole description."""
    operations = sorted(OPERATIONS, key=lambda each: (each.path, each.method))
    asked = {each.body for each in operations if each.body}
    answered = {each.answer for each in operations if each.answer} | {Problem}
    inputs = [(model, "validation") for model in sorted(asked, key=lambda each: each.__name__)]
    outputs = [
        (model, "serialization") for model in sorted(answered, key=lambda each: each.__name__)
    ]
    refs, written = models_json_schema(
        [*inputs, *outputs],  # type: ignore[list-item]  # the literals are read as texts
        ref_template=REFS + "{model}",
        schema_generator=Schemas,
    )
    schemas = written.get("$defs", {})
    schemas["ProblemCode"] = _problem_codes()
    schemas["Problem"]["properties"]["code"] = {"$ref": f"{REFS}ProblemCode"}
    for form in FORMS.values():
        schemas[form["title"]] = form
    paths: dict[str, Any] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, refs)
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Testamur",
            "version": VERSION,
            "summary": "Evidence portfolios for vocational training.",
            "description": GUIDE.read_text(encoding="utf-8").strip(),
        },
        "servers": [SERVER],
        "tags": _tags(operations),
        "paths": paths,
        "components": {
            "schemas": _hoisted(schemas),
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
    return _renamed(document)


def _problem_codes() -> dict[str, Any]:
    listed = "\n".join(
        f"- `{code}` ({entry.status}): {entry.title}. {entry.remedy}"
        for code, entry in sorted(CODES.items())
    )
    return {
        "type": "string",
        "title": "ProblemCode",
        "description": "Every code with its status and its remedy. New ones may come: treat one "
        f"that you do not know by its status.\n\n{listed}",
        "enum": sorted(CODES),
    }


def _hoisted(schemas: dict[str, Any]) -> dict[str, Any]:
    """Give every object that pydantic has written in its place a component of its own."""
    hoisted: dict[str, Any] = {}

    def hoist(value: Any) -> Any:  # noqa: ANN401 (any JSON)
        if isinstance(value, list):
            return [hoist(each) for each in value]
        if not isinstance(value, dict):
            return value
        made = {name: hoist(each) for name, each in value.items()}
        if "properties" in made and isinstance(made.get("title"), str):
            hoisted[made["title"]] = made
            return {"$ref": REFS + made["title"]}
        return made

    for name, schema in schemas.items():
        hoisted[name] = {key: hoist(value) for key, value in schema.items()}
    return dict(sorted(hoisted.items()))


def _renamed(document: dict[str, Any]) -> dict[str, Any]:
    """Name all components as clients know them."""

    def rename(value: Any) -> Any:  # noqa: ANN401 (any JSON)
        if isinstance(value, list):
            return [rename(each) for each in value]
        if isinstance(value, dict):
            return {name: rename(each) for name, each in value.items()}
        if isinstance(value, str) and value.startswith(REFS):
            return REFS + public_name(value.removeprefix(REFS))
        return value

    renamed: dict[str, Any] = rename(document)
    schemas = renamed["components"]["schemas"]
    named = {public_name(name): schema for name, schema in schemas.items()}
    if len(named) != len(schemas):
        message = "two models have the same name for clients"
        raise ValueError(message)
    for name, schema in named.items():
        schema["title"] = name
    renamed["components"]["schemas"] = named
    return renamed


def _tags(operations: list[Operation]) -> list[dict[str, str]]:
    """Describe the nouns as the modules of their routes do, in the order that they are met in."""
    modules = {each.view.__module__ for each in operations}
    nouns = {_noun(name): str(sys.modules[name].__doc__).partition("\n")[0] for name in modules}
    ordered = sorted(nouns, key=lambda noun: (noun not in FIRST, _place(noun), noun))
    return [{"name": noun, "description": _capital(nouns[noun])} for noun in ordered]


def _place(noun: str) -> int:
    return FIRST.index(noun) if noun in FIRST else 0


def _capital(text: str) -> str:
    said = text.partition(": ")[2] or text
    return said[:1].upper() + said[1:]


def _noun(module: str) -> str:
    return module.rpartition(".")[2].replace("_", " ").capitalize()


def _operation(each: Operation, refs: Any) -> dict[str, Any]:  # noqa: ANN401 (pydantic's own map)
    said = inspect.getdoc(each.view) or ""
    described: dict[str, Any] = {
        "operationId": each.id,
        "tags": [_noun(each.view.__module__)],
        "summary": each.summary,
        "description": f"{said}\n\nWho: {each.rule.in_words(each.path)}.",
        "parameters": _parameters(each),
        "responses": _responses(each, refs),
    }
    if each.rule.signed_in:
        described["security"] = [{"bearer": []}]
    if each.body:
        described["requestBody"] = _request_body(each, JSON, refs[each.body, "validation"])
    elif each.id in FORMS:
        schema = {"$ref": REFS + str(FORMS[each.id]["title"])}
        described["requestBody"] = _request_body(each, FORM, schema)
    return described


def _request_body(each: Operation, media: str, schema: dict[str, Any]) -> dict[str, Any]:
    shown = {
        example["name"]: {"summary": example["summary"], "value": example["request"]["body"]}
        for example in _examples(each)
        if "body" in example["request"]
    }
    return {"required": True, "content": {media: {"schema": schema} | _named("examples", shown)}}


def _examples(each: Operation) -> list[dict[str, Any]]:
    return examples().get(each.id, [])


def _named(name: str, value: dict[str, Any]) -> dict[str, Any]:
    return {name: value} if value else {}


def _parameters(each: Operation) -> list[dict[str, Any]]:
    sent: dict[str, Any] = next(
        (
            example["request"]
            for example in _examples(each)
            if example["answer"]["status"] < HTTPStatus.BAD_REQUEST
        ),
        {},
    )
    parameters = []
    for name in re.findall(r"{(\w+)}", each.path):
        text, schema = PATH_PARAMETERS[name]
        parameters.append(
            {
                "name": name,
                "in": "path",
                "required": True,
                "description": text,
                "schema": schema,
                **_example(sent.get("path", {}).get(name)),
            }
        )
    parameters += [
        parameter | _example(sent.get("query", {}).get(parameter["name"]))
        for parameter in _query_parameters(each)
    ]
    headers = {
        "Idempotency-Key": each.idempotent,
        "If-Match": each.if_match,
        "If-None-Match": _is_conditional(each),
    }
    parameters += [
        {
            "name": name,
            "in": "header",
            "required": name != "If-None-Match",
            "description": REQUEST_HEADERS[name],
            "schema": HEADER_SCHEMAS[
                "If-Match, seen" if name == "If-Match" and each.seen else name
            ],
            **_example(sent.get("headers", {}).get(name)),
        }
        for name, needed in headers.items()
        if needed
    ]
    return parameters


def _example(value: object) -> dict[str, Any]:
    return {} if value is None else {"example": value}


def _is_conditional(each: Operation) -> bool:
    return each.method == "GET" and "ETag" in each.headers


def _query_parameters(each: Operation) -> list[dict[str, Any]]:
    if each.query is None:
        return []
    properties = each.query.model_json_schema(
        ref_template=REFS + "{model}", schema_generator=Schemas
    )["properties"]
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema.pop("description", ""),
            "schema": _without_null(schema),
        }
        for name, schema in properties.items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Say of a parameter what it is when it is given: there is no null in an address."""
    match schema:
        case {"anyOf": [given, {"type": "null"}]}:
            return dict(given)
        case {"type": [given, "null"]}:
            return {**schema, "type": given}
    return schema


def _responses(each: Operation, refs: Any) -> dict[str, Any]:  # noqa: ANN401 (as above)
    success: dict[str, Any] = {"description": HTTPStatus(each.status).phrase}
    content: dict[str, Any] = {}
    for media in each.media:
        schema = refs[each.answer, "serialization"] if each.answer else {"type": "object"}
        content[media] = {"schema": schema if media == JSON else {"type": "string"}}
        content[media] |= _named("examples", _answers(each, each.status, media))
    if content and each.status != HTTPStatus.SEE_OTHER:
        success["content"] = content
    if each.headers:
        success["headers"] = {name: _header(name) for name in each.headers}
    responses = {str(each.status): success}
    also = (*each.also, 304) if _is_conditional(each) else each.also
    responses |= {str(status): {"description": HTTPStatus(status).phrase} for status in also}
    for name, response in responses.items():
        if int(name) in REDIRECTIONS:
            response["headers"] = {"Location": _header("Location")}
        elif int(name) == HTTPStatus.NOT_MODIFIED:
            response["headers"] = {"ETag": _header("ETag")}
    by_status: dict[int, list[str]] = {}
    for code in documented(each):
        by_status.setdefault(CODES[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = _problem_response(each, status, codes)
    return responses


def _answers(each: Operation, status: int, media: str) -> dict[str, Any]:
    return {
        example["name"]: {"summary": example["summary"], "value": example["answer"]["body"]}
        for example in _examples(each)
        if (example["answer"]["status"], example["answer"]["media"]) == (status, media)
    }


def _header(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    match name:
        case "Retry-After":
            schema = {"type": "integer", "minimum": 1, "examples": [RETRY_AFTER]}
        case "Location":
            schema["format"] = "uri-reference"
        case "Link":
            schema["examples"] = ['<?limit=50&cursor=MDE>; rel="next"']
        case "Content-Disposition":
            schema["examples"] = ['attachment; filename="sample.csv"']
        case "ETag":
            schema["examples"] = ['"3-open"']
        case "WWW-Authenticate":
            schema["examples"] = ["Bearer"]
    return {"description": ANSWER_HEADERS[name], "schema": schema}


def documented(each: Operation) -> list[str]:
    """List the codes of all problems that an operation may answer with."""
    codes = [*each.problems, *MAY_HAPPEN_ANYWHERE]
    if each.rule.signed_in:
        codes += ["unauthenticated", "unknown-person", "keys-unreachable", "invalid-query"]
    if set(each.rule.roles) not in (set(), set(Role)):
        codes.append("role-not-allowed")
    if "{" in each.path:
        codes.append("not-found")
    if each.idempotent:
        codes += ["idempotency-key-required", "idempotency-key-reused"]
    if each.if_match:
        codes += ["if-match-required", "malformed-if-match"]
    if each.body or each.idempotent:
        codes += BODY_CODES
    if each.id in FORMS:
        codes += ["malformed-form", "body-too-large", "unsupported-media-type"]
    return sorted(set(codes))


def _problem_response(each: Operation, status: int, codes: list[str]) -> dict[str, Any]:
    described = "\n".join(
        f"- `{code}`: {CODES[code].title}. {CODES[code].remedy}" for code in codes
    )
    content: dict[str, Any] = {
        PROBLEM: {"schema": {"$ref": f"{REFS}Problem"}}
        | _named("examples", _answers(each, status, PROBLEM))
    }
    if HTML in each.media:
        content[HTML] = {"schema": {"type": "string"}} | _named(
            "examples", _answers(each, status, HTML)
        )
    response: dict[str, Any] = {"description": described, "content": content}
    if status in LATER:
        response["headers"] = {"Retry-After": _header("Retry-After")}
    if status == HTTPStatus.UNAUTHORIZED:
        response["headers"] = {"WWW-Authenticate": _header("WWW-Authenticate")}
    return response
