"""The HTTP door as a gateway opens it: Lambda events in, answers out.

Every answer is held to what the OpenAPI description says of its operation.
"""

import base64
import functools
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode

from openapi_schema_validator import OAS31Validator, oas31_format_checker

from app import build_app
from chalicelib.api.flaws import FLAWS
from chalicelib.api.http import FORM, JSON, PROBLEM, Operation, routes
from chalicelib.api.openapi import description
from chalicelib.api.problems import CODES
from chalicelib.domain.access import Actor
from chalicelib.domain.addresses import LIFETIME, AddressLink, address_digest
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.enrolments import Enrolment
from chalicelib.events import notify
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.usecases import memberships
from tests.api import tokens
from tests.world import World

STAGE = "/api"  # where the gateway mounts `/v1`
LINK = re.compile(r"https://api\.example(/v1/review/\S+)")
SIGNATURE = {"declaration": "1", "signature": "Zoë Nguyễn"}
UNDECLARED = {"preflight": 204, "methodNotAllowed": 405}
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}


@dataclass(frozen=True)
class Reply:
    """An answer, as the gateway hands it on."""

    operation: str
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def media(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]

    @property
    def flaws(self) -> dict[str, str]:
        """What is wrong by pointer."""
        return {flaw["pointer"]: flaw["code"] for flaw in self.json["errors"]}


@dataclass
class Written:
    """Counts the writes that DynamoDB has carried out, by a hook on the client."""

    count: int = 0

    def __call__(self, model: Any, http_response: Any, **_: Any) -> None:
        self.count += model.name in WRITES and http_response.status_code == 200


@dataclass
class Door:
    """Everything that can be sent to the API of a world."""

    world: World
    runtime: Runtime
    written: Written = field(default_factory=Written)
    replies: list[Reply] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.app = build_app(lambda: self.runtime)

    def send(
        self,
        method: str,
        path: str,
        who: Actor | str | None = None,
        body: object = None,
        *,
        media: str | None = JSON,
        key: str | None = "",
        **headers: str | None,
    ) -> Reply:
        """Send a request as somebody (or with a token as it is given).

        A body that is no text or bytes yet becomes JSON. A POST gets a fresh Idempotency-Key
        unless one is given; None leaves it out. Header names are given as `if_match` and so on.
        """
        named = {name.replace("_", "-"): value for name, value in headers.items() if value}
        if isinstance(who, Actor):
            who = tokens.token(who.membership.name)
        if who is not None:
            named["Authorization"] = f"Bearer {who}"
        if method == "POST" and key is not None:
            named["Idempotency-Key"] = key or uuid.uuid4().hex
        if body is not None and media is not None:
            named["Content-Type"] = media
        event = _event(method, path, named, body)
        bare = path.partition("?")[0]
        reply = _reply(operation_of(method, bare), self.app(event, None))
        _check(method, reply)
        self.replies.append(reply)
        return reply

    def form(self, path: str, fields: Mapping[str, str] | str) -> Reply:
        """Send the form of a page, as browsers do."""
        body = fields if isinstance(fields, str) else urlencode(fields)
        return self.send("POST", path, None, body, media=FORM, key=None)

    def done(self, method: str, path: str, who: Actor, body: object = None, **more: Any) -> Reply:
        """Send a request that has to succeed."""
        reply = self.send(method, path, who, body, **more)
        assert reply.status in {200, 201, 202}, reply.text
        return reply

    def refused(self, code: str, method: str, path: str, *given: Any, **more: Any) -> Reply:
        """Send a request that has to be refused with this code, and to write nothing."""
        before = self.written.count
        reply = self.send(method, path, *given, **more)
        assert reply.media == PROBLEM, reply.text
        assert reply.json["code"] == code, reply.text
        assert self.written.count == before, "something was written"
        return reply

    def etag(self, path: str, who: Actor | None = None) -> str:
        """Read the ETag of a page, as its candidate."""
        return self.done("GET", path, who or self.world.candidate).headers["etag"]


def centre_path(door: Door) -> str:
    return f"/v1/centres/{door.world.centre.id}"


