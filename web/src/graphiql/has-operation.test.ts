import { expect, test } from "vitest";
import { hasOperation } from "./has-operation";

const DOCUMENT = "query A { a } mutation B { b } fragment C on Query { c }";

test.each([
  ["A", true],
  ["B", true],
  ["C", false],
  ["D", false],
  [null, false],
  [undefined, false],
])("whether a document has an operation named %s: %s", (name, expected) => {
  expect(hasOperation(DOCUMENT, name)).toBe(expected);
});

test("a document that cannot be parsed has no operation", () => {
  expect(hasOperation("query A {", "A")).toBe(false);
});
