"""Compiled operations: each operation is compiled, once, to Python source that builds its responses.

graphql-core walks the operation for each object of a response. A compiled operation has a function for each object. It
reads the selected fields from rows, attributes and resolvers of Strawberry's types. graphql-core's own executor handles
unexpected values, such as an error or an object of an unexpected class. So both return the same responses, including
the order of errors. See `docs/compiled.md`.
"""

from engine.compiled.operation import CompiledOperation, compile_operation
from engine.compiled.planning import Unsupported

__all__ = ["CompiledOperation", "Unsupported", "compile_operation"]