def page_path(enrolment: Enrolment, page_id: str) -> str:
    return f"/v1/centres/{enrolment.centre_id}/enrolments/{enrolment.id}/pages/{page_id}"


def attempt_path(enrolment: Enrolment, attempt: Attempt) -> str:
    return f"{page_path(enrolment, attempt.page_id)}/attempts/{attempt.number}"


@contextmanager
def open_door(world: World, **runtime: Any) -> Iterator[Door]:
    """Open a world's door; the world's issuer publishes the keys that tokens are signed with."""
    world.keys = tokens.key_set(tokens.rsa_key(), tokens.ec_key())
    door = Door(world, replace(world.runtime, **runtime))
    hooks = world.client.meta.events
    hooks.register("after-call.dynamodb", door.written)
    yield door
    hooks.unregister("after-call.dynamodb", door.written)


def judgements(enrolment: Enrolment, number: int = 1, page_id: str = "kn-1") -> str:
    return f"{page_path(enrolment, page_id)}/attempts/{number}/judgements"


def decision(receipt: Reply, **more: Any) -> dict[str, Any]:
    """Write a judgement on what a receipt is for: competent, unless it is said otherwise."""
    given = {"content_hash": receipt.json["content_hash"], "competent": True, "initials": "AE"}
    return given | more


def save(door: Door, path: str, answers: Mapping[str, Any]) -> str:
    """Save a draft as the candidate, and return the page's new ETag."""
    body = {"answers": answers}
    saved = door.done("PUT", path, door.world.candidate, body, if_match=door.etag(path))
    return saved.headers["etag"]


def sign(door: Door, enrolment: Enrolment, page_id: str, **more: Any) -> Reply:
    """Answer a page and sign it, as the candidate."""
    path = page_path(enrolment, page_id)
    given = {"if_match": save(door, path, door.world.answers(page_id))} | more
    return door.done("POST", f"{path}/attempts", door.world.candidate, SIGNATURE, **given)


def news(enrolment: Enrolment, page_id: str, number: int = 1) -> dict[str, Any]:
    """Make what the table's stream brings when the head of an attempt has changed."""
    key = keys.head(enrolment.centre_id, enrolment.id, page_id, number)
    change = {"Keys": {"pk": {"S": key.pk}, "sk": {"S": key.sk}}, "SequenceNumber": "1"}
    return {"Records": [{"dynamodb": change}]}


def mail(door: Door, enrolment: Enrolment, page_id: str = "kn-1", number: int = 1) -> str:
    """Let the mailer hear of an attempt, and return the path of the link that was last mailed."""
    handled = notify.handle(door.runtime, news(enrolment, page_id, number))
    assert handled == {"batchItemFailures": []}
    sent = door.world.outbox.sent
    return LINK.findall(sent[-1][2])[0] if sent else ""


def verification_token(runtime: Runtime, who: Actor) -> str:
    """Make the token that the mail to an address carries."""
    known = memberships.read(runtime, who.centre_id, who.id).membership
    assert known.asked_at
    link = AddressLink(
        centre_id=known.centre_id,
        person_id=known.person_id,
        address=address_digest(known.address),
        expires_at=known.asked_at + LIFETIME,
    )
    return runtime.signer.address_token(link)


def operation_of(method: str, path: str) -> Operation:
    fits = [each for name, each in routes() if name == method and fields_of(each, path)]
    assert fits, f"no operation for {method} {path}"
    return min(fits, key=lambda each: each.path.count("{"))


def fields_of(operation: Operation, path: str) -> re.Match[str] | None:
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]*)", re.escape(operation.path))
    return re.fullmatch(pattern, path, re.DOTALL)


