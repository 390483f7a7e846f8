// The code of a token link is the session's ID followed by a signature of the same length. A storefront has the code in
// its query string.
const LINK_CODE = /(?:^|[\s/=])([0-7][0-9a-z]{25})[0-9a-z]{26}(?![0-9a-z])/;

/**
 * The search for what the user has typed or pasted. A token link becomes the ID of its session, because the search is
 * part of the URL and the link is a credential. If the text is an ID as the list shows it, its end is searched for.
 */
export function normalizeSearch(text: string): string {
  const id = LINK_CODE.exec(text)?.[1];
  return id ? `session_${id}` : text.replace("session_…", "");
}

/** An ID as the list shows it. The start is omitted, because it is the creation time and nearly the same for many. */
export const shortenId = (id: string) => id.replace(/^(session_).+(.{8})$/, "$1…$2");

export const shortenLink = (link: string) => `…${link.slice(-12)}`;
