import { Check, Copy as CopyIcon, type LucideIcon } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useCopy } from "../../../hooks/use-copy";
import type { Texts } from "./session-row";
import classes from "./session-table.module.css";

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
  const { copy, isCopied } = useCopy();

  useEffect(() => {
    if (!isCopied) return;
    say(said);
    return () => say("");
  }, [isCopied, said, say]);

  return (
    <button
      type="button"
      className={classes.copy}
      onClick={() => copy(text)}
      title={title}
      aria-label={isCopied ? said : label}
      tabIndex={tabIndex}
    >
      {isCopied ? <span className={classes.copied}>{t("copied")}</span> : children}
      {isCopied ? <Check size={14} aria-hidden /> : <Icon size={14} aria-hidden className={classes.icon} />}
    </button>
  );
}
