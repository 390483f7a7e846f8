import { Button, Checkbox, Group, Modal, Radio, Stack, Text, TextInput } from "@mantine/core";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "urql";
import { notify } from "../../components/notify";
import { inWords, MOST_MINUTES, PRESETS, problemOf } from "../../expiration-minutes";
import { useViewer } from "../../hooks/use-viewer";
import { ActiveLinks } from "./active-link-count";
import { FormCard } from "./card";
import { useDraft } from "./use-draft";
import { NotSaved, useSave } from "./use-save-settings";

const USUAL = "30";

interface Draft {
  kind: "disabled" | "enabled";
  minutes: string;
  appliesToActive: boolean;
}

// What was touched. The rest follows the store, should someone else change it meanwhile.
const drafts = new WeakMap<Client, Partial<Draft>>();

export function ExpirationForm() {
  const { t, i18n } = useTranslation("settings");
  const { can, store } = useViewer();
  const { sessionExpiration } = store;
  const { save, forget, isSaving, refusalOf, ...refused } = useSave();
  const [draft, setDraft] = useDraft(drafts);
  const [isConfirming, setConfirming] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  const saved: Draft = {
    kind: sessionExpiration === 0 ? "disabled" : "enabled",
    minutes: sessionExpiration === 0 ? USUAL : String(sessionExpiration),
    appliesToActive: false,
  };
  const { kind, minutes, appliesToActive } = { ...saved, ...draft };
  const problem = kind === "enabled" ? problemOf(minutes) : null;
  const wanted = kind === "disabled" ? 0 : Number(minutes);
  const isChanged = appliesToActive || problem !== null || wanted !== sessionExpiration;
  const words = inWords(wanted, i18n.language);

  function change(changes: Partial<Draft>) {
    forget();
    setDraft({ ...draft, ...changes });
  }

  function startAnew() {
    forget();
    setDraft(undefined);
  }

  async function send() {
    setConfirming(false);
    const payload = await save({ sessionExpiration: wanted, applyToActiveTokens: appliesToActive });
    if (!payload) return;
    startAnew();
    notify({
      color: "green",
      message: appliesToActive
        ? t("expiration.activeChanged", { count: payload.tokensChanged })
        : t("expiration.saved"),
      autoClose: 10_000,
    });
  }

  function submit() {
    if (problem) input.current?.focus();
    else if (appliesToActive) setConfirming(true);
    else if (isChanged) send();
  }

  function consequence() {
    if (!appliesToActive) return t("expiration.onlyNewLinks");
    if (kind === "disabled") return t("expiration.activeNever");
    return problem ? t("expiration.activeToo") : t("expiration.activeAfter", { words });
  }

  return (
    <FormCard
      title={t("expiration.title")}
      text={t("expiration.text")}
      isChanged={isChanged}
      isSaving={isSaving}
      save={submit}
      discard={startAnew}
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
            error={kind === "disabled" && refusalOf("sessionExpiration")}
          />
          <Radio
            value="enabled"
            label={t("expiration.enabled")}
            description={t("expiration.enabledText", { most: MOST_MINUTES })}
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
            error={problem ? t(`expiration.problem.${problem}`) : refusalOf("sessionExpiration")}
            description={problem ? undefined : t("expiration.inWords", { words })}
            inputWrapperOrder={["label", "input", "description", "error"]}
            errorProps={{ role: "alert" }}
            inputMode="numeric"
            autoComplete="off"
            maw={320}
          />
          <Group gap="xs" role="group" aria-label={t("expiration.presets")}>
            {PRESETS.map((preset) => (
              <Button
                key={preset}
                size="xs"
                h={32}
                variant={minutes.trim() === String(preset) ? "filled" : "default"}
                aria-pressed={minutes.trim() === String(preset)}
                onClick={() => change({ minutes: String(preset) })}
              >
                {inWords(preset, i18n.language)}
              </Button>
            ))}
          </Group>
        </Stack>
      )}
      <Checkbox
        label={t("expiration.applyToActive")}
        description={consequence()}
        checked={appliesToActive}
        onChange={(event) => change({ appliesToActive: event.currentTarget.checked })}
      />
      <NotSaved {...refused} />
      <Modal
        opened={isConfirming}
        onClose={() => setConfirming(false)}
        title={t("expiration.confirm")}
        closeButtonProps={{ "aria-label": t("close") }}
        centered
      >
        <Stack>
          {can("SESSIONS_READ") && <ActiveLinks />}
          <Text>{consequence()}</Text>
          <Text size="sm">{t("expiration.othersStay")}</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setConfirming(false)} data-autofocus>
              {t("cancel")}
            </Button>
            <Button color={kind === "enabled" ? "red.9" : undefined} onClick={send}>
              {t("expiration.confirmed")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </FormCard>
  );
}
