import { Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { graphql } from "../../../gql";
import type { ActionDialogProps } from "./actions";
import { FormDialog } from "./dialog";
import { useSessionMutation } from "./use-session-mutation";

const RevokeToken = graphql(`
  mutation RevokeToken($input: RevokeTokenInput!, $canSeeLink: Boolean! = true) {
    change: revokeToken(input: $input) {
      session { ...SessionDetails }
      userErrors { field code message }
    }
  }
`);

export function RevokeDialog({ session, ...dialog }: ActionDialogProps) {
  const { t } = useTranslation("session");
  const [reason, setReason] = useState("");
  const { send, fieldErrors, ...form } = useSessionMutation(RevokeToken, {
    session,
    close: dialog.close,
    successText: t("revoke.done"),
    fields: ["reason"],
  });
  return (
    <FormDialog
      {...dialog}
      {...form}
      title={t("revoke.title")}
      submitLabel={t("revoke.submit")}
      submitColor="red.9"
      onSubmit={() => send({ sessionId: session.id, reason: reason.trim() || null })}
    >
      <Text>{t("revoke.text", { name: session.customer.name })}</Text>
      <Text>{t("revoke.irreversible")}</Text>
      <TextInput
        label={t("revoke.reason")}
        description={t("revoke.reasonText")}
        maxLength={200}
        autoComplete="off"
        data-autofocus
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={fieldErrors.reason}
      />
    </FormDialog>
  );
}
