import { Alert, Button, Center, Code, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { type FormEvent, useEffect, useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { getForcedSignOut, looksLikeCredential, signIn, trimCredential } from "../../credential";

export function SignInPage() {
  const { t } = useTranslation();
  const signedOut = getForcedSignOut();
  const [text, setText] = useState(signedOut?.reason === "refused" ? signedOut.credential : "");
  const [isMalformed, setMalformed] = useState(false);
  useDocumentTitle(`${t("signIn.title")} · Roomkey`);
  // Notifications of the previous visit may name customers.
  useEffect(() => {
    notifications.clean();
  }, []);

  function submit(event: FormEvent) {
    event.preventDefault();
    const credential = trimCredential(text);
    if (looksLikeCredential(credential)) signIn(credential);
    else setMalformed(true);
  }

  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" w={420} component="form" onSubmit={submit} aria-label={t("signIn.title")}>
        <Stack>
          <Title order={1} size="h3">
            {t("signIn.title")}
          </Title>
          {signedOut && (
            <Alert role="alert" color="yellow">
              {t(`signIn.${signedOut.reason}`)}
            </Alert>
          )}
          <PasswordInput
            label={t("signIn.credential")}
            description={t("signIn.storage")}
            error={isMalformed && t("signIn.malformed")}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
              setMalformed(false);
            }}
            autoComplete="off"
            spellCheck={false}
            autoFocus
            required
            withAsterisk={false}
          />
          <Button type="submit">{t("signIn.submit")}</Button>
          <Text size="sm">
            <Trans i18nKey="signIn.help" components={{ code: <Code style={{ whiteSpace: "nowrap" }} /> }} />
          </Text>
        </Stack>
      </Paper>
    </Center>
  );
}
