import { useTranslation } from "react-i18next";
import { createFormats, type Formats, localeOf } from "../format";

// Creating the formatters is slow, and every row of a list uses them.
const cache: Record<string, Formats> = {};

/** Formatters for the language of the page. */
export function useFormat(): Formats {
  const { i18n, t } = useTranslation();
  cache[i18n.language] ??= createFormats(localeOf(i18n.language, navigator.languages), t);
  return cache[i18n.language] as Formats;
}
