import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../hooks/use-format";
import { useSessionCount } from "../sessions/use-session-count";

const ACTIVE = { tokenStatus: ["ACTIVE" as const] };
const CONTEXT = { requestPolicy: "network-only" as const };

export function ActiveLinkCount() {
  const { t } = useTranslation("settings");
  const format = useFormat();
  const { count, isLoading } = useSessionCount(ACTIVE, CONTEXT);
  return (
    <Text role="status">
      {count
        ? t(count.precision === "EXACT" ? "expiration.activeCount" : "expiration.activeCountMore", {
            count: count.value,
            number: format.number(count.value),
          })
        : isLoading && t("expiration.counting")}
    </Text>
  );
}
