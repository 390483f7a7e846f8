import { Radio, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { graphql } from "../../../gql";
import type { ConversionKind } from "../../../gql/graphql";
import type { ActionDialogProps } from "./actions";
import { FormDialog } from "./dialog";
import { useSessionMutation } from "./use-session-mutation";

const RecordConversion = graphql(`
  mutation RecordConversion($input: RecordConversionInput!, $canSeeLink: Boolean! = true) {
    change: recordConversion(input: $input) {
      session { ...SessionDetails }
      userErrors { field code message }
    }
  }
`);

const KINDS: ConversionKind[] = ["PURCHASE", "TASK", "GOAL"];

export function ConversionDialog({ session, ...dialog }: ActionDialogProps) {
  const { t } = useTranslation(["session", "common"]);
  const [kind, setKind] = useState<ConversionKind>("PURCHASE");
  const [orderNumber, setOrderNumber] = useState("");
  const { send, fieldErrors, ...form } = useSessionMutation(RecordConversion, {
    session,
    close: dialog.close,
    successText: t("conversion.done"),
    fields: ["orderNumber"],
  });
  return (
    <FormDialog
      {...dialog}
      {...form}
      title={t("conversion.title")}
      submitLabel={t("conversion.submit")}
      onSubmit={() => send({ sessionId: session.id, kind, orderNumber: orderNumber.trim() || null })}
    >
      <Radio.Group
        label={t("conversion.kind")}
        description={t("conversion.kindText")}
        value={kind}
        onChange={(value) => setKind(value as ConversionKind)}
      >
        <Stack gap="xs" mt="xs">
          {KINDS.map((value) => (
            <Radio
              key={value}
              value={value}
              size="md"
              label={t(`common:conversion.${value}`)}
              data-autofocus={value === "PURCHASE" || undefined}
            />
          ))}
        </Stack>
      </Radio.Group>
      <TextInput
        label={t("conversion.order")}
        description={t("conversion.orderText")}
        maxLength={100}
        autoComplete="off"
        value={orderNumber}
        onChange={(event) => setOrderNumber(event.currentTarget.value)}
        error={fieldErrors.orderNumber}
      />
    </FormDialog>
  );
}
