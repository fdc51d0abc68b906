"""Module versions: publishing and reading them."""

from typing import Any

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.domain.access import sees_key
from chalicelib.domain.modules import VerificationPolicy
from chalicelib.domain.views import module_view
from chalicelib.usecases import modules

MODULES = "/v1/centres/{centre_id}/modules"


class ModuleFile(RequestModel):
    """A module file, as the format for authors describes it."""

    source: str


class PublishedModule(AnswerModel):
    """A published module version."""

    id: str
    version: int
    title: str
    counts: dict[str, int]


class ModuleOut(AnswerModel):
    """A module version with the rules of every item; key and guidance are null for candidates."""

    id: str
    version: int
    number: str
    title: str
    certificate_title: str
    programme: str
    language: str
    rights: str
    standards: list[dict[str, str]]
    verification: VerificationPolicy
    definitions: list[dict[str, str]]
    foreword: str
    elements: list[dict[str, Any]]
    counts: dict[str, int]


@Operation(
    "publishModule",
    "POST",
    MODULES,
    summary="Publish a module version. It never changes afterwards.",
    who="administrator",
    body=ModuleFile,
    answer=PublishedModule,
    status=201,
    idempotent=True,
    problems=("role-not-allowed", "version-published", "unreadable-module", "unpublishable-module"),
)
def publish_module(call: Call) -> Answer:
    """Publish the module file of the body."""
    actor = call.actor()
    body = call.body(ModuleFile)
    module = modules.publish(call.runtime, actor, body.source, call.request(actor, body))
    published = PublishedModule(
        id=module.id, version=module.version, title=module.title, counts=module.counts()
    )
    base = MODULES.replace("{centre_id}", actor.centre_id)
    where = call.address(f"{base}/{module.id}/versions/{module.version}")
    return answer(published, 201, location=where)


@Operation(
    "getModule",
    "GET",
    MODULES + "/{module_id}/versions/{version}",
    summary="A module version. Candidates get it without answer keys and guidance.",
    who="every member of the centre",
    answer=ModuleOut,
)
def get_module(call: Call) -> Answer:
    """Answer with the module as the actor may see it."""
    actor = call.actor()
    module = modules.get(call.runtime, actor, call["module_id"], call.number("version"))
    return answer(ModuleOut(**module_view(module, with_key=sees_key(actor))))
