import { Button, Code, Group, Kbd, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { Check, Copy, QrCode } from "lucide-react";
import { useTranslation } from "react-i18next";
import { CopyAnnouncement } from "../../../components/copy-button";
import { TokenStatusBadge } from "../../../components/token-status-badge";
import type { SessionDetailsFragment } from "../../../gql/graphql";
import { useClock } from "../../../hooks/use-clock";
import { useCopy } from "../../../hooks/use-copy";
import { useFormat } from "../../../hooks/use-format";
import { useTokenStatus } from "../../../hooks/use-token-status";
import { useCanSeeLink } from "../session-fields";
import type { Action } from "./actions";
import { Detail } from "./details";
import classes from "./panel.module.css";

interface TokenProps {
  token: SessionDetailsFragment["token"];
  open: (action: Action) => void;
  hasDialog: boolean;
}

export function Token({ token, open, hasDialog }: TokenProps) {
  const { t } = useTranslation("session");
  const format = useFormat();
  return (
    <dl className={classes.details}>
      <Detail label={t("detail.status")}>
        <span aria-live="polite">
          <TokenStatusBadge token={token} />
        </span>
      </Detail>
      <Detail label={t("detail.expiredTime")}>
        <ExpiredTime token={token} />
      </Detail>
      {token.revokedAt && <Detail label={t("detail.revokedAt")}>{format.preciseDateTime(token.revokedAt)}</Detail>}
      {useCanSeeLink() && (
        <Detail label={t("detail.link")}>
          <TokenLink token={token} open={open} hasDialog={hasDialog} />
        </Detail>
      )}
    </dl>
  );
}

function ExpiredTime({ token }: Pick<TokenProps, "token">) {
  const { t } = useTranslation("session");
  const format = useFormat();
  const status = useTokenStatus(token);
  const expiresAt = token.expiredTime ? Date.parse(token.expiredTime) : null;
  const distance = useClock((now) => (expiresAt === null ? 0 : Math.abs(Math.round((expiresAt - now) / 1000) * 1000)));
  if (!token.expiredTime) return t("never");
  return (
    <>
      {format.preciseDateTime(token.expiredTime)}
      {status !== "REVOKED" && (
        <>
          <br />
          <span className="number">
            {status === "ACTIVE" ? t("timeLeft", { duration: format.duration(distance) }) : format.ago(distance)}
          </span>
        </>
      )}
    </>
  );
}

function TokenLink({ token, open, hasDialog }: TokenProps) {
  const { t } = useTranslation(["session", "common"]);
  const isActive = useTokenStatus(token) === "ACTIVE";
  const { copy, isCopied } = useCopy();
  const { link } = token;
  useHotkeys(link && !hasDialog ? [["c", () => copy(link)]] : []);
  if (!link) return <Text size="sm">{t("none.link")}</Text>;
  return (
    <>
      <Code display="block">{link}</Code>
      {!isActive && (
        <Text size="sm" mt={4}>
          {t("linkInvalid")}
        </Text>
      )}
      <Group gap="xs" mt="xs">
        <Button
          variant={isActive ? "filled" : "default"}
          size="xs"
          h={32}
          aria-keyshortcuts="c"
          leftSection={isCopied ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
          rightSection={
            <Kbd size="xs" aria-hidden visibleFrom="xs">
              {"C"}
            </Kbd>
          }
          onClick={() => copy(link)}
        >
          {isCopied ? t("common:copied") : t("copyLink")}
        </Button>
        <CopyAnnouncement>{isCopied && t("common:copied")}</CopyAnnouncement>
        {isActive && (
          <Button
            variant="default"
            size="xs"
            h={32}
            leftSection={<QrCode size={16} aria-hidden />}
            onClick={() => open("qrCode")}
          >
            {t("qrCode.open")}
          </Button>
        )}
      </Group>
    </>
  );
}
