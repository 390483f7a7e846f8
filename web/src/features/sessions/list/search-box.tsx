import { CloseButton, Kbd, TextInput } from "@mantine/core";
import { useWindowEvent } from "@mantine/hooks";
import { Search } from "lucide-react";
import { type KeyboardEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useShortcuts } from "../../../hooks/use-search-shortcut";

interface SearchBoxProps {
  text: string;
  setText: (text: string) => void;
  /** Go to the list. */
  leave: () => void;
}

const ID = "search";

export const focusSearch = () => document.getElementById(ID)?.focus();

export function SearchBox({ text, setText, leave }: SearchBoxProps) {
  const { t } = useTranslation("sessions");
  const box = useRef<HTMLInputElement>(null);
  const [hasShortcut] = useShortcuts();

  useWindowEvent("keydown", (event) => {
    if (!hasShortcut || event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    event.preventDefault();
    box.current?.focus();
    box.current?.select();
  });

  function press(event: KeyboardEvent) {
    // A key of an input method is not the box's.
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      if (text) setText("");
      else leave();
    } else if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      leave();
    }
  }

  return (
    <TextInput
      ref={box}
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
              box.current?.focus();
            }}
          />
        ) : (
          hasShortcut && (
            <Kbd visibleFrom="sm" aria-hidden>
              {t("search.key")}
            </Kbd>
          )
        )
      }
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={press}
      autoComplete="off"
      spellCheck={false}
      enterKeyHint="search"
      flex={1}
      miw={0}
      maw={560}
    />
  );
}

const TYPED_INTO = "input:not([type=checkbox]), textarea, [contenteditable], [role=dialog]";

const isTyping = ({ target }: Event) => target instanceof Element && target.closest(TYPED_INTO);
