"""Compiled operations: an operation becomes, once, Python source that builds its answers.

graphql-core walks the operation for each object of an answer. A compiled operation has that walk behind it: it is a
function for each object, with the selected fields only, over the attributes and resolvers of Strawberry's types. What
is out of the ordinary, a value of another class than the schema says, an error, goes to graphql-core's own executor,
in the middle of the answer; so both agree, to the order of errors. See `docs/compiled.md`.
"""

from engine.compiled.operation import CompiledOperation, compile_operation
from engine.compiled.planning import Unsupported

__all__ = ["CompiledOperation", "Unsupported", "compile_operation"]
