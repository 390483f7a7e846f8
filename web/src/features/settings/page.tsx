import { Alert, Anchor, Container, Stack, Text, Title } from "@mantine/core";
import { Lock } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { StaleDataAlert } from "../../components/stale-data-alert";
import { useFormat } from "../../hooks/use-format";
import { useRefresh } from "../../hooks/use-refresh";
import { useViewer, Viewer } from "../../hooks/use-viewer";
import { Card } from "./card";
import { ExpirationForm } from "./expiration-form";
import { Retention } from "./retention-form";
import { StoreForm } from "./store-form";

export default function SettingsPage() {
  const { t } = useTranslation("settings");
  const { can } = useViewer();
  const { context, refresh } = useRefresh();
  // The result reaches the forms through `useViewer`, which shares the cache.
  const [{ error, fetching }] = useQuery({ query: Viewer, context });
  return (
    <Container size="sm" w="100%" px="md" py="lg">
      <Stack gap="lg">
        <Title order={1} size="h2">
          {t("title")}
        </Title>
        {error && !fetching && <StaleDataAlert error={error} text={t("stale")} retry={refresh} />}
        {can("SETTINGS_WRITE") ? (
          <>
            <ExpirationForm />
            <StoreForm />
            <Retention />
          </>
        ) : (
          <ReadOnlySettings />
        )}
      </Stack>
    </Container>
  );
}

function ReadOnlySettings() {
  const { t } = useTranslation("settings");
  const format = useFormat();
  const { name, slug, storefrontUrl, sessionExpiration } = useViewer().store;
  return (
    <>
      <Alert icon={<Lock />} variant="outline" color="gray" title={t("readOnly.title")}>
        {t("readOnly.text")}
      </Alert>
      <Card title={t("expiration.title")} text={t("expiration.text")}>
        <div>
          <Text fw={600}>{sessionExpiration === 0 ? t("expiration.disabled") : t("expiration.enabled")}</Text>
          <Text>
            {sessionExpiration === 0
              ? t("expiration.disabledText")
              : t("readOnly.expiration", { duration: format.minutes(sessionExpiration) })}
          </Text>
        </div>
      </Card>
      <Card title={t("store.title")} text={t("store.text")}>
        <Stack component="dl" gap="xs" my={0}>
          <Setting label={t("store.name")}>{name}</Setting>
          <Setting label={t("store.storefrontUrl")}>
            <Anchor href={storefrontUrl} target="_blank" rel="noreferrer">
              {storefrontUrl}
            </Anchor>
          </Setting>
          <Setting label={t("store.slug")}>{slug}</Setting>
        </Stack>
      </Card>
    </>
  );
}

function Setting({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <Text component="dt" size="sm" fw={600}>
        {label}
      </Text>
      <Text component="dd" m={0} style={{ overflowWrap: "anywhere" }}>
        {children}
      </Text>
    </div>
  );
}
