import { notifications } from "@mantine/notifications";
import { useSyncExternalStore } from "react";

/**
 * The API key or access token by which this tab is signed in. Once it is accepted, it is kept for the tab alone: another
 * one asks again, and nothing of it is left when the tab is closed.
 */
const NAME = "credential";
const listeners = new Set<() => void>();

let credential = kept();
let isAccepted = credential !== null;
let ended: { reason: "expired" | "refused"; credential: string } | undefined;

export const getCredential = () => credential;

export function signIn(given: string) {
  ended = undefined;
  credential = given;
  isAccepted = false;
  tell();
}

/** The server has said who this is. */
export function accepted() {
  if (isAccepted || !credential) return;
  isAccepted = true;
  try {
    sessionStorage.setItem(NAME, credential);
  } catch {
    // A browser may keep nothing: one is signed in until the page is loaded again.
  }
}

/** The server did not take this credential. Of another one than the present, the answer comes too late. */
export function refused(given: string) {
  if (given !== credential) return;
  signOut({ reason: isAccepted ? "expired" : "refused", credential: given });
}

export function signOut(by?: typeof ended) {
  ended = by;
  credential = null;
  try {
    sessionStorage.removeItem(NAME);
  } catch {
    // Nothing was kept.
  }
  // They may name customers, and lead to pages.
  notifications.clean();
  tell();
}

/** Why nobody is signed in any more, where it was not asked for. `refused`: it never was accepted. */
export const signedOutBy = () => ended;

export const useCredential = () => useSyncExternalStore(subscribe, getCredential);

function kept() {
  try {
    return sessionStorage.getItem(NAME);
  } catch {
    return null;
  }
}

function tell() {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
