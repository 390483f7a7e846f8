import { Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { graphql } from "../../../gql";
import type { ActionProps } from "./actions";
import { FormDialog } from "./dialog";
import { useChange } from "./use-session-mutation";

const RevokeToken = graphql(`
  mutation RevokeToken($input: RevokeTokenInput!) {
    change: revokeToken(input: $input) {
      session { ...SessionDetails }
      userErrors { field code message }
    }
  }
`);

export function RevokeDialog({ session, close, heading }: ActionProps) {
  const { t } = useTranslation("session");
  const [reason, setReason] = useState("");
  const { send, failures, isBusy } = useChange(RevokeToken, { session, close, done: () => t("revoke.done") });
  const atReason = failures.find(({ field }) => field === "reason");
  return (
    <FormDialog
      title={t("revoke.title")}
      submit={t("revoke.submit")}
      color="red.9"
      isBusy={isBusy}
      failures={failures.filter((failure) => failure !== atReason).map(({ text }) => text)}
      onSubmit={() => send({ sessionId: session.id, reason: reason.trim() || null })}
      close={close}
      heading={heading}
    >
      <Text>{t("revoke.text", { name: session.customer.name })}</Text>
      <Text>{t("revoke.undo")}</Text>
      <TextInput
        label={t("revoke.reason")}
        description={t("revoke.reasonText")}
        maxLength={200}
        autoComplete="off"
        data-autofocus
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={atReason?.text}
      />
    </FormDialog>
  );
}
