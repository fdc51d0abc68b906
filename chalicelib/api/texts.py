"""Text as it comes in through the API: cleaned before anything else, and of limited length."""

from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib.domain.modules import ANSWER_LIMIT
from chalicelib.domain.text import clean

Text = Annotated[str, AfterValidator(clean)]
Identifier = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9-]+$")]
LongText = Annotated[Text, Field(max_length=ANSWER_LIMIT)]