def _event(method: str, path: str, headers: Mapping[str, str], body: object) -> dict[str, Any]:
    path, _, query = path.partition("?")
    operation = operation_of(method, path)
    fields = fields_of(operation, path)
    assert fields
    parameters = parse_qs(query, keep_blank_values=True)
    text, encoded = _body(body)
    return {
        "resource": operation.path,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: given[-1] for name, given in parameters.items()} or None,
        "multiValueQueryStringParameters": parameters or None,
        "pathParameters": {name: unquote(value) for name, value in fields.groupdict().items()}
        or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": operation.path,
            "httpMethod": method,
            "path": STAGE + path,
            "stage": STAGE.strip("/"),
            "domainName": "gateway.example",
        },
        "body": text,
        "isBase64Encoded": encoded,
    }


def _body(body: object) -> tuple[str | None, bool]:
    match body:
        case None | str():
            return body, False
        case bytes():
            return base64.b64encode(body).decode(), True
        case _:
            return json.dumps(body, ensure_ascii=False), False


def _reply(operation: Operation, answered: Any) -> Reply:
    headers = {name.lower(): value for name, value in answered["headers"].items()}
    assert not answered["multiValueHeaders"]
    return Reply(operation.id, answered["statusCode"], headers, answered["body"])


def _check(method: str, reply: Reply) -> None:
    """Hold an answer to the description."""
    assert reply.headers["cache-control"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "Origin" in reply.headers["vary"]
    if reply.operation in UNDECLARED:
        _check_undeclared(method, reply)
        return
    described = responses()[reply.operation]
    assert str(reply.status) in described, f"{reply.operation} answers {reply.status}: {reply.text}"
    response = described[str(reply.status)]
    if reply.status < 400:
        named = {name.lower() for name in response.get("headers", {})}
        held = reply.headers.keys() & {"etag", "location", "link", "content-disposition"}
        assert held <= named, reply.operation
        assert named - held <= {"link"}, reply.operation  # the last page of a list has none
    if reply.media == PROBLEM and method != "HEAD":
        _check_problem(reply, response)
    if method == "HEAD" or not reply.text:
        assert not reply.text
        return
    assert reply.media in response["content"], f"{reply.operation} answers {reply.media}"
    if reply.media in {JSON, PROBLEM}:
        validator(reply.operation, str(reply.status), reply.media).validate(reply.json)


def _check_undeclared(method: str, reply: Reply) -> None:
    """Hold to their form the answers to methods that no operation has."""
    assert reply.headers["allow"]
    assert reply.status == UNDECLARED[reply.operation]
    assert "etag" not in reply.headers
    if reply.status == 405 and method != "HEAD":
        assert reply.media == PROBLEM
        _check_problem(reply)
        problem_validator().validate(reply.json)
    else:
        assert not reply.text


def _check_problem(reply: Reply, response: Any = None) -> None:
    problem = reply.json
    entry = CODES[problem["code"]]
    if response:
        assert f"- `{problem['code']}`:" in response["description"], problem["code"]
    assert (problem["status"], problem["title"]) == (reply.status, entry.title)
    assert entry.status == reply.status
    assert re.fullmatch(rf"(\.\./)*v1/problems/{problem['code']}", problem["type"])
    assert re.fullmatch(r"(\.\./)*v1/[A-Za-z0-9/._~%-]*", problem["instance"])
    assert all(flaw["pointer"][:1] in {"/", "?", ""} for flaw in problem["errors"])
    if problem["code"] != "unreadable-module":  # the module reader has codes of its own
        assert {flaw["code"] for flaw in problem["errors"]} <= set(FLAWS)
    assert ("www-authenticate" in reply.headers) == (reply.status == 401)
    assert ("retry-after" in reply.headers) == (reply.status == 503)


@functools.cache
def problem_validator() -> OAS31Validator:
    components = description()["components"]
    return OAS31Validator(components["schemas"]["Problem"] | {"components": components})


@functools.cache
def validator(operation: str, status: str, media: str) -> OAS31Validator:
    schema = responses()[operation][status]["content"][media]["schema"]
    whole = schema | {"components": description()["components"]}
    return OAS31Validator(whole, format_checker=oas31_format_checker)


@functools.cache
def responses() -> dict[str, Any]:
    """Give what the description says that each operation answers, by operation."""
    return {
        operation["operationId"]: operation["responses"]
        for path in description()["paths"].values()
        for operation in path.values()
    }
