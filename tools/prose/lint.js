// Lints the prose of the files that are given: Markdown documents, the descriptions in a GraphQL schema,
// and the comments in an example of an environment file.

import { fileURLToPath } from "node:url";
import kernel from "@textlint/kernel";
import markdown from "@textlint/textlint-plugin-markdown";
import { createLinter, loadLinterFormatter } from "textlint";
import prh from "textlint-rule-prh";
import terminology from "textlint-rule-terminology";
import { commentsOf, descriptionsOf, proseIn } from "./prose-in.js";

// prh compiles each word's pattern; a CommonJS module's default export is nested.
const moduleOf = (imported) => imported.default ?? imported;

const descriptor = new kernel.TextlintKernelDescriptor({
  plugins: [
    { pluginId: "markdown", plugin: moduleOf(markdown) },
    { pluginId: "graphql", plugin: proseIn(".graphql", descriptionsOf) },
    { pluginId: "environment", plugin: proseIn(".example", commentsOf) },
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

const results = await createLinter({ descriptor }).lintFiles(process.argv.slice(2));
const formatter = await loadLinterFormatter({ formatterName: "unix" });
const found = results.reduce((sum, { messages }) => sum + messages.length, 0);
if (found) {
  console.log(formatter.format(results));
  process.exitCode = 1;
}
