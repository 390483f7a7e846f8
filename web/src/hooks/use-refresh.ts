import { useDocumentVisibility, useWindowEvent } from "@mantine/hooks";
import { useCallback, useEffect, useMemo, useState } from "react";
import type { OperationContext } from "urql";

const MIN_AGE_MS = 5_000;
const POLL_INTERVAL_MS = 30_000;

/**
 * The context for a page's queries: they show cached data immediately and then fetch it again. All of them are fetched
 * again by `refresh`, when the user returns to the tab, and when the connection is restored. With `poll`, also every
 * 30 seconds while the tab is visible.
 */
export function useRefresh({ poll = false } = {}) {
  const [refreshedAt, setRefreshedAt] = useState(Date.now);
  const visibility = useDocumentVisibility();
  const refresh = useCallback(() => setRefreshedAt(Date.now()), []);

  const refreshIfOld = useCallback(() => {
    if (navigator.onLine && Date.now() - refreshedAt > MIN_AGE_MS) refresh();
  }, [refreshedAt, refresh]);
  useEffect(() => {
    if (visibility === "visible") refreshIfOld();
  }, [visibility, refreshIfOld]);
  useEffect(() => {
    if (!poll || visibility !== "visible") return;
    const timer = window.setTimeout(refreshIfOld, POLL_INTERVAL_MS);
    return () => window.clearTimeout(timer);
  }, [poll, visibility, refreshIfOld]);
  useWindowEvent("focus", refreshIfOld);
  useWindowEvent("online", refresh);

  // urql executes a query again when its context changes.
  const context: Partial<OperationContext> = useMemo(
    () => ({ requestPolicy: "cache-and-network", refreshedAt }),
    [refreshedAt],
  );
  return { context, refresh };
}
