import type { TokenStatus } from "../gql/graphql";
import { useClock } from "./use-clock";

export interface TokenExpiration {
  status: TokenStatus;
  expiredTime?: string | null;
}

/** The status of a token now: an ACTIVE token becomes EXPIRED at its expiration time, without another request. */
export function useTokenStatus({ status, expiredTime }: TokenExpiration): TokenStatus {
  const expiresAt = expiredTime ? Date.parse(expiredTime) : Number.POSITIVE_INFINITY;
  return useClock((now) => (status === "ACTIVE" && expiresAt <= now ? "EXPIRED" : status));
}
