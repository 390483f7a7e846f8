import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../../format";
import { graphql } from "../../../gql";
import { useViewer } from "../../../hooks/use-viewer";
import type { ActionProps } from "./actions";
import { FormDialog } from "./dialog";
import { useChange } from "./use-session-mutation";

const ReissueToken = graphql(`
  mutation ReissueToken($input: ReissueTokenInput!) {
    change: reissueToken(input: $input) {
      session { ...SessionDetails }
      userErrors { field code message }
    }
  }
`);

/** The new token expires as the store's setting says. */
export function ReissueDialog({ session, close, heading }: ActionProps) {
  const { t } = useTranslation("session");
  const format = useFormat();
  const { sessionExpiration } = useViewer().store;
  const isRevoked = session.token.status === "REVOKED";
  const { send, failures, isBusy } = useChange(ReissueToken, { session, close, done: () => t("reissue.done") });
  return (
    <FormDialog
      title={t("reissue.title")}
      submit={t("reissue.submit")}
      isBusy={isBusy}
      failures={failures.map(({ text }) => text)}
      onSubmit={() => send({ sessionId: session.id })}
      close={close}
      heading={heading}
    >
      <Text>{t(isRevoked ? "reissue.textRevoked" : "reissue.text", { name: session.customer.name })}</Text>
      <Text>
        {sessionExpiration ? t("reissue.ends", { minutes: format.number(sessionExpiration) }) : t("reissue.endsNever")}
      </Text>
    </FormDialog>
  );
}
