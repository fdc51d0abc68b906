"""What signatures and hashes cover: described by a model, sent exactly as it is kept."""

from dataclasses import dataclass

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Describes JSON values by a model without reading or writing them by it."""

    model: type[BaseModel]

    def __get_pydantic_core_schema__(
        self,
        source: object,
        handler: GetCoreSchemaHandler,
    ) -> CoreSchema:
        """Take the values as they are."""
        return handler(source)

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe them by the model."""
        self.model.model_rebuild()
        return handler(self.model.__pydantic_core_schema__)
