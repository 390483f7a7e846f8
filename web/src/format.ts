import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * How moments, numbers and spans are written in the language that is shown, as is usual in the country that the browser
 * names with it; moments in the browser's time zone.
 */
export function useFormat() {
  const { i18n, t } = useTranslation();
  formats[i18n.language] ??= formatsOf(i18n.language, t);
  return formats[i18n.language] as Formats;
}

export type Formats = ReturnType<typeof formatsOf>;

// To make them takes long where each row of a list does it.
const formats: Record<string, Formats> = {};

function formatsOf(shown: string, t: TFunction) {
  const locale = navigator.languages.find((known) => known.split("-")[0] === shown) ?? shown;
  const dateTimes = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const seconds = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
  const numbers = new Intl.NumberFormat(locale);
  const spans = new Intl.RelativeTimeFormat(locale);
  const percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  return {
    locale,
    dateTime: (moment: string) => dateTimes.format(new Date(moment)),
    second: (moment: string) => seconds.format(new Date(moment)),
    number: (value: number) => numbers.format(value),
    percent: (share: number) => percents.format(share),
    /** An exact decimal number: none of its digits is rounded away, although rupiahs are usually written without any. */
    money(amount: string, currency: string) {
      const usual = new Intl.NumberFormat(locale, { style: "currency", currency });
      const digits = (amount.split(".")[1] ?? "").replace(/0+$/, "").length;
      const most = Math.max(digits, usual.resolvedOptions().maximumFractionDigits ?? 0);
      return new Intl.NumberFormat(locale, { style: "currency", currency, maximumFractionDigits: most }).format(
        amount as `${number}`,
      );
    },
    /** How long ago, in the largest unit. */
    ago(milliseconds: number) {
      if (milliseconds >= DAY) return spans.format(-Math.floor(milliseconds / DAY), "day");
      if (milliseconds >= HOUR) return spans.format(-Math.floor(milliseconds / HOUR), "hour");
      if (milliseconds >= MINUTE) return spans.format(-Math.floor(milliseconds / MINUTE), "minute");
      return spans.format(-Math.floor(milliseconds / SECOND), "second");
    },
    /** A span in its two largest units: "2 h 5 min". */
    span(milliseconds: number) {
      const days = Math.floor(milliseconds / DAY);
      const hours = Math.floor((milliseconds % DAY) / HOUR);
      const minutes = Math.floor((milliseconds % HOUR) / MINUTE);
      const rest = Math.floor((milliseconds % MINUTE) / SECOND);
      if (days) return t("span.days", { days, hours });
      if (hours) return t("span.hours", { hours, minutes });
      if (minutes) return t("span.minutes", { minutes, seconds: rest });
      return t("span.seconds", { seconds: rest });
    },
  };
}
