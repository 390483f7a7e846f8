import { Kind, parse } from "graphql";

/** Whether a document has an operation of this name. */
export function hasOperation(document: string, name?: string | null) {
  try {
    return parse(document).definitions.some(
      (definition) => definition.kind === Kind.OPERATION_DEFINITION && definition.name?.value === name,
    );
  } catch {
    return false;
  }
}
