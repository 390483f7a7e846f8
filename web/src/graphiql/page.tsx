import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { useMonaco } from "@graphiql/react";
import { GraphiQL, type GraphiQLProps } from "graphiql";
import { useEffect, useState } from "react";
import { trimCredential } from "../credential";
import { exchangeCode } from "../one-time-code";
import { EXAMPLES_PLUGIN } from "./examples";
import { hasOperation } from "./has-operation";
import { storage } from "./storage";
import texts from "./texts.json";
import welcome from "./welcome.graphql?raw";

const PLUGINS = [EXAMPLES_PLUGIN, explorerPlugin(), HISTORY_PLUGIN];
const INTROSPECTION = "IntrospectionQuery";

// A typed credential is only stored in memory. The key of the demo is stored in the tab, so that a reload keeps it.
const DEMO_KEY = "graphiql-demo-key";
const { key, isRefused } = await exchangeCode();
let credential = key ?? readDemoKey();
if (key) storeDemoKey(key);
const noCredential = isRefused ? texts.refusedCode : texts.noCredential;

// A link can contain a query. It is removed from the address, so that a reload keeps what the user has edited since.
const parameters = new URLSearchParams(location.search);
const query = parameters.get("query") ?? undefined;
const variables = parameters.get("variables") ?? (query && "");
history.replaceState(null, "", location.pathname);

export function Page() {
  const [hasCredential, setHasCredential] = useState(credential !== "");
  const [hasSchema, setHasSchema] = useState(true);
  const [fetcher] = useState(() => createFetcher(setHasSchema));
  useSystemColorScheme();
  useEscapeFromEditor();
  return (
    <>
      <header>
        <a href="/">{texts.product}</a>
        <h1>{texts.page}</h1>
        <p role="status">{hasCredential ? hasSchema || texts.noSchema : noCredential}</p>
        <p className="keys">{texts.keys}</p>
        <form onSubmit={(event) => event.preventDefault()}>
          <label>
            {texts.credential}
            <input
              type="password"
              defaultValue={credential}
              placeholder={texts.credentialPlaceholder}
              autoComplete="off"
              spellCheck={false}
              onChange={({ currentTarget }) => {
                credential = trimCredential(currentTarget.value);
                storeDemoKey("");
                setHasCredential(credential !== "");
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

function readDemoKey() {
  try {
    return sessionStorage.getItem(DEMO_KEY) ?? "";
  } catch {
    return ""; // The browser blocks storage.
  }
}

/** Stores the key, or deletes the stored one if it is empty. */
function storeDemoKey(key: string) {
  try {
    if (key) sessionStorage.setItem(DEMO_KEY, key);
    else sessionStorage.removeItem(DEMO_KEY);
  } catch {
    // The browser blocks storage: the key is forgotten when the page is reloaded.
  }
}

/** Calls `onSchema` after introspection, which needs no credential, with whether the server allows it. */
function createFetcher(onSchema: (hasSchema: boolean) => void): GraphiQLProps["fetcher"] {
  return async ({ query, variables, operationName }) => {
    const isIntrospection = operationName === INTROSPECTION;
    const headers: HeadersInit = { accept: "application/graphql-response+json", "content-type": "application/json" };
    if (credential && !isIntrospection) headers.authorization = `Bearer ${credential}`;
    try {
      const body = JSON.stringify({
        query,
        variables,
        // Briefly after an edit, GraphiQL still uses the name of the previous operation.
        operationName: hasOperation(query, operationName) ? operationName : null,
      });
      const response = await fetch("/graphql", { method: "POST", headers, body });
      const result = await response.json();
      if (isIntrospection) onSchema(Boolean(result.data));
      return result;
    } catch {
      return { errors: [{ message: texts.unreachable }] };
    }
  };
}

/** Tab indents in an editor. Escape focuses the editor's frame, if it closes nothing else, and Tab continues from there. */
function useEscapeFromEditor() {
  useEffect(() => {
    function handleKey({ key, target }: KeyboardEvent) {
      if (key !== "Escape" || !(target instanceof Element)) return;
      target.closest<HTMLElement>(".graphiql-editor")?.focus();
    }
    window.addEventListener("keydown", handleKey);
    return () => window.removeEventListener("keydown", handleKey);
  }, []);
}

/** Follows the system's color scheme, which GraphiQL reads only when it starts. */
function useSystemColorScheme() {
  const monaco = useMonaco((state) => state.monaco);
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const update = () => monaco?.editor.setTheme(dark.matches ? "graphiql-DARK" : "graphiql-LIGHT");
    dark.addEventListener("change", update);
    return () => dark.removeEventListener("change", update);
  }, [monaco]);
}
