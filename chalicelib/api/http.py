"""HTTP, in one place: what a route declares, and the one way every request is answered."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from itertools import islice
from typing import NoReturn, TypeVar
from urllib.parse import parse_qsl, quote, unquote

from pydantic import BaseModel, ConfigDict, ValidationError

from chalicelib.api import cors, identity
from chalicelib.api.conditions import Versions, entity_tag, is_held, versions
from chalicelib.api.problems import RETRY_AFTER, problem, status_of
from chalicelib.api.rules import ANYBODY, Rule
from chalicelib.api.strict_json import check_json, half_a_pair
from chalicelib.domain.access import Actor, require_role
from chalicelib.domain.errors import (
    DomainError,
    Flaw,
    Invalid,
    Malformed,
    MethodNotAllowed,
    PreconditionRequired,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
    not_found,
)
from chalicelib.domain.people import Identity
from chalicelib.log import log, log_failure
from chalicelib.runtime import Runtime
from chalicelib.usecases import people
from chalicelib.usecases.requests import Request, fingerprint

BODY_LIMIT = 256 * 1024  # bytes
FORM_FIELDS_LIMIT = 1_250  # six for each item of the longest page, and the rest
FLAWS_LISTED = 50  # the first ones of a body; whoever mends them is told the next
POINTER_LIMIT = 200  # characters of a place in a body whose names are the client's own
PARAMETER = re.compile(r"[A-Za-z0-9._-]{1,400}")
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
JSON = "application/json"
PROBLEM = "application/problem+json"
HTML = "text/html"
SECRETS = frozenset({"token"})  # parts of an address that open what stands there
FORM = "application/x-www-form-urlencoded"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")  # all that a gateway has


class RequestModel(BaseModel):
    """A request body: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class QueryModel(BaseModel):
    """The parameters after the question mark: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class AnswerModel(BaseModel):
    """An answer's body; clients ignore fields that they do not know."""

    model_config = ConfigDict(frozen=True, defer_build=True)


