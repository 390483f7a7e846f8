import { Button, Center, Loader, Stack, Text, Title } from "@mantine/core";
import { useInterval } from "@mantine/hooks";
import { CloudOff, Lock, type LucideIcon, SearchX, ServerCrash } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { CombinedError } from "urql";
import { codesOf } from "../client";
import { signOut } from "../credential";

const RETRY = 5_000;

/** `page`: nothing else is on the screen. */
interface Extent {
  page?: boolean;
}

export function Loading({ page }: Extent) {
  const { t } = useTranslation();
  return (
    <Center mih={page ? "100vh" : 240} role="status" aria-label={t("loading")}>
      <Loader type="dots" />
    </Center>
  );
}

interface StateProps extends Extent {
  icon: LucideIcon;
  title: string;
  text?: ReactNode;
  children?: ReactNode;
}

/** Why there is nothing to see, and what can be done. */
export function State({ icon: Icon, title, text, children, page }: StateProps) {
  return (
    <Center mih={page ? "100vh" : 240} p="lg">
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

export function Nothing({ title, text, children }: Omit<StateProps, "icon" | "page">) {
  return (
    <State icon={SearchX} title={title} text={text}>
      {children}
    </State>
  );
}

/** What went wrong: no permission, no connection, documents that are not published, or the server. */
export function Failed({ error, again, page }: Extent & { error: CombinedError; again: () => void }) {
  const { t } = useTranslation();
  const codes = codesOf(error);
  const { start, stop } = useInterval(again, RETRY);
  const isAway = Boolean(error.networkError);
  useEffect(() => {
    if (isAway) start();
    return stop;
  }, [isAway, start, stop]);
  const retry = (
    <Button variant="default" onClick={again}>
      {t("failed.again")}
    </Button>
  );
  const leave = (
    <Button variant="default" onClick={() => signOut()}>
      {t("signOut")}
    </Button>
  );
  if (isAway) {
    return (
      <State icon={CloudOff} title={t("failed.offline")} text={t("failed.offlineText")} page={page}>
        {retry}
      </State>
    );
  }
  if (codes.includes("FORBIDDEN")) {
    return (
      <State icon={Lock} title={t("failed.forbidden")} text={t("failed.forbiddenText")} page={page}>
        {page && leave}
      </State>
    );
  }
  if (codes.some((code) => code.startsWith("PERSISTED_QUERY_NOT"))) {
    return (
      <State icon={Lock} title={t("failed.unpublished")} text={t("failed.unpublishedText")} page={page}>
        {leave}
      </State>
    );
  }
  return (
    <State icon={ServerCrash} title={t("failed.title")} text={error.graphQLErrors[0]?.message} page={page}>
      {retry}
    </State>
  );
}
