import { Badge } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { TokenStatus } from "../gql/graphql";
import { type TokenExpiration, useTokenStatus } from "../hooks/use-token-status";

const COLORS: Record<TokenStatus, string> = { ACTIVE: "teal.9", EXPIRED: "gray.7", REVOKED: "red.9" };

export function TokenStatusBadge({ token }: { token: TokenExpiration }) {
  const { t } = useTranslation();
  const status = useTokenStatus(token);
  return (
    <Badge color={COLORS[status]} variant="filled" tt="none" data-status={status}>
      {t(`status.${status}`)}
    </Badge>
  );
}
