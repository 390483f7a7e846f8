import { Button, Group } from "@mantine/core";
import { BadgeCheck, CalendarPlus, Link2Off, RefreshCw } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { SessionDetailsFragment } from "../../../gql/graphql";
import { useTokenStatus } from "../../../hooks/use-token-status";
import { ConversionDialog } from "./conversion-dialog";
import type { DialogProps } from "./dialog";
import { ExtendDialog } from "./extend-dialog";
import { QrCodeDialog } from "./qr-code-dialog";
import { ReissueDialog } from "./reissue-dialog";
import { RevokeDialog } from "./revoke-dialog";
import { Section } from "./section";

const DIALOGS = {
  qrCode: QrCodeDialog,
  extend: ExtendDialog,
  reissue: ReissueDialog,
  conversion: ConversionDialog,
  revoke: RevokeDialog,
};

export type Action = keyof typeof DIALOGS;

export interface ActionDialogProps extends DialogProps {
  session: SessionDetailsFragment;
}

export function ActionDialog({ action, ...props }: ActionDialogProps & { action: Action }) {
  const Dialog = DIALOGS[action];
  return <Dialog {...props} />;
}

const ICONS = { extend: CalendarPlus, reissue: RefreshCw, conversion: BadgeCheck, revoke: Link2Off };

interface ActionsProps {
  session: SessionDetailsFragment;
  open: (action: Action) => void;
}

/** Buttons for the actions that are possible in the session's current state. */
export function Actions({ session, open }: ActionsProps) {
  const { t } = useTranslation("session");
  const isRevoked = useTokenStatus(session.token) === "REVOKED";
  const isRedacted = session.redactedAt != null;
  const isPossible = {
    extend: !isRevoked && !isRedacted,
    reissue: !isRedacted,
    conversion: !session.conversion,
    revoke: !isRevoked && !isRedacted,
  };
  return (
    <Section title={t("actions")}>
      <Group gap="xs">
        {(["extend", "reissue", "conversion", "revoke"] as const)
          .filter((action) => isPossible[action])
          .map((action) => {
            const Icon = ICONS[action];
            return (
              <Button
                key={action}
                variant="default"
                leftSection={<Icon size={16} aria-hidden />}
                onClick={() => open(action)}
              >
                {t(`${action}.open`)}
              </Button>
            );
          })}
      </Group>
    </Section>
  );
}
