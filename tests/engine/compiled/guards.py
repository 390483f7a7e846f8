"""What stands around the menagerie's resolvers, and what they are told."""

from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.types.info import Info


class Welcome(BasePermission):
    message = "Not welcome."
    error_extensions = {"code": "UNWELCOME"}

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        return not info.context.dice("welcome", info.path.as_list()).misbehave()


class WelcomeLater(BasePermission):
    message = "Not welcome after all."

    async def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        dice = info.context.dice("welcome", info.path.as_list())
        await info.context.pause(dice)
        return not dice.misbehave()


class Loud(FieldExtension):
    """Works around resolvers of both kinds, and changes what they are given and return."""

    def resolve(self, next_: Any, source: Any, info: Info, **kwargs: Any) -> Any:
        info.context.calls.append(("loud", info.path.as_list()))
        result = next_(source, info, **{name: f"{value}!" for name, value in kwargs.items()})
        return result.upper() if isinstance(result, str) else result

    async def resolve_async(self, next_: Any, source: Any, info: Info, **kwargs: Any) -> Any:
        info.context.calls.append(("loud later", info.path.as_list()))
        return await next_(source, info, **kwargs)


def describe(info: Info) -> str:
    """All that an Info tells."""
    return repr(
        [
            (info.field_name, info.python_name, info.path, info.return_type),
            (info.selected_fields, info.variable_values, info.root_value, info.operation.loc),
            (info.context.seed, info.schema.query.__name__, info.input_extensions),
        ]
    )
