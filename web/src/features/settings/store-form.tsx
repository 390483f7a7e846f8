import { Textarea, TextInput } from "@mantine/core";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "urql";
import { notify } from "../../components/notify";
import { useViewer } from "../../hooks/use-viewer";
import { FormCard } from "./card";
import { SaveError } from "./save-error";
import { areValidHosts, isValidName, isValidUrl, MAX_HOSTS, MAX_NAME_LENGTH, parseHosts } from "./store-validation";
import { useDraft } from "./use-draft";
import { useSaveSettings } from "./use-save-settings";

interface Draft {
  name?: string;
  storefrontUrl?: string;
  /** One host per line. */
  storefrontHosts?: string;
}

const drafts = new WeakMap<Client, Draft>();

export function StoreForm() {
  const { t } = useTranslation("settings");
  const { can, store } = useViewer();
  const mayMove = can("ADMIN");
  const { save, clearErrors, isSaving, fieldError, error, otherErrors } = useSaveSettings();
  const [draft, setDraft] = useDraft(drafts);
  const nameInput = useRef<HTMLInputElement>(null);
  const urlInput = useRef<HTMLInputElement>(null);
  const hostsInput = useRef<HTMLTextAreaElement>(null);

  const savedHosts = store.storefrontHosts.join("\n");
  const text = { ...store, storefrontHosts: savedHosts, ...draft };
  const name = text.name.trim();
  const storefrontUrl = text.storefrontUrl.trim();
  const storefrontHosts = parseHosts(text.storefrontHosts);
  const isNameChanged = name !== store.name;
  const isUrlChanged = storefrontUrl !== store.storefrontUrl;
  const isHostsChanged = storefrontHosts.join() !== parseHosts(savedHosts).join();
  const isChanged = isNameChanged || isUrlChanged || isHostsChanged;
  const isNameInvalid = isNameChanged && !isValidName(name);
  const isUrlInvalid = isUrlChanged && !isValidUrl(storefrontUrl);
  const isHostsInvalid = isHostsChanged && !areValidHosts(storefrontHosts);

  function change(changes: Draft) {
    clearErrors();
    setDraft({ ...draft, ...changes });
  }

  function discard() {
    clearErrors();
    setDraft(undefined);
  }

  async function submit() {
    if (isNameInvalid) return nameInput.current?.focus();
    if (isUrlInvalid) return urlInput.current?.focus();
    if (isHostsInvalid) return hostsInput.current?.focus();
    if (!isChanged) return;
    const payload = await save({
      name: isNameChanged ? name : undefined,
      storefrontUrl: isUrlChanged ? storefrontUrl : undefined,
      storefrontHosts: isHostsChanged ? storefrontHosts : undefined,
    });
    if (!payload) return;
    setDraft(undefined);
    notify({ color: "green", message: t("store.saved") });
  }

  return (
    <FormCard
      title={t("store.title")}
      text={t("store.text")}
      isChanged={isChanged}
      isSaving={isSaving}
      save={submit}
      discard={discard}
    >
      <TextInput
        ref={nameInput}
        label={t("store.name")}
        description={t("store.nameText")}
        value={text.name}
        onChange={(event) => change({ name: event.currentTarget.value })}
        error={isNameInvalid ? t("store.nameInvalid", { max: MAX_NAME_LENGTH }) : fieldError("name")}
        errorProps={{ role: "alert" }}
        autoComplete="off"
      />
      <TextInput
        ref={urlInput}
        label={t("store.storefrontUrl")}
        description={t(mayMove ? "store.storefrontUrlText" : "store.storefrontUrlAdmin")}
        variant={mayMove ? undefined : "filled"}
        readOnly={!mayMove}
        value={text.storefrontUrl}
        onChange={(event) => change({ storefrontUrl: event.currentTarget.value })}
        error={isUrlInvalid ? t("store.storefrontUrlInvalid") : fieldError("storefrontUrl")}
        errorProps={{ role: "alert" }}
        inputMode="url"
        autoComplete="off"
        spellCheck={false}
      />
      {mayMove && (
        <Textarea
          ref={hostsInput}
          label={t("store.storefrontHosts")}
          description={t("store.storefrontHostsText")}
          rows={3}
          resize="vertical"
          value={text.storefrontHosts}
          onChange={(event) => change({ storefrontHosts: event.currentTarget.value })}
          error={isHostsInvalid ? t("store.storefrontHostsInvalid", { max: MAX_HOSTS }) : fieldError("storefrontHosts")}
          errorProps={{ role: "alert" }}
          autoComplete="off"
          spellCheck={false}
        />
      )}
      <TextInput
        label={t("store.slug")}
        description={t("store.slugText")}
        value={store.slug}
        variant="filled"
        readOnly
      />
      <SaveError error={error} otherErrors={otherErrors} />
    </FormCard>
  );
}
