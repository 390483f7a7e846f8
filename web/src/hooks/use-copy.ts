import i18next from "i18next";
import { useEffect, useState } from "react";
import { notify } from "../components/notify";

const SHOWN = 2000;

/** Copies, and shows the text where the browser does not allow it. */
export function useCopy() {
  const [isCopied, setCopied] = useState(false);

  useEffect(() => {
    if (!isCopied) return;
    const timer = window.setTimeout(() => setCopied(false), SHOWN);
    return () => window.clearTimeout(timer);
  }, [isCopied]);

  async function copy(text: string) {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Browsers let pages of an insecure address not do it.
      notify({ title: i18next.t("notCopied"), message: text, color: "red", autoClose: false });
    }
  }

  return { copy, isCopied };
}
