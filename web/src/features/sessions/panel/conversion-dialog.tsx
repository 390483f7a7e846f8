import { Radio, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { graphql } from "../../../gql";
import type { ConversionKind } from "../../../gql/graphql";
import type { ActionProps } from "./actions";
import { FormDialog } from "./dialog";
import { useChange } from "./use-session-mutation";

const RecordConversion = graphql(`
  mutation RecordConversion($input: RecordConversionInput!) {
    change: recordConversion(input: $input) {
      session { ...SessionDetails }
      userErrors { field code message }
    }
  }
`);

const KINDS: ConversionKind[] = ["PURCHASE", "TASK", "GOAL"];

export function ConversionDialog({ session, close, heading }: ActionProps) {
  const { t } = useTranslation(["session", "common"]);
  const [kind, setKind] = useState<ConversionKind>("PURCHASE");
  const [orderNumber, setOrderNumber] = useState("");
  const { send, failures, isBusy } = useChange(RecordConversion, { session, close, done: () => t("conversion.done") });
  const atOrder = failures.find(({ field }) => field === "orderNumber");
  return (
    <FormDialog
      title={t("conversion.title")}
      submit={t("conversion.submit")}
      isBusy={isBusy}
      failures={failures.filter((failure) => failure !== atOrder).map(({ text }) => text)}
      onSubmit={() => send({ sessionId: session.id, kind, orderNumber: orderNumber.trim() || null })}
      close={close}
      heading={heading}
    >
      <Radio.Group
        label={t("conversion.kind")}
        description={t("conversion.once")}
        value={kind}
        onChange={(value) => setKind(value as ConversionKind)}
      >
        <Stack gap="xs" mt="xs">
          {KINDS.map((value) => (
            <Radio
              key={value}
              value={value}
              size="md"
              label={t(`common:kind.${value}`)}
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
        error={atOrder?.text}
      />
    </FormDialog>
  );
}
