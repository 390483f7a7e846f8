/**
 * The API key or access token of this tab. It is stored once the server has accepted it, and in `sessionStorage`, so
 * that other tabs ask for it again and closing the tab deletes it.
 */
const STORAGE_KEY = "credential";

/**
 * Why a visit ended without the user asking for it. `refused`: the credential was never accepted. `code`: there never was
 * one, because a one-time code was refused.
 */
interface SignOut {
  reason: "expired" | "refused" | "code";
  credential: string;
}

const listeners = new Set<() => void>();
let credential = readStored();
let isAccepted = credential !== null;
let forcedSignOut: SignOut | undefined;

export const getCredential = () => credential;

export const getForcedSignOut = () => forcedSignOut;

export function subscribeToCredential(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function signIn(newCredential: string) {
  forcedSignOut = undefined;
  credential = newCredential;
  isAccepted = false;
  notifyListeners();
}

/** The server has accepted the credential: store it. */
export function acceptCredential() {
  if (isAccepted || !credential) return;
  isAccepted = true;
  try {
    sessionStorage.setItem(STORAGE_KEY, credential);
  } catch {
    // The browser blocks storage: the user stays signed in until the page is reloaded.
  }
}

/** The server has refused this credential. A late response to an earlier credential is ignored. */
export function refuseCredential(refused: string) {
  if (refused === credential) signOut({ reason: isAccepted ? "expired" : "refused", credential: refused });
}

/** The server has refused a one-time code. A user who is already signed in stays so. */
export function refuseCode() {
  if (!credential) signOut({ reason: "code", credential: "" });
}

export function signOut(forced?: SignOut) {
  forcedSignOut = forced;
  credential = null;
  try {
    sessionStorage.removeItem(STORAGE_KEY);
  } catch {
    // The browser blocks storage, so nothing was stored.
  }
  notifyListeners();
}

const API_KEY = /^rk_[A-Za-z0-9_-]+$/;
const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

export const looksLikeCredential = (text: string) => API_KEY.test(text) || JWT.test(text);

/** Removes whitespace and the prefix of an `Authorization` header, both of which are easily copied along. */
export const trimCredential = (text: string) => text.trim().replace(/^Bearer\s+/i, "");

function readStored() {
  try {
    return sessionStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}

function notifyListeners() {
  for (const listener of listeners) listener();
}
