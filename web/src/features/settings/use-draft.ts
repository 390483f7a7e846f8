import { useState } from "react";
import { type Client, useClient } from "urql";

/**
 * What is not saved yet of a form, if anything. It waits in `drafts` while other pages are looked at, for as long as
 * one is signed in: each signing in has a client of its own.
 */
export function useDraft<T>(drafts: WeakMap<Client, T>) {
  const client = useClient();
  const [draft, setDraft] = useState(drafts.get(client));

  function keep(draft: T | undefined) {
    if (draft === undefined) drafts.delete(client);
    else drafts.set(client, draft);
    setDraft(draft);
  }
  return [draft, keep] as const;
}
