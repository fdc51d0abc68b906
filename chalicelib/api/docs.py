"""Description: the API in words, for programs and in a browser, and the remedy of every problem."""

import functools
import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from chalicelib.api.html import TEMPLATES, page, render, wants_html
from chalicelib.api.http import HTML, JSON, Answer, AnswerModel, Call, Operation, answer
from chalicelib.api.openapi import description
from chalicelib.api.problems import CODES
from chalicelib.api.rules import ANYBODY
from chalicelib.domain.errors import not_found

JSON_OR_HTML = (JSON, HTML)
FRESH = "max-age=300"
FOR_EVER = "public, max-age=31536000, immutable"
VENDORED = Path(__file__).parent / "vendor" / "swagger-ui"
TYPES = {".js": "text/javascript", ".css": "text/css"}
# Nothing but our own files, and requests to our own origin (CSP Level 3). Swagger UI draws its
# icons from data: addresses.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class ProblemMeaning(AnswerModel):
    """What a problem code means, and what to do about it."""

    code: str
    status: int = Field(description="The status that it always comes with.")
    title: str
    remedy: str = Field(description="What to do about it.")


class ProblemList(AnswerModel):
    """All problem codes, in alphabetical order."""

    items: list[ProblemMeaning]
    next: str | None = Field(default=None, description="Null: all codes come at once.")


class File(NamedTuple):
    """A file of the documentation page, under a name that changes with its content."""

    name: str
    path: Path
    digest: str


@Operation(
    "getOpenapi",
    "GET",
    "/v1/openapi.json",
    summary="This description.",
    rule=ANYBODY,
)
def get_openapi(call: Call) -> Answer:
    """Answer with the description; its server is where the API is."""
    server = call.runtime.settings.public_url or ".."
    document = {**description(), "servers": [{"url": server}]}
    body = json.dumps(document, ensure_ascii=False)
    return Answer(200, body, {"Content-Type": JSON, "Cache-Control": FRESH})


@Operation(
    "getDocs",
    "GET",
    "/v1/docs",
    summary="This description in a browser, where requests can be tried.",
    rule=ANYBODY,
    media=(HTML,),
)
def get_docs(_: Call) -> Answer:
    """Answer with the page; it works wherever the API is mounted, and asks nobody else."""
    named = {path.name: name for name, path, _ in _files().values()}
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": POLICY,
        "Cache-Control": FRESH,
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }
    return Answer(200, render("docs.html", files=named), headers)


@Operation(
    "getDocsFile",
    "GET",
    "/v1/docs/{file}",
    summary="A script or a style sheet of the documentation page.",
    rule=ANYBODY,
    media=tuple(TYPES.values()),
    headers=("ETag",),
)
def get_docs_file(call: Call) -> Answer:
    """Answer with a file, which never changes under its name."""
    found = _files().get(call["file"])
    if found is None:
        raise not_found()
    headers = {
        "ETag": f'"{found.digest}"',
        "Cache-Control": FOR_EVER,
        "Content-Type": f"{TYPES[found.path.suffix]}; charset=utf-8",
    }
    return Answer(200, found.path.read_text(encoding="utf-8"), headers)


@Operation(
    "listProblems",
    "GET",
    "/v1/problems",
    summary="Every problem code with its remedy: HTML or JSON by Accept.",
    rule=ANYBODY,
    answer=ProblemList,
    media=JSON_OR_HTML,
)
def list_problems(call: Call) -> Answer:
    """Answer with all codes, for people and programs."""
    found = [_meaning(code) for code in sorted(CODES)]
    if wants_html(call):
        return page("problems.html", problems=found)
    return answer(ProblemList(items=found))


@Operation(
    "getProblem",
    "GET",
    "/v1/problems/{code}",
    summary="What a problem code means, and what to do about it: HTML or JSON by Accept.",
    rule=ANYBODY,
    answer=ProblemMeaning,
    media=JSON_OR_HTML,
)
def get_problem(call: Call) -> Answer:
    """Answer with the title and the remedy of a code: the address in `type` of its problems."""
    if call["code"] not in CODES:
        raise not_found()
    found = _meaning(call["code"])
    return page("problem.html", problem=found) if wants_html(call) else answer(found)


def _meaning(code: str) -> ProblemMeaning:
    return ProblemMeaning(code=code, **CODES[code]._asdict())


@functools.cache
def _files() -> dict[str, File]:
    paths = (
        VENDORED / "swagger-ui-bundle.js",
        VENDORED / "swagger-ui.css",
        TEMPLATES / "docs.js",
        TEMPLATES / "docs.css",
    )
    files = []
    for path in paths:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        files.append(File(f"{path.stem}.{digest[:12]}{path.suffix}", path, digest))
    return {file.name: file for file in files}
