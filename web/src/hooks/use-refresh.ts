import { useDocumentVisibility, useWindowEvent } from "@mantine/hooks";
import { useCallback, useEffect, useMemo, useState } from "react";
import type { OperationContext } from "urql";

const AWAY = 5_000;
const OFTEN = 30_000;

/**
 * How the queries of the page are asked: what is known is shown at once, and brought up to date. They are asked again
 * at every refresh: when someone wants it, comes back to the tab, or has a connection again. `isWatched`: and twice a
 * minute while the tab is looked at, for what customers and colleagues do.
 */
export function useRefreshes({ isWatched = false } = {}) {
  const [asked, setAsked] = useState(Date.now);
  const visibility = useDocumentVisibility();
  const refresh = useCallback(() => setAsked(Date.now()), []);

  const comeBack = useCallback(() => {
    if (navigator.onLine && Date.now() - asked > AWAY) refresh();
  }, [asked, refresh]);
  useEffect(() => {
    if (visibility === "visible") comeBack();
  }, [visibility, comeBack]);
  useEffect(() => {
    if (!isWatched || visibility !== "visible") return;
    const timer = window.setTimeout(comeBack, OFTEN);
    return () => window.clearTimeout(timer);
  }, [isWatched, visibility, comeBack]);
  useWindowEvent("focus", comeBack);
  useWindowEvent("online", refresh);

  // A query is asked again where its context is another one.
  const context: Partial<OperationContext> = useMemo(() => ({ requestPolicy: "cache-and-network", asked }), [asked]);
  return { context, refresh };
}

/** What was answered last: where it could not be asked for again, it stays on the screen. */
export function useLast<T>(data: T | undefined) {
  const [last, setLast] = useState(data);
  if (data && data !== last) setLast(data);
  return data ?? last;
}
