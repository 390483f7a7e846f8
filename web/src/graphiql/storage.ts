import { redactCredentials } from "./redact-credentials";

const PREFIX = "graphiql:";

/** Stores GraphiQL's queries, variables and history, without the credentials that they may contain. */
export const storage = {
  getItem: (name: string) => localStorage.getItem(name),
  setItem: (name: string, value: string) => localStorage.setItem(name, redactCredentials(value)),
  removeItem: (name: string) => localStorage.removeItem(name),
  /** Removes GraphiQL's entries, and not those of the console. */
  clear() {
    for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) localStorage.removeItem(name);
  },
  get length() {
    return localStorage.length;
  },
};
