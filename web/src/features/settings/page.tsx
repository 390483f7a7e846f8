import { Alert, Anchor, Container, Stack, Text, Title } from "@mantine/core";
import { Lock } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { NotUpToDate } from "../../components/stale-data-alert";
import { inWords } from "../../expiration-minutes";
import { useRefreshes } from "../../hooks/use-refresh";
import { useViewer, Viewer } from "../../hooks/use-viewer";
import { Card } from "./card";
import { ExpirationForm } from "./expiration-form";
import { StoreForm } from "./store-form";

export default function SettingsPage() {
  const { t } = useTranslation("settings");
  const { can } = useViewer();
  const { context, refresh } = useRefreshes();
  // What is shown comes by `useViewer`, and follows.
  const [{ error, fetching }] = useQuery({ query: Viewer, context });
  return (
    <Container size="sm" w="100%" px="md" py="lg">
      <Stack gap="lg">
        <Title order={1} size="h2">
          {t("title")}
        </Title>
        {error && !fetching && <NotUpToDate error={error} text={t("notUpToDate")} again={refresh} />}
        {can("SETTINGS_WRITE") ? (
          <>
            <ExpirationForm />
            <StoreForm />
          </>
        ) : (
          <AsTheyAre />
        )}
      </Stack>
    </Container>
  );
}

/** The settings for those who may not change them. */
function AsTheyAre() {
  const { t, i18n } = useTranslation("settings");
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
              : t("readOnly.after", { words: inWords(sessionExpiration, i18n.language) })}
          </Text>
        </div>
      </Card>
      <Card title={t("store.title")} text={t("store.text")}>
        <Stack component="dl" gap="xs" my={0}>
          <Fact term={t("store.name")}>{name}</Fact>
          <Fact term={t("store.storefrontUrl")}>
            <Anchor href={storefrontUrl} target="_blank" rel="noreferrer">
              {storefrontUrl}
            </Anchor>
          </Fact>
          <Fact term={t("store.slug")}>{slug}</Fact>
        </Stack>
      </Card>
    </>
  );
}

function Fact({ term, children }: { term: string; children: React.ReactNode }) {
  return (
    <div>
      <Text component="dt" size="sm" fw={600}>
        {term}
      </Text>
      <Text component="dd" m={0} style={{ overflowWrap: "anywhere" }}>
        {children}
      </Text>
    </div>
  );
}
