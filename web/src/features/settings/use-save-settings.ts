import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type OperationResult, useMutation } from "urql";
import { graphql } from "../../gql";
import type { UpdateStoreSettingsInput, UpdateStoreSettingsMutation } from "../../gql/graphql";

const UpdateStoreSettings = graphql(`
  mutation UpdateStoreSettings($input: UpdateStoreSettingsInput!) {
    updateStoreSettings(input: $input) {
      store { id name slug storefrontUrl storefrontHosts sessionExpiration retentionDays }
      tokensChanged
      userErrors { field code message }
    }
  }
`);

const FIELDS = ["sessionExpiration", "name", "storefrontUrl", "storefrontHosts", "retentionDays"] as const;
type Field = (typeof FIELDS)[number];

/** Saves settings. The errors of the last attempt are kept until `clearErrors` or the next attempt. */
export function useSaveSettings() {
  const { t } = useTranslation("settings");
  const [{ fetching }, update] = useMutation(UpdateStoreSettings);
  const [result, setResult] = useState<OperationResult<UpdateStoreSettingsMutation>>();
  const userErrors = result?.data?.updateStoreSettings.userErrors ?? [];
  return {
    isSaving: fetching,
    error: result?.error,
    fieldError(name: Field) {
      const error = userErrors.find(({ field }) => field?.[0] === name);
      return error && (error.code === "INVALID" ? t(`invalid.${name}`) : error.message);
    },
    /** Messages that belong to none of the fields. */
    otherErrors: userErrors
      .filter(({ field }) => !FIELDS.some((name) => name === field?.[0]))
      .map(({ message }) => message),
    clearErrors: () => setResult(undefined),
    /** Returns null if the settings were not saved. */
    async save(input: UpdateStoreSettingsInput) {
      const result = await update({ input });
      setResult(result);
      const payload = result.data?.updateStoreSettings;
      return payload?.store ? payload : null;
    },
  };
}
