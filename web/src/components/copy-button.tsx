import { Check, Copy, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useCopy } from "../hooks/use-copy";
import classes from "./copy-button.module.css";

interface CopyButtonProps {
  /** Copied to the clipboard. */
  text: string;
  /** The accessible name of the button. */
  label: string;
  /** Announced by screen readers after the text was copied. */
  announcement?: string;
  icon?: LucideIcon;
  title?: string;
  tabIndex?: number;
  /** Shown before the icon, and briefly replaced by "Copied". */
  children?: ReactNode;
}

/** A button that copies text. A list renders hundreds of them, so this is a plain element. */
export function CopyButton({ text, label, announcement, icon: Icon = Copy, children, ...button }: CopyButtonProps) {
  const { t } = useTranslation();
  const { copy, isCopied } = useCopy();
  return (
    <>
      <button
        type="button"
        className={classes.button}
        data-has-text={children ? true : undefined}
        aria-label={label}
        onClick={() => copy(text)}
        {...button}
      >
        {children && isCopied ? <span className={classes.copied}>{t("copied")}</span> : children}
        {isCopied ? <Check size={16} aria-hidden /> : <Icon size={16} aria-hidden className={classes.icon} />}
      </button>
      <CopyAnnouncement>{isCopied && (announcement ?? t("copied"))}</CopyAnnouncement>
    </>
  );
}

/** A live region. It must exist before it has text, or screen readers may not announce it. */
export function CopyAnnouncement({ children }: { children: ReactNode }) {
  return (
    <span role="status" className={classes.announcement}>
      {children}
    </span>
  );
}
