"""What was signed on a page, marked beside the key of its module."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.answers import Answers, from_documents
from chalicelib.domain.enrolments import Enrolment, latest
from chalicelib.domain.marking import Mark, mark
from chalicelib.domain.modules import Module, Page
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.usecases import enrolments


def marked(
    runtime: Runtime,
    enrolment: Enrolment,
    module: Module,
    page: Page,
    document: Mapping[str, Any],
) -> tuple[Answers, tuple[Mark, ...]]:
    """Mark the answers of a signed document, with the module's other pages for contradictions."""
    answers = from_documents(document["answers"])
    return answers, mark(page, answers, _elsewhere(runtime, enrolment, module, page))


def _elsewhere(runtime: Runtime, enrolment: Enrolment, module: Module, page: Page) -> Answers:
    """Read what the candidate signed on the pages whose statements this page's items test."""
    tested = {statement_id for item in page.items for statement_id in getattr(item, "tests", ())}
    wanted = {
        each.id
        for each in module.pages
        if each.id != page.id and not tested.isdisjoint(item.id for item in each.items)
    }
    if not wanted:
        return {}
    heads = latest(enrolments.attempts(runtime, enrolment))
    signed = [
        keys.body(enrolment.centre_id, enrolment.id, page_id, heads[page_id].number)
        for page_id in sorted(wanted & heads.keys())
    ]
    answers: dict[str, Any] = {}
    for body in runtime.table.get_many(*signed):
        if body is not None:
            answers |= items.unpack_document(body["document"])["answers"]
    return from_documents(answers)
