import assert from "node:assert/strict";
import { test } from "node:test";
import { createLinter } from "textlint";
import { descriptor } from "./linter.js";
import { commentsOf, descriptionsOf, pythonProseOf } from "./prose-in.js";

const SCHEMA = `"""A store."""
type Store {
  """
  Its name,
  as customers see it.
  """
  name(first: Int = 1): String
}`;

test("descriptions are read, and code is not", () => {
  assert.deepEqual(descriptionsOf(SCHEMA.split("\n")), [
    "A store.",
    "",
    "",
    "Its name,",
    "as customers see it.",
    "",
    "",
    "",
  ]);
});

test("comments are read, and settings are not", () => {
  assert.deepEqual(commentsOf(["# The port.", "#PORT=8000", "", "PORT=1"]), ["The port.", "", "", ""]);
});

test("docstrings and comments are read, and code and directives are not", () => {
  const module = `"""Stores."""
SQL = """
# select
"""
def get():  # noqa: ANN201
    """Return a store.

        get()
    """
    return 1  # the default`;
  assert.deepEqual(pythonProseOf(module.split("\n")), [
    "Stores.",
    "",
    "",
    "",
    "",
    "Return a store.",
    "",
    "    get()",
    "",
    "the default",
  ]);
});

test("a fault is reported at its place in the file", async () => {
  const linter = createLinter({ descriptor });
  const { messages } = await linter.lintText(SCHEMA.replace("as customers", "as nobody"), "schema.graphql");
  assert.deepEqual(
    messages.map(({ line, column }) => [line, column]),
    [[5, 6]],
  );
});

test("code in a document is not linted", async () => {
  const { messages } = await createLinter({ descriptor }).lintText("Run `nobody`.\n\n```\nnobody\n```\n", "a.md");
  assert.deepEqual(messages, []);
});
