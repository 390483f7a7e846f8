import { Text, TextInput } from "@mantine/core";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "urql";
import { notify } from "../../components/notify";
import { useViewer } from "../../hooks/use-viewer";
import { Card, FormCard } from "./card";
import { isValidRetention, MAX_DAYS, MIN_DAYS } from "./retention-days";
import { SaveError } from "./save-error";
import { useDraft } from "./use-draft";
import { useSaveSettings } from "./use-save-settings";

const drafts = new WeakMap<Client, string>();

/** The days after which sessions are redacted. Only admins can change them, because this cannot be undone. */
export function Retention() {
  const { t } = useTranslation("settings");
  const { can, store } = useViewer();
  if (can("ADMIN")) return <RetentionForm />;
  return (
    <Card title={t("retention.title")} text={t("retention.text")}>
      <Text>{store.retentionDays ? t("retention.after", { count: store.retentionDays }) : t("retention.never")}</Text>
    </Card>
  );
}

function RetentionForm() {
  const { t } = useTranslation("settings");
  const { store } = useViewer();
  const { save, clearErrors, isSaving, fieldError, error, otherErrors } = useSaveSettings();
  const [draft, setDraft] = useDraft(drafts);
  const input = useRef<HTMLInputElement>(null);

  const saved = store.retentionDays?.toString() ?? "";
  const days = (draft ?? saved).trim();
  const isChanged = days !== saved;
  const isInvalid = !isValidRetention(days);

  function change(days?: string) {
    clearErrors();
    setDraft(days);
  }

  async function submit() {
    if (isInvalid) return input.current?.focus();
    if (!isChanged) return;
    if (!(await save({ retentionDays: days ? Number(days) : null }))) return;
    setDraft(undefined);
    notify({ color: "green", message: t("retention.saved") });
  }

  return (
    <FormCard
      title={t("retention.title")}
      text={t("retention.text")}
      isChanged={isChanged}
      isSaving={isSaving}
      save={submit}
      discard={() => change()}
    >
      <TextInput
        ref={input}
        label={t("retention.days")}
        description={days && !isInvalid ? t("retention.after", { count: Number(days) }) : t("retention.never")}
        value={draft ?? saved}
        onChange={(event) => change(event.currentTarget.value)}
        error={isInvalid ? t("retention.invalid", { min: MIN_DAYS, max: MAX_DAYS }) : fieldError("retentionDays")}
        errorProps={{ role: "alert" }}
        inputMode="numeric"
        autoComplete="off"
        maw={320}
      />
      <SaveError error={error} otherErrors={otherErrors} />
    </FormCard>
  );
}
