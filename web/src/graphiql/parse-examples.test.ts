import { expect, test } from "vitest";
import { parseExamples } from "./parse-examples";

const FILE = `# Sessions

## The newest sessions

Two lines
of text.

\`\`\`graphql
{
  store {
    id
  }
}
\`\`\`

## One session

With variables.

\`\`\`graphql
query Session($id: ID!) {
  session(id: $id) {
    id
  }
}
\`\`\`

\`\`\`json
{ "id": "PASTE_A_SESSION_ID" }
\`\`\`
`;

test("a file is a group of examples, with or without variables", () => {
  expect(parseExamples(FILE)).toEqual({
    title: "Sessions",
    examples: [
      {
        title: "The newest sessions",
        text: "Two lines\nof text.",
        query: "{\n  store {\n    id\n  }\n}\n",
        variables: "",
      },
      {
        title: "One session",
        text: "With variables.",
        query: "query Session($id: ID!) {\n  session(id: $id) {\n    id\n  }\n}\n",
        variables: '{ "id": "PASTE_A_SESSION_ID" }\n',
      },
    ],
  });
});
