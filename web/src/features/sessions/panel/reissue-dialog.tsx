import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { graphql } from "../../../gql";
import { useFormat } from "../../../hooks/use-format";
import { useViewer } from "../../../hooks/use-viewer";
import type { ActionDialogProps } from "./actions";
import { FormDialog } from "./dialog";
import { useSessionMutation } from "./use-session-mutation";

const ReissueToken = graphql(`
  mutation ReissueToken($input: ReissueTokenInput!, $canSeeLink: Boolean! = true) {
    change: reissueToken(input: $input) {
      session { ...SessionDetails }
      userErrors { field code message }
    }
  }
`);

/** Issues a new link, which expires according to the store's setting. */
export function ReissueDialog({ session, ...dialog }: ActionDialogProps) {
  const { t } = useTranslation("session");
  const format = useFormat();
  const { sessionExpiration } = useViewer().store;
  const isRevoked = session.token.status === "REVOKED";
  const {
    send,
    fieldErrors: _,
    ...form
  } = useSessionMutation(ReissueToken, {
    session,
    close: dialog.close,
    successText: t("reissue.done"),
  });
  return (
    <FormDialog
      {...dialog}
      {...form}
      title={t("reissue.title")}
      submitLabel={t("reissue.submit")}
      onSubmit={() => send({ sessionId: session.id })}
    >
      <Text>{t(isRevoked ? "reissue.textRevoked" : "reissue.text", { name: session.customer.name })}</Text>
      <Text>
        {sessionExpiration
          ? t("reissue.expires", { duration: format.minutes(sessionExpiration) })
          : t("reissue.expiresNever")}
      </Text>
    </FormDialog>
  );
}
