"""Base classes of all parts of a configuration: strict, immutable, typed.

`Spec` is a mapping of known keys. `Item` is an entry of a list that is written as its name (`flatten`), as one key
with a value (`dropout: 0.3`) or as one key with a mapping (`conv: {filters: 32}`). Most items and every optimizer stand
for one Keras class: `keras` names it, and a field whose name differs from Keras' argument says so with `Argument`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self, Union, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    Tag,
    ValidationError,
    ValidatorFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import ErrorType, no_info_before_validator_function, no_info_wrap_validator_function

from mnist_lab.config.document import KeyPath, in_words


@dataclass(frozen=True)
class Argument:
    """Annotates a field whose Keras argument has another name, for example `kernel` for `kernel_size`."""

    name: str


class Spec(BaseModel):
    """An immutable mapping of known keys: unknown ones are errors, and nothing is converted silently."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        defer_build=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )

    also_known: ClassVar[tuple[str, ...]] = ()
    """Keys accepted in a file besides the fields."""
    by_hand: ClassVar[bool] = True
    """Whether people write it; False if only mnist-lab does."""

    @model_validator(mode="wrap")
    @classmethod
    def _name_the_known_keys(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Self:
        """Add the known keys to the error of an unknown one, so that the message can suggest one."""
        try:
            return handler(value)
        except ValidationError as error:
            raise ValidationError.from_exception_data(error.title, [cls.explained(e) for e in error.errors()]) from None

    @classmethod
    def explained(cls, error: Any) -> InitErrorDetails:
        """Convert an error so that it can be raised again; add the known keys to that of an unknown key."""
        kind: str | PydanticCustomError = error["type"]
        if kind in ("extra_forbidden", "invalid_key") and len(error["loc"]) == 1:
            known = (*cls.also_known, *cls.model_fields)
            kind = PydanticCustomError("unknown_key", "unknown key", {"known": known})
        elif kind not in _BUILT_IN:
            kind = PydanticCustomError(error["type"], "{message}", {"message": error["msg"], **error.get("ctx", {})})
        return InitErrorDetails(type=kind, loc=error["loc"], input=error["input"], ctx=error.get("ctx", {}))

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Omit required keys, as they may be inherited."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        schema.pop("required", None)
        return schema


_BUILT_IN = frozenset(get_args(ErrorType))


def invalid(message: str, *, at: KeyPath = ()) -> PydanticCustomError:
    """Return the error that a validator raises; `at` is the key path from the validated value to the wrong part."""
    return PydanticCustomError("invalid", "{message}", {"at": at, "message": message})


_WORD_BEGINS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
"""Where a word begins within the name of a class."""


class Item(Spec):
    """A list entry with a name: `flatten`, `dropout: 0.3`, `conv: {filters: 32}`."""

    key: ClassVar[str]
    """The name in YAML; default: the class name in snake case, `max_pool` for `MaxPool`."""
    short: ClassVar[str | None] = None
    """The field that a bare value sets: `dropout: 0.3` is `dropout: {rate: 0.3}`."""
    keras: ClassVar[str] = ""
    """The corresponding Keras class, below `keras`: `layers.Conv2D`."""

    def __init_subclass__(cls, **_: Any) -> None:
        if "key" not in vars(cls):
            cls.key = _WORD_BEGINS.sub("_", cls.__name__).lower()

    @property
    def handicaps_training(self) -> bool:
        """Whether it makes the task harder in training than in testing, as dropout does."""
        return False

    @model_validator(mode="before")
    @classmethod
    def _unwrap(cls, value: Any) -> Any:
        if value == cls.key:
            return {}
        if isinstance(value, dict) and tuple(value) == (cls.key,):
            value = value[cls.key]
            if value is None:
                return {}
            return value if isinstance(value, dict) or cls.short is None else {cls.short: value}
        return value

    @model_serializer(mode="wrap")
    def _wrap(self, handler: SerializerFunctionWrapHandler) -> Any:
        fields = {name: value for name, value in handler(self).items() if value is not None}
        return {self.key: fields} if fields else self.key

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        fields = handler.resolve_ref_schema(handler(core_schema))
        value = dict(fields)
        if cls.short is not None:
            value = {"anyOf": [fields["properties"][cls.short], fields]}
        named: dict[str, Any] = {
            "type": "object",
            "properties": {cls.key: value},
            "required": [cls.key],
            "additionalProperties": False,
        }
        forms = [named]
        if not fields.get("required"):
            forms.insert(0, {"const": cls.key})
            named["properties"] = {cls.key: {"anyOf": [value, {"type": "null"}]}}
        return {"title": cls.key, "description": cls.__doc__ or "", "anyOf": forms}


@dataclass(frozen=True)
class OneOf:
    """Annotates a field for one of several kinds of `Item`, distinguished by their key."""

    kinds: Callable[[], Iterable[type[Item]]]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        tagged = tuple(Annotated[kind, Tag(kind.key)] for kind in self.kinds())
        union = handler.generate_schema(Annotated[Union[tagged], Discriminator(key_of)])  # noqa: UP007
        return no_info_before_validator_function(self._named, union)

    def _named(self, value: Any) -> Any:
        if key_of(value) is None:
            known = [kind.key for kind in self.kinds()]
            raise invalid(
                f"expected one of {', '.join(known)} (for example {{{known[-1]}: ...}}), received {in_words(value)}"
            )
        return value


@dataclass(frozen=True)
class OneOfNamed:
    """Annotates a field for one of several kinds of `Spec`, distinguished by the key `tag`.

    If that key is missing or invalid, problems that all likely kinds have in common are reported too.
    """

    kinds: Callable[[], Iterable[type[Spec]]]
    tag: str
    short: bool = False
    """Whether text stands for the tag alone: `adam` for `{name: adam}`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        union = Annotated[Union[tuple(self.kinds())], Discriminator(self.tag)]  # noqa: UP007
        schema = no_info_wrap_validator_function(self._validated, handler.generate_schema(union))
        return no_info_before_validator_function(self._tagged, schema) if self.short else schema

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        if not self.short:
            return handler(schema)
        return {"anyOf": [{"enum": [name for kind in self.kinds() for name in self._tags(kind)]}, handler(schema)]}

    def _tags(self, kind: type[Spec]) -> tuple[str, ...]:
        return get_args(kind.model_fields[self.tag].annotation)

    def _tagged(self, value: Any) -> Any:
        return {self.tag: value} if isinstance(value, str) else value

    def _validated(self, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            first = error.errors()[0]
            if first["loc"] or not first["type"].startswith("union_tag_") or not isinstance(value, dict):
                raise
            problems = [Spec.explained(problem) for problem in (first, *self._other_problems(value))]
            raise ValidationError.from_exception_data(error.title, problems) from None

    def _other_problems(self, value: dict[str, Any]) -> Iterator[Any]:
        """Problems common to the kinds that know most of the keys."""
        known = {kind: len(value.keys() & kind.model_fields.keys()) for kind in self.kinds() if kind.by_hand}
        meant = [kind for kind, number in known.items() if number == max(known.values())]
        found = [{problem["loc"]: problem for problem in self._problems(kind, value)} for kind in meant]
        for place, problem in found[0].items():
            if all(place in problems for problems in found):
                if problem["type"] == "unknown_key":
                    keys = dict.fromkeys(key for problems in found for key in problems[place]["ctx"].get("known", ()))
                    problem = {**problem, "ctx": {"known": tuple(keys)}}
                yield problem

    def _problems(self, kind: type[Spec], value: dict[str, Any]) -> list[Any]:
        try:
            kind.model_validate({**value, self.tag: self._tags(kind)[0]})
        except ValidationError as error:
            return list(error.errors())
        return []


def key_of(value: Any) -> str | None:
    """Return the key of an item, or of a value written as one; None for any other value."""
    if isinstance(value, Item):
        return value.key
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value))
    return value if isinstance(value, str) else None


@dataclass(frozen=True)
class _OneOrMore:
    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(_sequence, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        many = handler(schema)
        return {"anyOf": [many["items"], many]}


def _sequence(value: Any) -> Any:
    return value if isinstance(value, tuple) else (value,)


def _pair(value: Any) -> Any:
    if isinstance(value, tuple):
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(f"expected a whole number or [height, width], received {in_words(value)}")
    return value, value


Positive = Annotated[int, Field(ge=1)]
FractionBelowOne = Annotated[float, Field(ge=0, lt=1)]
UnitInterval = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
Pair = Annotated[
    tuple[Positive, Positive], BeforeValidator(_pair, json_schema_input_type=Positive | tuple[Positive, Positive])
]
"""Height and width; one number means both."""

OneOrMore = _OneOrMore()
"""Accepts a single value as a list of one."""
