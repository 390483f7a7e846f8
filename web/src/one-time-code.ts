/** The one-time code in an address that `roomkey serve --demo` or `roomkey sign-in` has printed. */
const PREFIX = "#sign-in=";

interface Exchange {
  key?: string;
  isRefused: boolean;
}

/** Exchanges the code in the page's address, if it has one, for a key. */
export async function exchangeCode(): Promise<Exchange> {
  // Opening such an address in a tab that already shows the page does not load the page again.
  window.addEventListener("hashchange", () => {
    if (location.hash.startsWith(PREFIX)) location.reload();
  });
  if (!location.hash.startsWith(PREFIX)) return { isRefused: false };
  const code = location.hash.slice(PREFIX.length);
  // It works only once, so it must not be sent again after a reload.
  history.replaceState(null, "", location.pathname + location.search);
  const headers = { "content-type": "application/json" };
  try {
    const response = await fetch("/sign-in", { method: "POST", headers, body: JSON.stringify({ code }) });
    return response.ok ? { key: (await response.json()).key, isRefused: false } : { isRefused: true };
  } catch {
    return { isRefused: true };
  }
}
