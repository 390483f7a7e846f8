import { Button, Checkbox, Group, Modal, Radio, Stack, Text, TextInput } from "@mantine/core";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "urql";
import { notify } from "../../components/notify";
import { MAX_MINUTES, minutesProblem } from "../../expiration-minutes";
import { useFormat } from "../../hooks/use-format";
import { useViewer } from "../../hooks/use-viewer";
import { ActiveLinkCount } from "./active-link-count";
import { FormCard } from "./card";
import { SaveError } from "./save-error";
import { useDraft } from "./use-draft";
import { useSaveSettings } from "./use-save-settings";

const DEFAULT_MINUTES = "30";
const PRESETS = [15, 30, 60, 240, 1440];

interface Draft {
  kind: "disabled" | "enabled";
  minutes: string;
  appliesToActive: boolean;
}

// Only the values that the user has changed. The others follow the store, even if a colleague changes it meanwhile.
const drafts = new WeakMap<Client, Partial<Draft>>();

export function ExpirationForm() {
  const { t } = useTranslation(["settings", "common"]);
  const format = useFormat();
  const { can, store } = useViewer();
  const { sessionExpiration } = store;
  const { save, clearErrors, isSaving, fieldError, error, otherErrors } = useSaveSettings();
  const [draft, setDraft] = useDraft(drafts);
  const [isConfirming, setConfirming] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  const saved: Draft = {
    kind: sessionExpiration === 0 ? "disabled" : "enabled",
    minutes: sessionExpiration === 0 ? DEFAULT_MINUTES : String(sessionExpiration),
    appliesToActive: false,
  };
  const { kind, minutes, appliesToActive } = { ...saved, ...draft };
  const problem = kind === "enabled" ? minutesProblem(minutes) : null;
  const newExpiration = kind === "disabled" ? 0 : Number(minutes);
  const isChanged = appliesToActive || problem !== null || newExpiration !== sessionExpiration;
  const duration = format.minutes(newExpiration);

  function change(changes: Partial<Draft>) {
    clearErrors();
    setDraft({ ...draft, ...changes });
  }

  function discard() {
    clearErrors();
    setDraft(undefined);
  }

  async function send() {
    setConfirming(false);
    const payload = await save({ sessionExpiration: newExpiration, applyToActiveTokens: appliesToActive });
    if (!payload) return;
    discard();
    notify({
      color: "green",
      message: appliesToActive ? t("expiration.savedActive", { count: payload.tokensChanged }) : t("expiration.saved"),
      autoClose: 10_000,
    });
  }

  function submit() {
    if (problem) input.current?.focus();
    else if (appliesToActive) setConfirming(true);
    else if (isChanged) send();
  }

  function effect() {
    if (!appliesToActive) return t("expiration.effect.newOnly");
    if (kind === "disabled") return t("expiration.effect.never");
    return problem ? t("expiration.effect.unknown") : t("expiration.effect.after", { duration });
  }

  return (
    <FormCard
      title={t("expiration.title")}
      text={t("expiration.text")}
      isChanged={isChanged}
      isSaving={isSaving}
      save={submit}
      discard={discard}
    >
      <Radio.Group
        aria-label={t("expiration.title")}
        value={kind}
        onChange={(kind) => change({ kind: kind as Draft["kind"] })}
      >
        <Stack gap="sm">
          <Radio
            value="disabled"
            label={t("expiration.disabled")}
            description={t("expiration.disabledText")}
            error={kind === "disabled" && fieldError("sessionExpiration")}
          />
          <Radio
            value="enabled"
            label={t("expiration.enabled")}
            description={t("expiration.enabledText", { max: MAX_MINUTES })}
          />
        </Stack>
      </Radio.Group>
      {kind === "enabled" && (
        <Stack gap="xs" pl={{ base: 0, xs: 32 }}>
          <TextInput
            ref={input}
            label={t("expiration.minutes")}
            value={minutes}
            onChange={(event) => change({ minutes: event.currentTarget.value })}
            error={problem ? t(`expiration.problem.${problem}`, { max: MAX_MINUTES }) : fieldError("sessionExpiration")}
            description={problem ? undefined : t("expiration.duration", { duration })}
            inputWrapperOrder={["label", "input", "description", "error"]}
            errorProps={{ role: "alert" }}
            inputMode="numeric"
            autoComplete="off"
            maw={320}
          />
          <Group gap="xs" role="group" aria-label={t("expiration.presets")}>
            {PRESETS.map((preset) => {
              const isChosen = minutes.trim() === String(preset);
              return (
                <Button
                  key={preset}
                  size="xs"
                  h={32}
                  variant={isChosen ? "filled" : "default"}
                  aria-pressed={isChosen}
                  onClick={() => change({ minutes: String(preset) })}
                >
                  {format.minutes(preset)}
                </Button>
              );
            })}
          </Group>
        </Stack>
      )}
      {can("SESSIONS_WRITE") && (
        <Checkbox
          label={t("expiration.applyToActive")}
          description={effect()}
          checked={appliesToActive}
          onChange={(event) => change({ appliesToActive: event.currentTarget.checked })}
        />
      )}
      <SaveError error={error} otherErrors={otherErrors} />
      <Modal
        opened={isConfirming}
        onClose={() => setConfirming(false)}
        title={t("expiration.confirm.title")}
        closeButtonProps={{ "aria-label": t("common:close") }}
        centered
      >
        <Stack>
          {can("SESSIONS_READ") && <ActiveLinkCount />}
          <Text>{effect()}</Text>
          <Text size="sm">{t("expiration.confirm.unaffected")}</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setConfirming(false)} data-autofocus>
              {t("common:cancel")}
            </Button>
            <Button color={kind === "enabled" ? "red.9" : undefined} onClick={send}>
              {t("expiration.confirm.submit")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </FormCard>
  );
}
