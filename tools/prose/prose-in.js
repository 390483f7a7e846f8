// textlint plugins for files that have prose between other things.

import { parse } from "@textlint/markdown-to-ast";

/** The lines of a GraphQL schema that are in descriptions. */
export function descriptionsOf(lines) {
  let inside = false;
  return lines.map((line) => {
    const begins = !inside && /^\s*"""/.test(line);
    if (!inside && !begins) return "";
    const prose = line.replace(/^\s*(""")?/, "");
    inside = !prose.includes('"""');
    // A line that only opens or closes a description has no prose.
    return prose.replace(/""".*/, "");
  });
}

/** The comments of an environment file, without the settings that are commented out. */
export function commentsOf(lines) {
  return lines.map((line) => (line.startsWith("# ") ? line.slice(2) : ""));
}

/**
 * A textlint plugin that reads Markdown out of the files with this extension. `linesOf` gets a file's lines and returns
 * as many: each the end of the line, or a part that begins after its indentation, or nothing.
 */
export function proseIn(extension, linesOf) {
  // What each line's prose is indented by. textlint makes one processor to read a file and another one for its messages.
  const indents = new Map();

  class Processor {
    availableExtensions() {
      return [extension];
    }

    processor() {
      return {
        preProcess(text, filePath) {
          const lines = text.split("\n");
          const prose = linesOf(lines);
          indents.set(
            filePath,
            lines.map((line, number) => line.indexOf(prose[number])),
          );
          return { text: prose.join("\n"), ast: parse(prose.join("\n")) };
        },
        postProcess(messages, filePath) {
          for (const message of messages) message.column += indents.get(filePath)[message.line - 1];
          return { messages, filePath };
        },
      };
    }
  }
  return { Processor };
}
