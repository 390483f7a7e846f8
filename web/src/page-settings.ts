/** Settings that the server writes into the page. `key` is the API key of the embedded demo, to be filled in. */
export interface PageSettings {
  key?: string;
}

export const pageSettings: PageSettings = JSON.parse(document.getElementById("settings")?.textContent || "{}");
