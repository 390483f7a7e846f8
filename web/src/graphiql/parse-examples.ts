export interface Example {
  title: string;
  /** Says what the example does, in Markdown. */
  text: string;
  query: string;
  variables: string;
}

export interface ExampleGroup {
  title: string;
  examples: Example[];
}

const EXAMPLE = /^## (.+?)\n\n(.+?)\n\n```graphql\n(.+?)```\n(?:\n```json\n(.+?)```\n)?/gms;

/** Parses a Markdown file with a title, and for every example a heading, a text, a query and perhaps variables. */
export function parseExamples(file: string): ExampleGroup {
  return {
    title: file.slice("# ".length, file.indexOf("\n")),
    examples: [...file.matchAll(EXAMPLE)].map(([, title = "", text = "", query = "", variables = ""]) => ({
      title,
      text,
      query,
      variables,
    })),
  };
}
