import { Alert, Button, Group, Text } from "@mantine/core";
import { CircleAlert, Inbox } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { CombinedError } from "urql";
import { codesOf } from "../client";
import { Failed, Nothing, State } from "../components/states";
import { ANY, type View } from "./view";

interface Changing {
  change: (changed: Partial<View>) => void;
}

export function NoSessions({ isFiltered, change }: Changing & { isFiltered: boolean }) {
  const { t } = useTranslation(["sessions", "common"]);
  if (!isFiltered) return <State icon={Inbox} title={t("none.title")} text={t("none.text")} />;
  return (
    <Nothing title={t("noMatch.title")} text={t("noMatch.text")}>
      <Clear change={change} />
    </Nothing>
  );
}

interface Refused {
  error: CombinedError;
  again: () => void;
}

/** The list could not be read. */
export function NotAnswered({ error, again, view, change }: Refused & Changing & { view: View }) {
  const { t } = useTranslation(["sessions", "common"]);
  if (!codesOf(error).includes("BAD_USER_INPUT")) return <Failed error={error} again={again} />;
  return (
    <Nothing title={t("refused.title")} text={view.search ? t("refused.search") : error.message}>
      <Clear change={change} />
    </Nothing>
  );
}

/** What is on the screen is not all, or not the newest. */
export function NotUpToDate({ error, again }: Refused) {
  const { t } = useTranslation(["sessions", "common"]);
  return (
    <Alert role="alert" color="red" variant="outline" radius={0} py={4} icon={<CircleAlert size={18} />}>
      <Group justify="space-between" gap="xs">
        <Text size="sm">{error.networkError ? t("common:failed.offline") : t("notUpToDate")}</Text>
        <Button variant="default" size="xs" onClick={again}>
          {t("common:failed.again")}
        </Button>
      </Group>
    </Alert>
  );
}

function Clear({ change }: Changing) {
  const { t } = useTranslation(["sessions", "common"]);
  return (
    <Button variant="default" onClick={() => change(ANY)}>
      {t("clear")}
    </Button>
  );
}
