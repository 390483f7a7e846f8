import { Alert, Button, Group, Text } from "@mantine/core";
import { CircleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { CombinedError } from "urql";

interface NotUpToDateProps {
  error: CombinedError;
  /** What is said of it, where the server was reached. */
  text: string;
  again: () => void;
}

/** What is on the screen is not all, or not the newest. */
export function NotUpToDate({ error, text, again }: NotUpToDateProps) {
  const { t } = useTranslation();
  return (
    <Alert role="alert" color="red" variant="outline" radius={0} py={4} icon={<CircleAlert size={18} />}>
      <Group justify="space-between" gap="xs">
        <Text size="sm">{error.networkError ? t("failed.offline") : text}</Text>
        <Button variant="default" size="xs" onClick={again}>
          {t("failed.again")}
        </Button>
      </Group>
    </Alert>
  );
}
