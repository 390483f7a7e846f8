/** What the server wrote into the page. `key`: of the embedded demo, for who sits at that machine. */
export interface PageSettings {
  key?: string;
}

export const pageSettings: PageSettings = JSON.parse(document.getElementById("settings")?.textContent || "{}");
