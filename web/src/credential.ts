import { useSyncExternalStore } from "react";

/**
 * The API key or access token by which this tab is signed in. It is kept for the tab alone: another one asks again,
 * and nothing of it is left when the tab is closed.
 */
const NAME = "credential";
const listeners = new Set<() => void>();

let endedBy: "expired" | undefined;

export const getCredential = () => sessionStorage.getItem(NAME);

export function signIn(credential: string) {
  endedBy = undefined;
  sessionStorage.setItem(NAME, credential);
  tell();
}

/** `expired`: the server refused the credential that it had accepted before. */
export function signOut(reason?: "expired") {
  endedBy = reason;
  sessionStorage.removeItem(NAME);
  tell();
}

/** Why nobody is signed in any more, where it was not asked for. */
export const signedOutBy = () => endedBy;

export const useCredential = () => useSyncExternalStore(subscribe, getCredential);

function tell() {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
