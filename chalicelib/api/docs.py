"""Description: this API in words, for programs, and the remedy of every problem."""

import json

from pydantic import Field

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, answer
from chalicelib.api.openapi import description
from chalicelib.api.problems import CODES
from chalicelib.domain.errors import not_found

FRESH = "max-age=300"


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


@Operation(
    "getOpenapi",
    "GET",
    "/v1/openapi.json",
    summary="This description.",
    who="anybody",
    signed_in=False,
)
def get_openapi(call: Call) -> Answer:
    """Answer with the description; its server is where the API is."""
    server = call.runtime.settings.public_url or ".."
    document = {**description(), "servers": [{"url": server}]}
    body = json.dumps(document, ensure_ascii=False)
    return Answer(200, body, {"Content-Type": "application/json", "Cache-Control": FRESH})


@Operation(
    "listProblems",
    "GET",
    "/v1/problems",
    summary="Every problem code with its remedy.",
    who="anybody",
    answer=ProblemList,
    signed_in=False,
)
def list_problems(_: Call) -> Answer:
    """Answer with all codes, for people and programs."""
    return answer(ProblemList(items=[_meaning(code) for code in sorted(CODES)]))


@Operation(
    "getProblem",
    "GET",
    "/v1/problems/{code}",
    summary="What a problem code means, and what to do about it.",
    who="anybody",
    answer=ProblemMeaning,
    signed_in=False,
    problems=("not-found",),
)
def get_problem(call: Call) -> Answer:
    """Answer with the title and the remedy of a code."""
    if call["code"] not in CODES:
        raise not_found()
    return answer(_meaning(call["code"]))


def _meaning(code: str) -> ProblemMeaning:
    return ProblemMeaning(code=code, **CODES[code]._asdict())
