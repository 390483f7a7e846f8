// Configures textlint for Markdown documents, the descriptions in a GraphQL schema, the comments in an example of an
// environment file, and the comments and docstrings in Python modules.

import { fileURLToPath } from "node:url";
import kernel from "@textlint/kernel";
import markdown from "@textlint/textlint-plugin-markdown";
import prh from "textlint-rule-prh";
import terminology from "textlint-rule-terminology";
import { commentsOf, descriptionsOf, pluginFor, pythonProseOf } from "./prose-in.js";

// The default export of a transpiled CommonJS module is nested.
const moduleOf = (imported) => imported.default ?? imported;

export const descriptor = new kernel.TextlintKernelDescriptor({
  plugins: [
    { pluginId: "markdown", plugin: moduleOf(markdown) },
    { pluginId: "graphql", plugin: pluginFor(".graphql", descriptionsOf) },
    { pluginId: "environment", plugin: pluginFor(".example", commentsOf) },
    { pluginId: "python", plugin: pluginFor(".py", pythonProseOf) },
  ],
  filterRules: [],
  rules: [
    {
      ruleId: "words",
      rule: moduleOf(prh),
      options: {
        rulePaths: [fileURLToPath(new URL("words.yml", import.meta.url))],
        checkLink: true,
        checkBlockQuote: true,
        checkEmphasis: true,
      },
    },
    {
      ruleId: "terminology",
      rule: moduleOf(terminology),
      options: {
        defaultTerms: true,
        // The spellings of curl's authors and of the PostgreSQL manual, possessives, and the name of the file README.md.
        exclude: ["cURL", "API['’]?s", "indexes\\b", "readme(s)?"],
      },
    },
  ],
});
