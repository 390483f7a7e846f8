import { type GraphiQLPlugin, MarkdownContent, pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { BookOpenText } from "lucide-react";
import apps from "./examples/apps.md?raw";
import changes from "./examples/changes.md?raw";
import customers from "./examples/customers.md?raw";
import figures from "./examples/figures.md?raw";
import filters from "./examples/filters.md?raw";
import links from "./examples/links.md?raw";
import nodes from "./examples/nodes.md?raw";
import sessions from "./examples/sessions.md?raw";
import texts from "./texts.json";

interface Example {
  title: string;
  /** What it is for, in Markdown. */
  text: string;
  query: string;
  variables: string;
}

const EXAMPLE = /^## (.+?)\n\n(.+?)\n\n```graphql\n(.+?)```\n(?:\n```json\n(.+?)```\n)?/gms;

const GROUPS = [sessions, filters, customers, nodes, figures, links, changes, apps].map((file) => ({
  title: file.slice("# ".length, file.indexOf("\n")),
  examples: [...file.matchAll(EXAMPLE)].map(
    ([, title = "", text = "", query = "", variables = ""]): Example => ({ title, text, query, variables }),
  ),
}));

export const EXAMPLES_PLUGIN: GraphiQLPlugin = {
  title: texts.examples,
  icon: () => <BookOpenText aria-hidden />,
  content: Examples,
};

function Examples() {
  const open = useOpen();
  return (
    <section className="examples" aria-label={texts.examples}>
      <h2>{texts.examples}</h2>
      {GROUPS.map((group) => (
        <section key={group.title}>
          <h3>{group.title}</h3>
          <ul>
            {group.examples.map((example) => (
              <li key={example.title}>
                <button type="button" disabled={!open} onClick={() => open?.(example)}>
                  {example.title}
                </button>
                <MarkdownContent type="description">{example.text}</MarkdownContent>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

/** Opens an example in a tab of its own; one that is open already is shown as it is now. Undefined: there is no editor yet. */
function useOpen() {
  const { addTab, changeTab, setVisiblePlugin } = useGraphiQLActions();
  const { tabs, queryEditor, variableEditor } = useGraphiQL(pick("tabs", "queryEditor", "variableEditor"));
  if (!queryEditor || !variableEditor) return undefined;
  return ({ query, variables }: Example) => {
    const index = tabs.findIndex((tab) => tab.query === query);
    if (index >= 0) changeTab(index);
    else {
      addTab();
      queryEditor.setValue(query);
      variableEditor.setValue(variables);
    }
    // On a phone the panel lies over the editor.
    if (matchMedia("(max-width: 48em)").matches) setVisiblePlugin(null);
    queryEditor.focus();
  };
}
