"""Compiled operations: an operation becomes, once, Python source that builds its answers.

graphql-core walks the operation for each object of an answer. A compiled operation is a function for each object, which
reads the selected fields from rows, attributes and resolvers of Strawberry's types. An unexpected value, such as an
error or an object of another class than the schema says, goes to graphql-core's own executor in the middle of the
answer. So both return the same answers, including the order of errors. See `docs/compiled.md`.
"""

from engine.compiled.operation import CompiledOperation, compile_operation
from engine.compiled.planning import Unsupported

__all__ = ["CompiledOperation", "Unsupported", "compile_operation"]
