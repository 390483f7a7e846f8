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
import { type Example, parseExamples } from "./parse-examples";
import texts from "./texts.json";

const GROUPS = [sessions, filters, customers, nodes, figures, links, changes, apps].map(parseExamples);

export const EXAMPLES_PLUGIN: GraphiQLPlugin = {
  title: texts.examples,
  icon: () => <BookOpenText aria-hidden />,
  content: Examples,
};

function Examples() {
  const open = useOpenExample();
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

/** Opens an example in a new tab, or shows the tab in which it is already open. Undefined until the editors exist. */
function useOpenExample() {
  const { addTab, changeTab, setVisiblePlugin } = useGraphiQLActions();
  const { tabs, queryEditor, variableEditor } = useGraphiQL(pick("tabs", "queryEditor", "variableEditor"));
  if (!queryEditor || !variableEditor) return undefined;
  return ({ query, variables }: Example) => {
    const openTab = tabs.findIndex((tab) => tab.query === query);
    if (openTab >= 0) changeTab(openTab);
    else {
      addTab();
      queryEditor.setValue(query);
      variableEditor.setValue(variables);
    }
    // On a phone, the plugin covers the editor.
    if (matchMedia("(max-width: 48em)").matches) setVisiblePlugin(null);
    queryEditor.focus();
  };
}
