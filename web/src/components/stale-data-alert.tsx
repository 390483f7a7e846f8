import { Alert, Button, Group, Text } from "@mantine/core";
import { CircleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { CombinedError } from "urql";

interface StaleDataAlertProps {
  error: CombinedError;
  /** Shown unless the server cannot be reached, which has a separate text. */
  text: string;
  retry: () => void;
}

/** Warns that the data on the screen could not be updated. */
export function StaleDataAlert({ error, text, retry }: StaleDataAlertProps) {
  const { t } = useTranslation();
  return (
    <Alert role="alert" color="red" variant="outline" radius={0} py={4} icon={<CircleAlert size={18} />}>
      <Group justify="space-between" gap="xs">
        <Text size="sm">{error.networkError ? t("error.unreachable") : text}</Text>
        <Button variant="default" size="xs" onClick={retry}>
          {t("error.retry")}
        </Button>
      </Group>
    </Alert>
  );
}
