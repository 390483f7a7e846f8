import { Badge } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useClock } from "../clock";
import type { TokenStatus } from "../gql/graphql";

export interface ShownToken {
  status: TokenStatus;
  expiredTime?: string | null;
}

/** The status at this second: a token whose expired time has come since it was asked for is EXPIRED. */
export function useTokenStatus({ status, expiredTime }: ShownToken): TokenStatus {
  const ends = expiredTime ? Date.parse(expiredTime) : Number.POSITIVE_INFINITY;
  return useClock((now) => (status === "ACTIVE" && ends <= now ? "EXPIRED" : status));
}

const COLORS: Record<TokenStatus, string> = { ACTIVE: "teal.9", EXPIRED: "gray.7", REVOKED: "red.9" };

export function TokenStatusBadge({ token }: { token: ShownToken }) {
  const { t } = useTranslation();
  const status = useTokenStatus(token);
  return (
    <Badge color={COLORS[status]} variant="filled" data-status={status}>
      {t(`status.${status}`)}
    </Badge>
  );
}
