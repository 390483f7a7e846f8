import { Alert } from "@mantine/core";
import { CircleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import { errorCodes } from "../../client";
import type { useSaveSettings } from "./use-save-settings";

/** Says why the settings were not saved, unless the error belongs to a field. */
export function SaveError({ error, otherErrors }: Pick<ReturnType<typeof useSaveSettings>, "error" | "otherErrors">) {
  const { t } = useTranslation("settings");
  if (!error && otherErrors.length === 0) return null;
  let reason = error?.graphQLErrors[0]?.message ?? otherErrors.join(" ");
  if (error?.networkError) reason = t("notSaved.unreachable");
  else if (error && errorCodes(error).includes("FORBIDDEN")) reason = t("notSaved.forbidden");
  return (
    <Alert role="alert" color="red" variant="outline" icon={<CircleAlert />} title={t("notSaved.title")}>
      {reason}
    </Alert>
  );
}
