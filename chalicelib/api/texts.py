"""Text as it comes in through the API: cleaned before anything else, and of limited length."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from chalicelib.domain.modules import ANSWER_LIMIT
from chalicelib.domain.text import clean


def _clean(text: str) -> str:
    try:
        return clean(text)
    except ValueError as error:
        fault = {"fault": str(error)}
        raise PydanticCustomError("invalid_text", "The text {fault}.", fault) from None


Text = Annotated[str, AfterValidator(_clean)]
Identifier = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9-]+$")]
LongText = Annotated[Text, Field(max_length=ANSWER_LIMIT)]
