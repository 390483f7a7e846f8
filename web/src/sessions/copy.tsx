import { notifications } from "@mantine/notifications";
import { Check, Copy as CopyIcon, type LucideIcon } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import classes from "./list.module.css";
import type { Texts } from "./row";

const SHOWN = 2000;

interface CopyProps {
  text: string;
  title: string;
  label: string;
  /** What is said when it is done. */
  said: string;
  texts: Texts;
  tabIndex: number;
  icon?: LucideIcon;
  children: ReactNode;
}

/** What is copied by a click on it. */
export function Copy({ text, title, label, said, texts, tabIndex, icon: Icon = CopyIcon, children }: CopyProps) {
  const { t, say } = texts;
  const [isCopied, setCopied] = useState(false);

  useEffect(() => {
    if (!isCopied) return;
    const timer = window.setTimeout(() => {
      setCopied(false);
      say("");
    }, SHOWN);
    return () => window.clearTimeout(timer);
  }, [isCopied, say]);

  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      say(said);
    } catch {
      // Browsers let pages of an insecure address not do it.
      notifications.show({ title: t("notCopied"), message: text, color: "red", autoClose: false });
    }
  }

  return (
    <button
      type="button"
      className={classes.copy}
      onClick={copy}
      title={title}
      aria-label={isCopied ? said : label}
      tabIndex={tabIndex}
    >
      {isCopied ? <span className={classes.copied}>{t("copied")}</span> : children}
      {isCopied ? <Check size={14} aria-hidden /> : <Icon size={14} aria-hidden className={classes.icon} />}
    </button>
  );
}
