"""Text at the API's edge: clean and of limited length as it comes in, null where there is none."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib.domain.modules import ANSWER_LIMIT
from chalicelib.domain.text import clean


def cleaned(text: str) -> str:
    """Return a text as it is kept, or say what is wrong with it."""
    try:
        return clean(text)
    except ValueError as error:
        fault = {"fault": str(error)}
        raise PydanticCustomError("invalid_text", "The text {fault}.", fault) from None


def _null_if_empty(value: object) -> object:
    return None if value == "" else value


Text = Annotated[str, AfterValidator(cleaned)]
Identifier = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9-]+$")]
LongText = Annotated[Text, Field(max_length=ANSWER_LIMIT)]
# What is absent is null in answers, whatever the domain writes for it.
TextOrNull = Annotated[str | None, BeforeValidator(_null_if_empty)]
# A moment in a document that is sent exactly as it is kept.
StampText = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
