import { Alert, Button, Center, Code, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { type FormEvent, useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { signedOutBy, signIn } from "../../credential";
import { pageSettings } from "../../page-settings";

const API_KEY = /^rk_[A-Za-z0-9_-]+$/;
const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

export function SignIn() {
  const { t } = useTranslation();
  const ended = signedOutBy();
  const [credential, setCredential] = useState(
    ended?.reason === "refused" ? ended.credential : (pageSettings.key ?? ""),
  );
  const [isMalformed, setMalformed] = useState(false);
  useDocumentTitle(`${t("signIn.title")} · Roomkey`);

  function submit(event: FormEvent) {
    event.preventDefault();
    const given = credential.trim().replace(/^Bearer\s+/i, "");
    if (API_KEY.test(given) || JWT.test(given)) signIn(given);
    else setMalformed(true);
  }

  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" w={420} component="form" onSubmit={submit} aria-label={t("signIn.title")}>
        <Stack>
          <Title order={1} size="h3">
            {t("signIn.title")}
          </Title>
          {ended && (
            <Alert role="alert" color="yellow">
              {t(`signIn.${ended.reason}`)}
            </Alert>
          )}
          <PasswordInput
            label={t("signIn.credential")}
            description={t("signIn.kept")}
            error={isMalformed && t("signIn.malformed")}
            value={credential}
            onChange={(event) => {
              setCredential(event.currentTarget.value);
              setMalformed(false);
            }}
            autoComplete="off"
            spellCheck={false}
            autoFocus
            required
            withAsterisk={false}
          />
          {credential === pageSettings.key && <Text size="sm">{t("signIn.demo")}</Text>}
          <Button type="submit">{t("signIn.submit")}</Button>
          <Text size="sm">
            <Trans i18nKey="signIn.help" components={{ code: <Code style={{ whiteSpace: "nowrap" }} /> }} />
          </Text>
        </Stack>
      </Paper>
    </Center>
  );
}
