import { Button, Group } from "@mantine/core";
import { BadgeCheck, CalendarPlus, Link2Off, RefreshCw } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useTokenStatus } from "../../../components/token-status-badge";
import { ConversionDialog } from "./conversion-dialog";
import type { DialogProps } from "./dialog";
import { ExtendDialog } from "./extend-dialog";
import { QrDialog } from "./qr-code-dialog";
import { ReissueDialog } from "./reissue-dialog";
import { RevokeDialog } from "./revoke-dialog";
import { Section } from "./section";
import type { SessionDetailsOf } from "./session-query";

const DIALOGS = {
  qr: QrDialog,
  extend: ExtendDialog,
  reissue: ReissueDialog,
  conversion: ConversionDialog,
  revoke: RevokeDialog,
};

export type Action = keyof typeof DIALOGS;

export interface ActionProps extends DialogProps {
  session: SessionDetailsOf;
}

export function ActionDialog({ action, ...props }: ActionProps & { action: Action }) {
  const Chosen = DIALOGS[action];
  return <Chosen {...props} />;
}

const ICON = 16;

/** What fits the session as it is now. */
export function Actions({ session, open }: { session: SessionDetailsOf; open: (action: Action) => void }) {
  const { t } = useTranslation("session");
  const isRevoked = useTokenStatus(session.token) === "REVOKED";
  return (
    <Section title={t("actions")}>
      <Group gap="xs">
        {!isRevoked && (
          <Button
            variant="default"
            leftSection={<CalendarPlus size={ICON} aria-hidden />}
            onClick={() => open("extend")}
          >
            {t("extend.open")}
          </Button>
        )}
        <Button variant="default" leftSection={<RefreshCw size={ICON} aria-hidden />} onClick={() => open("reissue")}>
          {t("reissue.open")}
        </Button>
        {!session.conversion && (
          <Button
            variant="default"
            leftSection={<BadgeCheck size={ICON} aria-hidden />}
            onClick={() => open("conversion")}
          >
            {t("conversion.open")}
          </Button>
        )}
        {!isRevoked && (
          <Button variant="default" leftSection={<Link2Off size={ICON} aria-hidden />} onClick={() => open("revoke")}>
            {t("revoke.open")}
          </Button>
        )}
      </Group>
    </Section>
  );
}
