// Lints the prose of the given files: node lint.js FILE...

import { createLinter, loadLinterFormatter } from "textlint";
import { descriptor } from "./linter.js";

const results = await createLinter({ descriptor }).lintFiles(process.argv.slice(2));
if (results.some(({ messages }) => messages.length)) {
  const formatter = await loadLinterFormatter({ formatterName: "unix" });
  console.log(formatter.format(results));
  process.exitCode = 1;
}
