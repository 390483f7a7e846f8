import { beforeEach, describe, expect, test, vi } from "vitest";
import { looksLikeCredential, trimCredential } from "./credential";

const KEY = "rk_0123456789";
const JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzaXRpIn0.c2lnbmF0dXJl";

describe("looksLikeCredential", () => {
  test.each([KEY, JWT])("accepts %s", (text) => {
    expect(looksLikeCredential(text)).toBe(true);
  });

  test.each(["", "secret", "rk_", "rk_ with spaces", "eyJ.eyJ", "a.b.c.d", `Bearer ${KEY}`])("rejects %j", (text) => {
    expect(looksLikeCredential(text)).toBe(false);
  });
});

test.each([KEY, ` ${KEY}\n`, `Bearer ${KEY}`, `bearer  ${KEY} `])("trimCredential finds the key in %j", (text) => {
  expect(trimCredential(text)).toBe(KEY);
});

describe("the credential of the tab", () => {
  const stored = new Map<string, string>();

  beforeEach(() => {
    stored.clear();
    vi.resetModules();
    vi.stubGlobal("sessionStorage", {
      getItem: (name: string) => stored.get(name) ?? null,
      setItem: (name: string, value: string) => stored.set(name, value),
      removeItem: (name: string) => stored.delete(name),
    });
  });

  const load = () => import("./credential");

  test("is stored after the server has accepted it", async () => {
    const { acceptCredential, getCredential, signIn } = await load();
    signIn(KEY);
    expect(getCredential()).toBe(KEY);
    expect(stored.size).toBe(0);
    acceptCredential();
    expect([...stored]).toEqual([["credential", KEY]]);
  });

  test("is restored after a reload", async () => {
    stored.set("credential", KEY);
    expect((await load()).getCredential()).toBe(KEY);
  });

  test("is deleted by signing out", async () => {
    stored.set("credential", KEY);
    const { getCredential, getForcedSignOut, signOut } = await load();
    signOut();
    expect(getCredential()).toBeNull();
    expect(getForcedSignOut()).toBeUndefined();
    expect(stored.size).toBe(0);
  });

  test("is refused if the server has never accepted it", async () => {
    const { getCredential, getForcedSignOut, refuseCredential, signIn } = await load();
    signIn(KEY);
    refuseCredential(KEY);
    expect(getCredential()).toBeNull();
    expect(getForcedSignOut()).toEqual({ reason: "refused", credential: KEY });
  });

  test("has expired if the server accepted it before", async () => {
    stored.set("credential", KEY);
    const { getForcedSignOut, refuseCredential } = await load();
    refuseCredential(KEY);
    expect(getForcedSignOut()).toEqual({ reason: "expired", credential: KEY });
    expect(stored.size).toBe(0);
  });

  test("is not affected by a late response to another credential", async () => {
    const { getCredential, refuseCredential, signIn } = await load();
    signIn(JWT);
    refuseCredential(KEY);
    expect(getCredential()).toBe(JWT);
  });

  test("notifies its listeners until they unsubscribe", async () => {
    const { signIn, signOut, subscribeToCredential } = await load();
    const listener = vi.fn();
    const unsubscribe = subscribeToCredential(listener);
    signIn(KEY);
    signOut();
    expect(listener).toHaveBeenCalledTimes(2);
    unsubscribe();
    signIn(KEY);
    expect(listener).toHaveBeenCalledTimes(2);
  });

  test("works without storage", async () => {
    vi.stubGlobal("sessionStorage", undefined);
    const { acceptCredential, getCredential, signIn, signOut } = await load();
    signIn(KEY);
    acceptCredential();
    expect(getCredential()).toBe(KEY);
    signOut();
    expect(getCredential()).toBeNull();
  });
});
