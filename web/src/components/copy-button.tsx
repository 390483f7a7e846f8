import { ActionIcon, VisuallyHidden } from "@mantine/core";
import { Check, Copy } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useCopy } from "../hooks/use-copy";

export function CopyButton({ text, label }: { text: string; label: string }) {
  const { copy, isCopied } = useCopy();
  return (
    <>
      <ActionIcon
        variant="subtle"
        color="var(--mantine-color-text)"
        size="lg"
        aria-label={label}
        onClick={() => copy(text)}
      >
        {isCopied ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
      </ActionIcon>
      <Copied isCopied={isCopied} />
    </>
  );
}

/** Tells those who do not see the tick. */
export function Copied({ isCopied }: { isCopied: boolean }) {
  const { t } = useTranslation("session");
  return <VisuallyHidden role="status">{isCopied && t("copied")}</VisuallyHidden>;
}
