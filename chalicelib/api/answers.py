"""Answers to the items of a page: one shape, in requests, drafts and signed documents."""

from typing import Annotated

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from chalicelib.api.http import RequestModel
from chalicelib.api.texts import Identifier, Text, cleaned
from chalicelib.domain.answers import Answer
from chalicelib.domain.forms import FIELDS_LIMIT, REASON_LIMIT, RULES_LIMIT, Value
from chalicelib.domain.modules import ANSWER_LIMIT, FILES_LIMIT, INITIALS_LIMIT

OPTIONS_LIMIT = 26
FIELD_OPTIONS_LIMIT = 100


def _field_value(given: object) -> bool | int | str | list[str]:
    match given:
        case bool() | int():
            return given
        case str():
            return cleaned(given)
        case list() if len(given) <= FIELD_OPTIONS_LIMIT:
            if all(isinstance(each, str) for each in given):
                return [cleaned(each) for each in given]
    raise PydanticCustomError("field_value", "Send what the field takes, by its kind.")


FieldId = Annotated[Text, Field(max_length=100)]
FieldAnswer = TypeAliasType(  # named, because generators of clients make a type of it
    "FieldAnswer",
    Annotated[
        bool | int | str | list[str],
        PlainValidator(_field_value),
        WithJsonSchema(
            {
                "description": "What a field of a form holds, by its kind.",
                "anyOf": [
                    {"type": "boolean"},
                    {"type": "integer"},
                    {"type": "string"},
                    {"type": "array", "items": {"type": "string"}, "maxItems": FIELD_OPTIONS_LIMIT},
                ],
            }
        ),
    ],
)


def _missing(value: object) -> bool:
    return value is None


class ItemAnswer(RequestModel):
    """The answer to one item: only the fields of the item's kind, each of which may be left open.

    A statement has `understood` and `initials`, a choice `chosen`, a question `text`, evidence
    `attachments`, and `values` and `reasons` where it has a form. What is left open is left out,
    or null in what you send. Limits that are broken are `invalid-answers`.
    """

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    understood: bool | None = Field(
        default=None,
        description="Of a statement: whether the candidate has understood it.",
        exclude_if=_missing,
    )
    initials: Text | None = Field(
        default=None,
        description="Of a statement: the candidate's initials beside it.",
        json_schema_extra={"maxLength": INITIALS_LIMIT},
        exclude_if=_missing,
    )
    chosen: Annotated[list[Text], Field(max_length=OPTIONS_LIMIT)] | None = Field(
        default=None,
        description="Of a choice: the ids of the options chosen, each once; signing needs as many "
        "as the item's `choose`.",
        exclude_if=_missing,
    )
    text: Text | None = Field(
        default=None,
        description="Of a question: the written answer.",
        json_schema_extra={"maxLength": ANSWER_LIMIT},
        exclude_if=_missing,
    )

    attachments: Annotated[list[Identifier], Field(max_length=FILES_LIMIT)] | None = Field(
        default=None,
        description="Of evidence: the ids of attachments of the candidate's, each once.",
        exclude_if=_missing,
    )
    values: Annotated[dict[FieldId, FieldAnswer], Field(max_length=FIELDS_LIMIT)] | None = Field(
        default=None,
        description="Of evidence with a form: what is filled in, by the field's id. By its kind: a "
        "text, a date such as `2026-03-02`, a whole number, true or false, the id of an option, or "
        "a list of such ids.",
        exclude_if=_missing,
    )
    reasons: Annotated[dict[FieldId, Text], Field(max_length=RULES_LIMIT)] | None = Field(
        default=None,
        description="Of evidence with a form: why it departs from a rule, by the rule's id; at "
        f"most {REASON_LIMIT} characters each.",
        exclude_if=_missing,
    )

    def value(self) -> Answer:
        """Return the answer as the domain knows it."""
        given = self.values
        return Answer(
            understood=self.understood,
            initials=self.initials,
            chosen=None if self.chosen is None else tuple(self.chosen),
            text=self.text,
            attachments=None if self.attachments is None else tuple(self.attachments),
            values=None if given is None else {name: _value(v) for name, v in given.items()},
            reasons=self.reasons,
        )


def _value(given: FieldAnswer) -> Value:
    return tuple(given) if isinstance(given, list) else given


def answer_out(answer: Answer) -> ItemAnswer:
    """Show an answer that is kept already, as it stands."""
    return ItemAnswer.model_construct(**answer.document())
