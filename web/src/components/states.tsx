import { Button, Center, Loader, Stack, Text, Title } from "@mantine/core";
import { useInterval } from "@mantine/hooks";
import { CloudOff, Lock, type LucideIcon, SearchX, ServerCrash } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { CombinedError } from "urql";
import { errorCodes } from "../client";
import { signOut } from "../credential";

const RETRY_INTERVAL_MS = 5_000;

interface Size {
  /** Fill the page, because nothing else is on it. */
  isFullPage?: boolean;
}

export function Loading({ isFullPage }: Size) {
  const { t } = useTranslation();
  return (
    <Center mih={isFullPage ? "100vh" : 240} role="status" aria-label={t("loading")}>
      <Loader type="dots" />
    </Center>
  );
}

interface EmptyStateProps extends Size {
  icon?: LucideIcon;
  title: string;
  text?: ReactNode;
  /** Suggests an action to the user. */
  children?: ReactNode;
}

/** Says why there is no content. */
export function EmptyState({ icon: Icon = SearchX, title, text, children, isFullPage }: EmptyStateProps) {
  return (
    <Center mih={isFullPage ? "100vh" : 240} p="lg">
      <Stack align="center" gap="xs" maw={440}>
        <Icon size={36} strokeWidth={1.5} aria-hidden />
        <Title order={2} size="h4" ta="center">
          {title}
        </Title>
        {text && <Text ta="center">{text}</Text>}
        {children}
      </Stack>
    </Center>
  );
}

export function ForbiddenState({ isFullPage }: Size) {
  const { t } = useTranslation();
  return (
    <EmptyState icon={Lock} title={t("error.forbidden")} text={t("error.forbiddenText")} isFullPage={isFullPage}>
      {isFullPage && <SignOutButton />}
    </EmptyState>
  );
}

interface ErrorStateProps extends Size {
  error: CombinedError;
  retry: () => void;
}

/** Says why a query failed. If the server could not be reached, the query is retried every few seconds. */
export function ErrorState({ error, retry, isFullPage }: ErrorStateProps) {
  const { t } = useTranslation();
  const codes = errorCodes(error);
  const isUnreachable = Boolean(error.networkError);
  const { start, stop } = useInterval(retry, RETRY_INTERVAL_MS);
  useEffect(() => {
    if (isUnreachable) start();
    return stop;
  }, [isUnreachable, start, stop]);

  if (!isUnreachable && codes.includes("FORBIDDEN")) return <ForbiddenState isFullPage={isFullPage} />;
  if (!isUnreachable && codes.some((code) => code.startsWith("PERSISTED_QUERY_NOT"))) {
    return (
      <EmptyState icon={Lock} title={t("error.wrongApp")} text={t("error.wrongAppText")} isFullPage={isFullPage}>
        <SignOutButton />
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={isUnreachable ? CloudOff : ServerCrash}
      title={t(isUnreachable ? "error.unreachable" : "error.title")}
      text={isUnreachable ? t("error.unreachableText") : error.graphQLErrors[0]?.message}
      isFullPage={isFullPage}
    >
      <Button variant="default" onClick={retry}>
        {t("error.retry")}
      </Button>
    </EmptyState>
  );
}

function SignOutButton() {
  const { t } = useTranslation();
  return (
    <Button variant="default" onClick={() => signOut()}>
      {t("signOut")}
    </Button>
  );
}
