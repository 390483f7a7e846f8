import { useEffect, useRef } from "react";
import { useQuery } from "urql";
import { errorCodes } from "../../../client";
import { useLatestData } from "../../../hooks/use-latest-data";
import { useRefresh } from "../../../hooks/use-refresh";
import { type TokenExpiration, useTokenStatus } from "../../../hooks/use-token-status";
import { useCanSeeLink } from "../session-fields";
import { Session } from "./session-query";

// The server's clock and ours may differ slightly. When a token expires, the server is asked until it agrees.
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;

const NO_TOKEN: TokenExpiration = { status: "EXPIRED" };

/** Fetches a session and keeps it up to date. */
export function useSession(id: string) {
  const { context, refresh } = useRefresh({ poll: true });
  const variables = { id, canSeeLink: useCanSeeLink() };
  const [{ data, error, fetching, stale }, fetchAgain] = useQuery({ query: Session, variables, context });
  const isFetching = fetching || stale;
  const session = useLatestData(data?.session);

  const token = session?.token ?? NO_TOKEN;
  const hasJustExpired = useTokenStatus(token) !== token.status;
  const pause = useRef(FIRST_PAUSE_MS);
  useEffect(() => {
    if (!hasJustExpired) pause.current = FIRST_PAUSE_MS;
    if (!hasJustExpired || isFetching || error) return;
    const timer = window.setTimeout(() => {
      pause.current = Math.min(2 * pause.current, MAX_PAUSE_MS);
      fetchAgain({ requestPolicy: "network-only" });
    }, pause.current);
    return () => window.clearTimeout(timer);
  }, [hasJustExpired, isFetching, error, fetchAgain]);

  return {
    session,
    isNotFound: data?.session === null || (error && errorCodes(error).includes("BAD_USER_INPUT")),
    error: fetching ? undefined : error,
    refresh,
  };
}
