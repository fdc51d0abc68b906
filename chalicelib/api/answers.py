"""Answers to the items of a page: one shape, in requests, drafts and signed documents."""

from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.api.http import RequestModel
from chalicelib.api.texts import Text
from chalicelib.domain.answers import Answer
from chalicelib.domain.modules import ANSWER_LIMIT, INITIALS_LIMIT

OPTIONS_LIMIT = 26


def _missing(value: object) -> bool:
    return value is None


class ItemAnswer(RequestModel):
    """The answer to one item: only the fields of the item's kind, each of which may be left open.

    A statement has `understood` and `initials`, a choice `chosen`, a question `text`. What is left
    open is left out, or null in what you send. Limits that are broken are `invalid-answers`.
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

    def value(self) -> Answer:
        """Return the answer as the domain knows it."""
        chosen = None if self.chosen is None else tuple(self.chosen)
        return Answer(self.understood, self.initials, chosen, self.text)


def answer_out(answer: Answer) -> ItemAnswer:
    """Show an answer that is kept already, as it stands."""
    chosen = None if answer.chosen is None else list(answer.chosen)
    return ItemAnswer.model_construct(
        understood=answer.understood, initials=answer.initials, chosen=chosen, text=answer.text
    )
