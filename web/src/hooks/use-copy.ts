import i18next from "i18next";
import { useEffect, useState } from "react";
import { notify } from "../components/notify";

const FEEDBACK_MS = 2000;

/** Copies text to the clipboard. `isCopied` is true for two seconds afterwards. */
export function useCopy() {
  const [isCopied, setCopied] = useState(false);

  useEffect(() => {
    if (!isCopied) return;
    const timer = window.setTimeout(() => setCopied(false), FEEDBACK_MS);
    return () => window.clearTimeout(timer);
  }, [isCopied]);

  async function copy(text: string) {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Browsers block the clipboard on insecure origins: show the text instead.
      notify({ title: i18next.t("copyFailed"), message: text, color: "red", autoClose: false });
    }
  }

  return { copy, isCopied };
}
