import { useState } from "react";
import { type Client, useClient } from "urql";

/**
 * The unsaved changes of a form, or undefined. `drafts` keeps them while the user visits other pages. They are stored by
 * client, and every sign-in creates a client, so another user never sees them.
 */
export function useDraft<T>(drafts: WeakMap<Client, T>) {
  const client = useClient();
  const [draft, setDraft] = useState(drafts.get(client));

  function updateDraft(draft: T | undefined) {
    if (draft === undefined) drafts.delete(client);
    else drafts.set(client, draft);
    setDraft(draft);
  }
  return [draft, updateDraft] as const;
}
