import { Alert } from "@mantine/core";
import { CircleAlert } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type OperationResult, useMutation } from "urql";
import { codesOf } from "../../client";
import { graphql } from "../../gql";
import type { UpdateStoreSettingsInput, UpdateStoreSettingsMutation } from "../../gql/graphql";

const UpdateStoreSettings = graphql(`
  mutation UpdateStoreSettings($input: UpdateStoreSettingsInput!) {
    updateStoreSettings(input: $input) {
      store { id name slug storefrontUrl sessionExpiration }
      tokensChanged
      userErrors { field code message }
    }
  }
`);

const FIELDS = ["sessionExpiration", "name", "storefrontUrl"] as const;
type Field = (typeof FIELDS)[number];

/** Saves settings, and knows why the last attempt was refused or failed until `forget`. */
export function useSave() {
  const { t } = useTranslation("settings");
  const [{ fetching }, update] = useMutation(UpdateStoreSettings);
  const [last, setLast] = useState<OperationResult<UpdateStoreSettingsMutation>>();
  const refusals = last?.data?.updateStoreSettings.userErrors ?? [];
  return {
    isSaving: fetching,
    error: last?.error,
    refusalOf(field: Field) {
      const refusal = refusals.find((error) => error.field?.[0] === field);
      return refusal && (refusal.code === "INVALID" ? t(`refused.${field}`) : refusal.message);
    },
    /** What was refused for no field of the forms. */
    otherRefusals: refusals.filter(({ field }) => !FIELDS.some((name) => name === field?.[0])),
    forget: () => setLast(undefined),
    async save(input: UpdateStoreSettingsInput) {
      const result = await update({ input });
      setLast(result);
      const payload = result.data?.updateStoreSettings;
      return payload?.store ? payload : null;
    },
  };
}

/** Why nothing was saved, where that is no single field's fault. */
export function NotSaved({ error, otherRefusals }: Pick<ReturnType<typeof useSave>, "error" | "otherRefusals">) {
  const { t } = useTranslation("settings");
  if (!error && otherRefusals.length === 0) return null;
  let reason = error?.graphQLErrors[0]?.message ?? otherRefusals.map(({ message }) => message).join(" ");
  if (error?.networkError) reason = t("notSaved.offline");
  else if (error && codesOf(error).includes("FORBIDDEN")) reason = t("notSaved.forbidden");
  return (
    <Alert role="alert" color="red" variant="outline" icon={<CircleAlert />} title={t("notSaved.title")}>
      {reason}
    </Alert>
  );
}
