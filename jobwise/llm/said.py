"""Shapes of what providers say, read with some patience: null is the same as nothing."""

from typing import Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)


class Said(BaseModel):
    """A part of what a provider says."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, said: Any) -> Any:
        return {name: value for name, value in said.items() if value is not None} if isinstance(said, dict) else said


class SaidOfError(Said):
    """A part of an error: it remains one, whatever of it cannot be read."""

    @field_validator("*", mode="wrap")
    @classmethod
    def _if_readable(cls, value: Any, read: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        try:
            return read(value)
        except ValidationError:
            return cls.model_fields[str(info.field_name)].get_default(call_default_factory=True)


def _objects(said: Any) -> list[Any]:
    return [part for part in said if isinstance(part, dict)] if isinstance(said, list) else []


#: In front of a list of parts of an error: what is no object is left out.
OnlyObjects = BeforeValidator(_objects)
