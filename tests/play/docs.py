"""Scenes: the description of the API."""

import re
from typing import Any

from tests.play.stage import Stage, scene


@scene("getProblem")
def get_problem(stage: Stage) -> None:
    stage.shows("What to do when somebody was quicker.", "GET", "/v1/problems/stale-page")
    stage.refused("not-found", "GET", "/v1/problems/unheard-of")


@scene("listProblems")
def list_problems(stage: Stage) -> None:
    summary = "The first two; the answer has them all."
    stage.shows(summary, "GET", "/v1/problems", shortened=first_items)


@scene("getOpenapi")
def get_openapi(stage: Stage) -> None:
    summary = "How it begins; the answer is the whole description."
    stage.shows(summary, "GET", "/v1/openapi.json", shortened=beginning)


@scene("getDocs")
def get_docs(stage: Stage) -> None:
    stage.shows("The page, before its scripts have worked.", "GET", "/v1/docs")


@scene("getDocsFile")
def get_docs_file(stage: Stage) -> None:
    page = stage.door.send("GET", "/v1/docs").text
    script = re.findall(r'src="docs/(docs[^"]+)"', page)[0]
    stage.shows("The script that is our own.", "GET", f"/v1/docs/{script}")
    stage.refused("not-found", "GET", "/v1/docs/docs.js")


def first_items(body: Any) -> Any:
    return body | {"items": body["items"][:2]}


def beginning(body: Any) -> Any:
    return {"openapi": body["openapi"], "info": {"title": body["info"]["title"]}}