Body = TypeVar("Body", bound=RequestModel)
Query = TypeVar("Query", bound=QueryModel)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a view answers: a status, a body that is text already, and headers."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(model: BaseModel, status: int = 200, version: str = "", **headers: str) -> Answer:
    """Answer with JSON. Header names are given as `location` and so on.

    `version` is a tag (RFC 9110, section 8.8.3) of what a change of the resource starts from.
    """
    body = model.model_dump_json()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if version:
        named["ETag"] = entity_tag(version, body)
    return Answer(status, body, {"Content-Type": JSON, **named})


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, as a view gets it."""

    runtime: Runtime
    operation: "Operation"
    method: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    query_parameters: Mapping[str, Sequence[str]]
    read_body: Callable[[], bytes]

    def __getitem__(self, name: str) -> str:
        """Return a path parameter; what none of ours can look like is not found."""
        value = self.parameters[name]
        if not PARAMETER.fullmatch(value):
            raise not_found()
        return value

    def number(self, name: str) -> int:
        """Return a path parameter that is a number; what is none is not found."""
        text = self.parameters[name]
        if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
            raise not_found()
        return int(text)

    @property
    def origin(self) -> str:
        """The web origin whose script sends the request; empty for everything else."""
        return self.headers.get("origin", "")

    def identity(self) -> Identity:
        """Return who has signed in, as their token says. Raises Unauthenticated."""
        return identity.verify(self.runtime, self.headers.get("authorization", ""))

    def actor(self) -> Actor:
        """Return who sends the request, acting at the centre that the path names.

        Raises Unauthenticated, NotFound, and Forbidden where their role may not call this at all.
        """
        actor = people.act_as(self.runtime, self.identity(), self["centre_id"])
        require_role(actor, *self.operation.rule.roles)
        return actor

    def body(self, model: type[Body]) -> Body:
        """Read the JSON body. Raises Malformed, TooLarge, UnsupportedMedia or Invalid."""
        try:
            raw = self._raw_body(JSON)
        except UnicodeEncodeError:
            raise half_a_pair() from None
        check_json(raw)
        try:
            return model.model_validate_json(raw)
        except ValidationError as error:
            _refuse(error)

    def query(self, model: type[Query]) -> Query:
        """Read the parameters after the question mark, each given once. Raises Invalid."""
        twice = [name for name, values in self.query_parameters.items() if len(values) > 1]
        if twice:
            flaws = [Flaw(f"?{name}", "given-twice", "Give it once.") for name in twice]
            raise _invalid_query(flaws[:FLAWS_LISTED])
        given = {name: values[0] for name, values in self.query_parameters.items()}
        try:
            return model.model_validate(given)
        except ValidationError as error:
            raise _invalid_query(_flaws(error, _query_pointer)) from None

    def no_body(self) -> None:
        """Refuse every field, where a request says all by its address."""
        try:
            empty = not self.read_body()
        except UnicodeEncodeError:
            empty = False
        if not empty:
            self.body(RequestModel)

    def form(self, limit: int = FORM_FIELDS_LIMIT) -> dict[str, str]:
        """Read the fields of an HTML form, at most so many."""
        try:
            raw = self._raw_body(FORM)
            pairs = parse_qsl(
                raw.decode("ascii"),
                keep_blank_values=True,
                strict_parsing=bool(raw),
                errors="strict",
                max_num_fields=limit,
            )
        except ValueError:
            raise Malformed("malformed-form", "The form cannot be read; send it again.") from None
        if len(dict(pairs)) != len(pairs):
            raise Malformed("malformed-form", "A field of the form came twice; send it once.")
        return dict(pairs)

    def if_match(self) -> Versions:
        """Return the versions that If-Match names (RFC 9110, section 13.1.1).

        Raises PreconditionRequired and Malformed.
        """
        value = self.headers.get("if-match", "").strip()
        if not value or (value == "*" and self.operation.seen):
            detail = "Send If-Match with the ETag of the version that you are changing."
            raise PreconditionRequired("if-match-required", detail)
        return versions(value)

    def request(self, actor: Actor, model: RequestModel | None = None) -> Request:
        """Return what makes a repeat of this request recognisable: its Idempotency-Key."""
        key = self.headers.get("idempotency-key", "")
        if not IDEMPOTENCY_KEY.fullmatch(key):
            detail = (
                "Send Idempotency-Key: 1 to 255 visible ASCII characters, new for each request."
            )
            raise Malformed("idempotency-key-required", detail)
        body = model.model_dump_json().encode() if model else b""
        route = f"{self.method} /v1{self.path.partition('/v1')[2]}"
        return Request(actor.id, route, key, fingerprint(body))

    def address(self, path: str) -> str:
        """Return a reference to `/v1/...` relative to this request (RFC 3986, section 4.2).

        A gateway may mount `/v1` below a path that the function is not told of, so what it hands
        out must not begin at the root.
        """
        return "../" * (self.operation.path.count("/") - 1) + path.removeprefix("/")

    def _raw_body(self, wanted: str) -> bytes:
        media = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != wanted:
            raise UnsupportedMedia("unsupported-media-type", f"Send the body as {wanted}.")
        raw = self.read_body()
        if len(raw) > BODY_LIMIT:
            raise TooLarge("body-too-large", f"Send at most {BODY_LIMIT // 1024} KiB.")
        return raw


View = Callable[[Call], Answer]


def _no_view(_: Call) -> Answer:
    raise not_found()


@dataclass(frozen=True)
class Operation:
    """A route: its name and address, who may call it, and all that the description says of it.

    Used as a decorator, it declares a view as an operation of the API.
    """

    id: str
    method: str
    path: str
    _: KW_ONLY
    summary: str
    rule: Rule
    query: type[QueryModel] | None = None
    body: type[RequestModel] | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    headers: tuple[str, ...] = ()  # of an answer that is no refusal
    also: tuple[int, ...] = ()  # other statuses of an answer that is no refusal
    media: tuple[str, ...] = (JSON,)
    idempotent: bool = False
    if_match: bool = False
    seen: bool = False  # whether If-Match has to name a version that was shown, and no star
    problems: tuple[str, ...] = ()
    view: View = _no_view

    def __call__(self, view: View) -> View:
        """Declare the view."""
        OPERATIONS.append(replace(self, view=view))
        return view


OPERATIONS: list[Operation] = []


def routes() -> Iterator[tuple[str, Operation]]:
    """Yield what answers each method of each path: whatever a known path is sent, we answer it."""
    for path in dict.fromkeys(each.path for each in OPERATIONS):
        declared = {each.method: each for each in OPERATIONS if each.path == path}
        if "GET" in declared:
            declared["HEAD"] = declared["GET"]
        allow = ", ".join(sorted({*declared, "OPTIONS"}))
        for method in METHODS:
            yield method, declared.get(method) or _undeclared(method, path, allow)


def _undeclared(method: str, path: str, allow: str) -> Operation:
    """Make what answers a method that a path does not declare."""

    def preflight(call: Call) -> Answer:
        told = cors.of_preflight(call.origin, call.runtime.settings.cors_origins, allow)
        return Answer(204, "", {"Allow": allow, **told})

    def refuse(_: Call) -> Answer:
        raise MethodNotAllowed("method-not-allowed", f"This address takes {allow}.", allow=allow)

    name, view = ("preflight", preflight) if method == "OPTIONS" else ("methodNotAllowed", refuse)
    return Operation(name, method, path, summary="", rule=ANYBODY, view=view)


def respond(call: Call) -> Answer:
    """Answer a request: with what the view answers, or with a problem document."""
    started = time.perf_counter()
    code = ""
    try:
        if call.operation.rule.signed_in and call.operation.query is None:
            call.query(QueryModel)
        answered = _unless_held(call, call.operation.view(call))
    except DomainError as error:
        code = error.code
        answered = _problem_answer(call, error)
    except Exception as error:  # noqa: BLE001 (whatever it is, the client gets a problem document)
        log_failure("defect", error, operation=call.operation.id)
        code = "internal-error"
        answered = _internal_error(call)
        for_browsers = JSON not in call.operation.media and not call.operation.rule.signed_in
        if for_browsers or HTML in call.headers.get("accept", ""):
            from chalicelib.api.html import page  # noqa: PLC0415 (pages know this module)

            answered = page("defect.html", 500)
    milliseconds = round((time.perf_counter() - started) * 1000)
    log(
        "request",
        operation=call.operation.id,
        status=answered.status,
        code=code,
        milliseconds=milliseconds,
    )
    return replace(answered, headers=_common_headers(call) | dict(answered.headers))


def _unless_held(call: Call, answered: Answer) -> Answer:
    """Leave out what the client holds already (RFC 9110, section 13.1.2)."""
    etag = answered.headers.get("ETag", "")
    if call.operation.method == "GET" and is_held(call.headers.get("if-none-match", ""), etag):
        kept = {name: text for name, text in answered.headers.items() if name != "Content-Type"}
        return Answer(304, "", kept)
    return answered


def _common_headers(call: Call) -> dict[str, str]:
    return {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept, Origin" if len(call.operation.media) > 1 else "Origin",
        **cors.of_answer(call.origin, call.runtime.settings.cors_origins),
    }


def _problem_answer(call: Call, error: DomainError) -> Answer:
    headers = {"Content-Type": PROBLEM}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = identity.challenge(call.headers.get("authorization", ""))
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(RETRY_AFTER)
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = str(error.facts["allow"])
    document = problem(error, call.address(f"/v1/problems/{error.code}"), _instance(call))
    return Answer(status_of(error), json.dumps(document, ensure_ascii=False), headers)


def _internal_error(call: Call) -> Answer:
    detail = "Something of ours failed. Nothing you sent is at fault; send it again later."
    document = {
        "type": call.address("/v1/problems/internal-error"),
        "title": "A defect of ours",
        "status": 500,
        "detail": detail,
        "instance": _instance(call),
        "code": "internal-error",
        "errors": [],
    }
    return Answer(500, json.dumps(document), {"Content-Type": PROBLEM})


def _instance(call: Call) -> str:
    """Name the request's address, but never a part of it that is a secret by itself."""
    shown = {
        name: quote(f"{{{name}}}" if name in SECRETS else unquote(value), safe="")
        for name, value in call.parameters.items()
    }
    return call.address(call.operation.path.format_map(shown))


def _refuse(error: ValidationError) -> NoReturn:
    detail = "The body does not fit the description; mend what is listed."
    raise Invalid("invalid-body", detail, _flaws(error, _pointer)) from None


def _invalid_query(flaws: Sequence[Flaw]) -> Invalid:
    detail = "What stands after the question mark does not fit; mend what is listed."
    return Invalid("invalid-query", detail, flaws)


def _flaws(error: ValidationError, pointer: Callable[[tuple[int | str, ...]], str]) -> list[Flaw]:
    listed = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        Flaw(pointer(flaw["loc"]), flaw["type"].replace("_", "-"), flaw["msg"])
        for flaw in islice(listed, FLAWS_LISTED)
    ]


def _query_pointer(location: tuple[int | str, ...]) -> str:
    """Name a parameter; a whole query has no pointer."""
    return f"?{location[0]}"[:POINTER_LIMIT] if location else ""


def _pointer(location: tuple[int | str, ...]) -> str:
    tokens = (str(part).replace("~", "~0").replace("/", "~1") for part in location)
    return "".join(f"/{token}" for token in tokens)[:POINTER_LIMIT]
