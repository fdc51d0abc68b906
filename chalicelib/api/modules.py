"""Module versions: publishing and reading them."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.lists import ListQuery, Next, next_cursor
from chalicelib.api.rules import ADMINISTRATORS, EVERY_MEMBER
from chalicelib.api.texts import TextOrNull
from chalicelib.domain.access import sees_key
from chalicelib.domain.forms import FieldKind, Relation
from chalicelib.domain.modules import VerificationPolicy
from chalicelib.domain.views import module_view
from chalicelib.usecases import modules

MODULES = "/v1/centres/{centre_id}/modules"


class ModuleFile(RequestModel):
    """A module file, as the format for authors describes it."""

    source: str = Field(description="The text of the file, with its front matter.")


class ModuleCounts(AnswerModel):
    """How much a module version asks."""

    elements: int
    pages: int
    statements: int
    choices: int
    options: int
    questions: int
    evidence_requests: int


class PublishedModule(AnswerModel):
    """A published module version."""

    id: str = Field(description="The module's own id, the same in all versions.")
    version: int
    title: str
    counts: ModuleCounts


class StandardOut(AnswerModel):
    """A standard that criteria refer to."""

    prefix: TextOrNull = Field(
        description="What its criteria begin with, as `CC` in `CC:2.1`; null for the first one."
    )
    urn: str


class DefinitionOut(AnswerModel):
    """A term that the module explains before it begins."""

    term: str
    text: str


class ItemView(AnswerModel):
    """What every item has. Guidance is null for candidates."""

    id: str = Field(description="The key of its answer in `answers`; unique in the module.")
    text: str = Field(description="Plain text; an empty line parts paragraphs.")
    criteria: list[str] = Field(description="The criteria that it is mapped to, such as `P1`.")
    guidance: TextOrNull = Field(default=None, description="For assessors: what to look for.")
    accepted: TextOrNull = Field(
        default=None, description="For assessors: why a remark on the item stands as it is."
    )


class StatementItem(ItemView):
    """A statement: understood, yes or no, with the candidate's initials."""

    kind: Literal["statement"]
    max_initials: int = Field(description="Characters that initials may have.")


class OptionOut(AnswerModel):
    """An option of a choice."""

    id: str = Field(description="What to send in `chosen`: a, b, c and so on in printed order.")
    text: str


class ChoiceItem(ItemView):
    """A choice: pick as many of the options as `choose` says. The key is null for candidates."""

    kind: Literal["choice"]
    choose: int = Field(description="How many options to pick: radio buttons where it is 1.")
    options: list[OptionOut]
    key: list[str] | None = Field(
        default=None, description="For assessors: the ids of the right options."
    )
    excluded: TextOrNull = Field(
        default=None, description="For assessors: why no option is right, so that it is not marked."
    )
    tests: list[str] | None = Field(
        default=None,
        description="For assessors: the ids of the statements that it puts to the test.",
    )


class QuestionItem(ItemView):
    """A question that is answered in free text."""

    kind: Literal["question"]
    min_words: int | None = Field(description="Needed for signing; null where there is no bound.")
    max_words: int | None = Field(description="Enforced at signing; null where there is no bound.")
    max_characters: int = Field(description="More is not even kept in a draft.")


class FormFieldOut(AnswerModel):
    """A field of a form; its value stands in `values` under its id."""

    id: str
    label: str
    kind: FieldKind = Field(
        description="What its value is: a string for line, text, date (2026-03-02) and choice (the "
        "id of an option), an integer for number, a boolean for yes-no, ids of options for choices."
    )
    hint: TextOrNull = Field(description="What to write here; null where the label says it.")
    required: bool = Field(description="Whether signing needs it; a draft does not.")
    least: int | None = Field(
        description="The smallest number, the fewest words of a text, or the fewest choices; "
        "enforced at signing. Null where there is no bound."
    )
    most: int | None = Field(description="The other bound, of the same kind; null likewise.")
    max_characters: int | None = Field(
        description="Of line and text: more is not even kept in a draft. Null for others."
    )
    options: list[OptionOut] = Field(description="Of choice and choices; empty for others.")


class FormTestOut(AnswerModel):
    """A look at one field. One that is not filled in passes no test."""

    field: str = Field(description="The id of the field.")
    relation: Relation
    operands: list[str] = Field(
        description="For `is`: ids of options, or yes and no; one of them has to be chosen. For "
        "`at least` and `at most`: the number, or how many are chosen. For `within`: months, and "
        "the id of the field whose date they count from; an earlier date passes."
    )


class FormRuleOut(AnswerModel):
    """A rule of a form. Where all of `when` pass, all of `needs` have to.

    A record that departs from it is kept, and signed with a reason in `reasons` under its id.
    """

    id: str
    text: str
    when: list[FormTestOut] = Field(description="Empty where the rule always applies.")
    needs: list[FormTestOut]


