/** API keys, access tokens (JWT) and the codes of token links. What is kept is JSON: a line begins after a `\n`. */
const CREDENTIALS = /(?<=\b|\\[bfnrt])(?:rk_\w+|eyJ[\w-]+\.[\w-]+\.[\w-]+|[0-9a-hjkmnp-tv-z]{52})(?!\w)/g;
const PREFIX = "graphiql:";

/** Where GraphiQL keeps queries, variables and history. Credentials within them are left out. */
export const storage = {
  getItem: (name: string) => localStorage.getItem(name),
  setItem: (name: string, value: string) => localStorage.setItem(name, value.replace(CREDENTIALS, "NOT_KEPT")),
  removeItem: (name: string) => localStorage.removeItem(name),
  /** What the console keeps here stays. */
  clear() {
    for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) localStorage.removeItem(name);
  },
  get length() {
    return localStorage.length;
  },
};
