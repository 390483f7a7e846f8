// Plugins that read the prose in files of other formats as Markdown.

import { parse } from "@textlint/markdown-to-ast";

/** Return the parts of a GraphQL schema's lines that are in descriptions. */
export function descriptionsOf(lines) {
  let inside = false;
  return lines.map((line) => {
    const begins = !inside && /^\s*"""/.test(line);
    if (!inside && !begins) return "";
    const text = line.trimStart().slice(begins ? 3 : 0);
    const end = text.indexOf('"""');
    inside = end === -1;
    return inside ? text : text.slice(0, end);
  });
}

/** Return the comments of an environment file, without settings that are commented out. */
export function commentsOf(lines) {
  return lines.map((line) => (line.startsWith("# ") ? line.slice(2) : ""));
}

/** Return the docstrings and comments of a Python module, without directives such as `noqa`. */
export function pythonProseOf(lines) {
  // A string in triple quotes that has begun on an earlier line: its indentation, or "code" if it is not a docstring.
  let open = null;
  return lines.map((line) => {
    const quotes = line.split('"""').length - 1;
    const begins = open === null && /^\s*"""/.test(line);
    if (open === null && !begins) {
      if (quotes % 2) open = "code";
      const comment = quotes ? null : /(?:^\s*|.*\s{2})# (.*)$/.exec(line);
      return comment && !/^(noqa|type|fmt)\b/.test(comment[1]) ? comment[1] : "";
    }
    const indent = begins ? line.indexOf('"""') : open;
    open = quotes % 2 === (begins ? 1 : 0) ? indent : null;
    return indent === "code" ? "" : line.slice(indent).replaceAll('"""', "");
  });
}

/**
 * Return a textlint plugin for the files with this extension. `proseOf` receives the lines of a file. It returns an array
 * of the same length with the prose of each line, or an empty string for a line without prose.
 */
export function pluginFor(extension, proseOf) {
  // The column at which each line's prose begins. textlint creates one processor to read a file, and another one to
  // process its messages.
  const columns = new Map();

  class Processor {
    availableExtensions() {
      return [extension];
    }

    processor() {
      return {
        preProcess(text, filePath) {
          const lines = text.split("\n");
          const prose = proseOf(lines);
          columns.set(
            filePath,
            lines.map((line, number) => line.indexOf(prose[number])),
          );
          const markdown = prose.join("\n");
          return { text: markdown, ast: parse(markdown) };
        },
        postProcess(messages, filePath) {
          for (const message of messages) message.column += columns.get(filePath)[message.line - 1];
          return { messages, filePath };
        },
      };
    }
  }
  return { Processor };
}
