import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../format";
import { useCount } from "../sessions/use-session-count";

const ACTIVE = { tokenStatus: ["ACTIVE" as const] };
const NOW = { requestPolicy: "network-only" as const };

/** How many links are active at the moment. */
export function ActiveLinks() {
  const { t } = useTranslation("settings");
  const format = useFormat();
  const { count, isAsking } = useCount(ACTIVE, NOW);
  const number = count && format.number(count.value);
  return (
    <Text role="status">
      {count
        ? t(count.precision === "EXACT" ? "expiration.activeNow" : "expiration.activeNowMore", {
            count: count.value,
            number,
          })
        : isAsking && t("expiration.counting")}
    </Text>
  );
}
