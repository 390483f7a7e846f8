import { Button, Code, Group, Kbd, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { Check, Copy, QrCode } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useClock } from "../../../clock";
import { Copied } from "../../../components/copy-button";
import { TokenStatusBadge, useTokenStatus } from "../../../components/token-status-badge";
import { useFormat } from "../../../format";
import { useCopy } from "../../../hooks/use-copy";
import type { Action } from "./actions";
import { Fact } from "./details";
import classes from "./panel.module.css";
import type { SessionDetailsOf } from "./session-query";

interface TokenProps {
  token: SessionDetailsOf["token"];
  open: (action: Action) => void;
  /** No dialog is over it. */
  isOnTop: boolean;
}

export function Token({ token, open, isOnTop }: TokenProps) {
  const { t } = useTranslation("session");
  const format = useFormat();
  return (
    <dl className={classes.facts}>
      <Fact label={t("fact.status")}>
        <span aria-live="polite">
          <TokenStatusBadge token={token} />
        </span>
      </Fact>
      <Fact label={t("fact.expiredTime")}>
        <ExpiredTime token={token} />
      </Fact>
      {token.revokedAt && <Fact label={t("fact.revokedAt")}>{format.second(token.revokedAt)}</Fact>}
      <Fact label={t("fact.link")}>
        <Link token={token} open={open} isOnTop={isOnTop} />
      </Fact>
    </dl>
  );
}

function ExpiredTime({ token }: Pick<TokenProps, "token">) {
  const { t } = useTranslation("session");
  const format = useFormat();
  const status = useTokenStatus(token);
  const ends = token.expiredTime ? Date.parse(token.expiredTime) : null;
  const distance = useClock((now) => (ends === null ? 0 : Math.abs(Math.round((ends - now) / 1000) * 1000)));
  if (!token.expiredTime) return t("never");
  return (
    <>
      {format.second(token.expiredTime)}
      {status !== "REVOKED" && (
        <>
          <br />
          <span className="number">
            {status === "ACTIVE" ? t("left", { span: format.span(distance) }) : format.ago(distance)}
          </span>
        </>
      )}
    </>
  );
}

function Link({ token, open, isOnTop }: TokenProps) {
  const { t } = useTranslation("session");
  const status = useTokenStatus(token);
  const { copy, isCopied } = useCopy();
  const { link } = token;
  useHotkeys(link && isOnTop ? [["c", () => copy(link)]] : []);
  if (!link) return <Text size="sm">{t("none.link")}</Text>;
  return (
    <>
      <Code className={classes.link}>{link}</Code>
      {status !== "ACTIVE" && (
        <Text size="sm" mt={4}>
          {t("linkDead")}
        </Text>
      )}
      <Group gap="xs" mt="xs">
        <Button
          variant={status === "ACTIVE" ? "filled" : "default"}
          size="xs"
          h={32}
          aria-keyshortcuts="c"
          leftSection={isCopied ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
          rightSection={
            <Kbd size="xs" aria-hidden visibleFrom="xs">
              {SHORTCUT}
            </Kbd>
          }
          onClick={() => copy(link)}
        >
          {isCopied ? t("copied") : t("copyLink")}
        </Button>
        <Copied isCopied={isCopied} />
        {status === "ACTIVE" && (
          <Button
            variant="default"
            size="xs"
            h={32}
            leftSection={<QrCode size={16} aria-hidden />}
            onClick={() => open("qr")}
          >
            {t("qr.open")}
          </Button>
        )}
      </Group>
    </>
  );
}

const SHORTCUT = "C";
