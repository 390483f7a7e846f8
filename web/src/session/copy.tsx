import { ActionIcon, VisuallyHidden } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { Check, Copy } from "lucide-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

/** Copies, says that it did, and says so, too, where the browser does not allow it. */
export function useCopy() {
  const { t } = useTranslation("session");
  const { copy, copied, error } = useClipboard();
  useEffect(() => {
    if (error) notifications.show({ message: t("copyFailed"), color: "red" });
  }, [error, t]);
  return { copy, copied };
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const { copy, copied } = useCopy();
  return (
    <>
      <ActionIcon
        variant="subtle"
        color="var(--mantine-color-text)"
        size="lg"
        aria-label={label}
        onClick={() => copy(text)}
      >
        {copied ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
      </ActionIcon>
      <Copied copied={copied} />
    </>
  );
}

/** Tells those who do not see the tick. */
export function Copied({ copied }: { copied: boolean }) {
  const { t } = useTranslation("session");
  return <VisuallyHidden role="status">{copied && t("copied")}</VisuallyHidden>;
}
