import { TextInput } from "@mantine/core";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "urql";
import { notify } from "../../components/notify";
import { useViewer } from "../../hooks/use-viewer";
import { FormCard } from "./card";
import { useDraft } from "./use-draft";
import { NotSaved, useSave } from "./use-save-settings";

const NAME_LENGTH = 200;

interface Draft {
  name?: string;
  storefrontUrl?: string;
}

const drafts = new WeakMap<Client, Draft>();

export function StoreForm() {
  const { t } = useTranslation("settings");
  const { store } = useViewer();
  const { save, forget, isSaving, refusalOf, ...refused } = useSave();
  const [draft, setDraft] = useDraft(drafts);
  const nameInput = useRef<HTMLInputElement>(null);
  const urlInput = useRef<HTMLInputElement>(null);

  const { name, storefrontUrl } = { ...store, ...draft };
  const isNameChanged = name.trim() !== store.name;
  const isUrlChanged = storefrontUrl.trim() !== store.storefrontUrl;
  const isChanged = isNameChanged || isUrlChanged;
  const isNameWrong = isNameChanged && (name.trim() === "" || [...name.trim()].length > NAME_LENGTH);
  const isUrlWrong = isUrlChanged && !isWebAddress(storefrontUrl.trim());

  function change(changes: Draft) {
    forget();
    setDraft({ ...draft, ...changes });
  }

  async function submit() {
    if (isNameWrong) return nameInput.current?.focus();
    if (isUrlWrong) return urlInput.current?.focus();
    if (!isChanged) return;
    const payload = await save({
      name: isNameChanged ? name.trim() : undefined,
      storefrontUrl: isUrlChanged ? storefrontUrl.trim() : undefined,
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
      discard={() => {
        forget();
        setDraft(undefined);
      }}
    >
      <TextInput
        ref={nameInput}
        label={t("store.name")}
        description={t("store.nameText")}
        value={name}
        onChange={(event) => change({ name: event.currentTarget.value })}
        error={isNameWrong ? t("store.nameProblem", { most: NAME_LENGTH }) : refusalOf("name")}
        errorProps={{ role: "alert" }}
        autoComplete="off"
      />
      <TextInput
        ref={urlInput}
        label={t("store.storefrontUrl")}
        description={t("store.storefrontUrlText")}
        value={storefrontUrl}
        onChange={(event) => change({ storefrontUrl: event.currentTarget.value })}
        error={isUrlWrong ? t("store.storefrontUrlProblem") : refusalOf("storefrontUrl")}
        errorProps={{ role: "alert" }}
        inputMode="url"
        autoComplete="off"
        spellCheck={false}
      />
      <TextInput
        label={t("store.slug")}
        description={t("store.slugText")}
        value={store.slug}
        variant="filled"
        readOnly
      />
      <NotSaved {...refused} />
    </FormCard>
  );
}

function isWebAddress(text: string) {
  return /^https?:\/\/[^\s/]/i.test(text) && !/\s/.test(text) && URL.canParse(text);
}
