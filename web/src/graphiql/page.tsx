import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { useMonaco } from "@graphiql/react";
import { GraphiQL, type GraphiQLProps } from "graphiql";
import { Kind, parse } from "graphql";
import { useEffect, useState } from "react";
import { pageSettings } from "../page-settings";
import { EXAMPLES_PLUGIN } from "./examples";
import { storage } from "./storage";
import texts from "./texts.json";
import welcome from "./welcome.graphql?raw";

const PLUGINS = [EXAMPLES_PLUGIN, explorerPlugin(), HISTORY_PLUGIN];
const INTROSPECTION = "IntrospectionQuery";

// A link to here may bring a query. Once it is in the editor, a reload must not bring it again.
const given = new URLSearchParams(location.search);
const query = given.get("query") ?? undefined;
const variables = given.get("variables") ?? (query && "");
history.replaceState(null, "", location.pathname);

// A credential that is typed is kept nowhere else.
let key = pageSettings.key ?? "";

export function Page() {
  const [hasKey, setHasKey] = useState(key !== "");
  const [hasSchema, setHasSchema] = useState(true);
  const [fetcher] = useState(() => newFetcher(setHasSchema));
  useSystemScheme();
  useWayOut();
  return (
    <>
      <header>
        <a href="/">{texts.product}</a>
        <h1>{texts.page}</h1>
        <p role="status">{hasKey ? hasSchema || texts.noSchema : texts.noKey}</p>
        <p className="keys">{texts.keys}</p>
        <form onSubmit={(event) => event.preventDefault()}>
          <label>
            {texts.key}
            <input
              type="password"
              defaultValue={key}
              placeholder={texts.keyHint}
              autoComplete="off"
              spellCheck={false}
              onChange={({ currentTarget }) => {
                key = currentTarget.value.trim().replace(/^Bearer\s+/i, "");
                setHasKey(key !== "");
              }}
            />
          </label>
        </form>
      </header>
      <main>
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          plugins={PLUGINS}
          defaultQuery={welcome}
          initialQuery={query}
          initialVariables={variables}
          defaultEditorToolsVisibility="variables"
          isHeadersEditorEnabled={false}
          showPersistHeadersSettings={false}
          forcedTheme="system"
          schemaDescription
          inputValueDeprecation
        >
          <GraphiQL.Logo>{null}</GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}

/** Asks the server. Whether it tells its schema, which needs no credential, is told to `onSchema`. */
function newFetcher(onSchema: (told: boolean) => void): GraphiQLProps["fetcher"] {
  return async (operation) => {
    const { query, variables, operationName } = operation;
    const isIntrospection = operationName === INTROSPECTION;
    const headers: HeadersInit = { accept: "application/graphql-response+json", "content-type": "application/json" };
    if (key && !isIntrospection) headers.authorization = `Bearer ${key}`;
    try {
      const body = JSON.stringify({
        query,
        variables,
        operationName: isIn(query, operationName) ? operationName : null,
      });
      const response = await fetch("/graphql", { method: "POST", headers, body });
      const answer = await response.json();
      if (isIntrospection) onSchema(Boolean(answer.data));
      return answer;
    } catch {
      return { errors: [{ message: texts.unreachable }] };
    }
  };
}

/** For a moment after an edit, GraphiQL goes by the name of the operation that was there before. */
function isIn(query: string, name?: string | null) {
  try {
    return parse(query).definitions.some(
      (part) => part.kind === Kind.OPERATION_DEFINITION && part.name?.value === name,
    );
  } catch {
    return false;
  }
}

/** In an editor, Tab indents. Escape goes to its frame, from which Tab goes on, once it has nothing else to close. */
function useWayOut() {
  useEffect(() => {
    function leave({ key, target }: KeyboardEvent) {
      if (key !== "Escape" || !(target instanceof Element)) return;
      target.closest<HTMLElement>(".graphiql-editor")?.focus();
    }
    window.addEventListener("keydown", leave);
    return () => window.removeEventListener("keydown", leave);
  }, []);
}

/** GraphiQL looks at the system's scheme once, when it starts. */
function useSystemScheme() {
  const monaco = useMonaco((state) => state.monaco);
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => monaco?.editor.setTheme(dark.matches ? "graphiql-DARK" : "graphiql-LIGHT");
    dark.addEventListener("change", follow);
    return () => dark.removeEventListener("change", follow);
  }, [monaco]);
}