class FormOut(AnswerModel):
    """A form to fill in."""

    id: str
    title: str
    instructions: TextOrNull
    fields: list[FormFieldOut]
    rules: list[FormRuleOut]


class EvidenceItem(ItemView):
    """A request for evidence: files, or a form, or both."""

    kind: Literal["evidence"]
    form: FormOut | None = Field(description="Null where files are all that is asked for.")
    by: Literal["candidate", "assessor", "witness"] = Field(description="Who provides it.")
    least_files: int = Field(description="How many files signing needs.")
    most_files: int = Field(description="How many files it takes; 0 of a witness.")
    vacsr: bool = Field(
        description="Whether the assessor says of it if it is valid, authentic, current, "
        "sufficient and reliable."
    )


PageItem = TypeAliasType(
    "PageItem",
    Annotated[
        StatementItem | ChoiceItem | QuestionItem | EvidenceItem, Field(discriminator="kind")
    ],
)


class ItemGroup(AnswerModel):
    """Items that stand together under a heading of their own."""

    title: TextOrNull
    instructions: TextOrNull
    items: list[str] = Field(description="Ids of items of the page, in printed order.")


class ModulePage(AnswerModel):
    """A page: what is signed, and judged, as one."""

    id: str
    title: str
    instructions: TextOrNull
    items: list[PageItem] = Field(description="All items in printed order.")
    groups: list[ItemGroup]
    guidance: TextOrNull = Field(default=None, description="For assessors; null for candidates.")


class ElementOut(AnswerModel):
    """An element of the module, or its knowledge section, with its pages in printed order."""

    id: str
    title: str
    knowledge: bool = Field(description="Whether it is the section of knowledge questions.")
    instructions: TextOrNull
    pages: list[ModulePage]
    guidance: TextOrNull = Field(default=None, description="For assessors; null for candidates.")


class ListedModuleOut(AnswerModel):
    """What the list says of a module version."""

    id: str
    version: int
    number: str
    title: str
    published_at: datetime


class ModuleList(AnswerModel):
    """Module versions in the order of their ids; the newest version of each module comes first."""

    items: list[ListedModuleOut]
    next: Next


class ModuleOut(AnswerModel):
    """A module version with the rules of every item; key and guidance are null for candidates.

    It never changes: keep it, and show it without a network.
    """

    id: str
    version: int
    number: TextOrNull = Field(description="As the centre numbers it, such as `M1`.")
    title: str
    certificate_title: str = Field(description="How the certificate names it.")
    programme: TextOrNull
    language: TextOrNull = Field(description="A language tag (BCP 47), for hyphens and voices.")
    rights: TextOrNull = Field(description="Whose text it is; show it with the module.")
    standards: list[StandardOut]
    verification: VerificationPolicy = Field(
        description="What an internal verifier has to uphold before an enrolment is finalised."
    )
    definitions: list[DefinitionOut]
    foreword: TextOrNull
    elements: list[ElementOut]
    counts: ModuleCounts


@Operation(
    "publishModule",
    "POST",
    MODULES,
    summary="Publish a module version. It never changes afterwards.",
    rule=ADMINISTRATORS,
    body=ModuleFile,
    answer=PublishedModule,
    status=201,
    headers=("Location",),
    idempotent=True,
    problems=("version-published", "unreadable-module", "unpublishable-module"),
)
def publish_module(call: Call) -> Answer:
    """Publish the module file of the body."""
    actor = call.actor()
    body = call.body(ModuleFile)
    module = modules.publish(call.runtime, actor, body.source, call.request(actor, body))
    published = PublishedModule(
        id=module.id,
        version=module.version,
        title=module.title,
        counts=ModuleCounts.model_validate(module.counts()),
    )
    base = MODULES.replace("{centre_id}", actor.centre_id)
    where = call.address(f"{base}/{module.id}/versions/{module.version}")
    return answer(published, 201, location=where)


@Operation(
    "listModules",
    "GET",
    MODULES,
    summary="The module versions that the centre has published.",
    rule=EVERY_MEMBER,
    query=ListQuery,
    answer=ModuleList,
)
def list_modules(call: Call) -> Answer:
    """Answer with a page of the list; the newest version of each module comes first."""
    actor = call.actor()
    query = call.query(ListQuery)
    found, end = modules.list_all(call.runtime, actor, query.limit, query.after)
    listed = [ListedModuleOut(**asdict(each)) for each in found]
    return answer(ModuleList(items=listed, next=next_cursor(end)))


@Operation(
    "getModule",
    "GET",
    MODULES + "/{module_id}/versions/{version}",
    summary="A module version. Candidates get it without answer keys and guidance.",
    rule=EVERY_MEMBER,
    answer=ModuleOut,
)
def get_module(call: Call) -> Answer:
    """Answer with the module as the actor may see it."""
    actor = call.actor()
    module = modules.get(call.runtime, actor, call["module_id"], call.number("version"))
    with_key = sees_key(actor, module.id, module.version)
    return answer(ModuleOut.model_validate(module_view(module, with_key=with_key)))
