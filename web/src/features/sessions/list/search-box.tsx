import { CloseButton, Kbd, TextInput } from "@mantine/core";
import { useWindowEvent } from "@mantine/hooks";
import { Search } from "lucide-react";
import { type KeyboardEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useSearchShortcut } from "../../../hooks/use-search-shortcut";

interface SearchBoxProps {
  text: string;
  setText: (text: string) => void;
  focusTable: () => void;
}

const ID = "search";

export const focusSearch = () => document.getElementById(ID)?.focus();

export function SearchBox({ text, setText, focusTable }: SearchBoxProps) {
  const { t } = useTranslation("sessions");
  const input = useRef<HTMLInputElement>(null);
  const [hasShortcut] = useSearchShortcut();

  useWindowEvent("keydown", (event) => {
    const isModified = event.ctrlKey || event.metaKey || event.altKey;
    if (!hasShortcut || event.key !== "/" || isModified || isTyping(event)) return;
    event.preventDefault();
    input.current?.focus();
    input.current?.select();
  });

  function handleKey(event: KeyboardEvent) {
    // The key belongs to an input method.
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      if (text) setText("");
      else focusTable();
    } else if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      focusTable();
    }
  }

  return (
    <TextInput
      ref={input}
      id={ID}
      role="searchbox"
      aria-label={t("search.label")}
      aria-keyshortcuts={hasShortcut ? "/" : undefined}
      placeholder={t("search.placeholder")}
      leftSection={<Search size={16} aria-hidden />}
      rightSection={
        text ? (
          <CloseButton
            size="md"
            aria-label={t("search.clear")}
            onClick={() => {
              setText("");
              input.current?.focus();
            }}
          />
        ) : (
          hasShortcut && (
            <Kbd visibleFrom="sm" aria-hidden>
              {"/"}
            </Kbd>
          )
        )
      }
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={handleKey}
      autoComplete="off"
      spellCheck={false}
      enterKeyHint="search"
      flex={1}
      miw={0}
      maw={560}
    />
  );
}

const TEXT_INPUTS = "input:not([type=checkbox]), textarea, [contenteditable], [role=dialog]";

const isTyping = ({ target }: Event) => target instanceof Element && target.closest(TEXT_INPUTS);
