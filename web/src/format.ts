import type { TFunction } from "i18next";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export type Formats = ReturnType<typeof createFormats>;

/** The browser's locale for a language, which adds the country's conventions: "en-GB" for "en". */
export const localeOf = (language: string, browserLocales: readonly string[]) =>
  browserLocales.find((locale) => locale.split("-")[0] === language) ?? language;

/** Formatters for a locale. Times are in the browser's time zone; `t` has the units of durations. */
export function createFormats(locale: string, t: TFunction) {
  const dateTimes = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const preciseDateTimes = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
  const numbers = new Intl.NumberFormat(locale);
  const percentages = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  const relativeTimes = new Intl.RelativeTimeFormat(locale);
  const units = {
    hour: new Intl.NumberFormat(locale, { style: "unit", unit: "hour", unitDisplay: "long" }),
    minute: new Intl.NumberFormat(locale, { style: "unit", unit: "minute", unitDisplay: "long" }),
  };
  return {
    locale,
    dateTime: (timestamp: string) => dateTimes.format(new Date(timestamp)),
    /** Date and time, with seconds. */
    preciseDateTime: (timestamp: string) => preciseDateTimes.format(new Date(timestamp)),
    number: (value: number) => numbers.format(value),
    percent: (ratio: number) => percentages.format(ratio),
    /** An exact decimal amount. All of its digits are shown, also in currencies that are usually written without cents. */
    money(amount: string, currency: string) {
      const usual = new Intl.NumberFormat(locale, { style: "currency", currency }).resolvedOptions();
      const digits = (amount.split(".")[1] ?? "").replace(/0+$/, "").length;
      const maximumFractionDigits = Math.max(digits, usual.maximumFractionDigits ?? 0);
      const format = new Intl.NumberFormat(locale, { style: "currency", currency, maximumFractionDigits });
      return format.format(amount as `${number}`);
    },
    /** A time in the past, in its largest unit: "2 hours ago". */
    ago(milliseconds: number) {
      if (milliseconds >= DAY) return relativeTimes.format(-Math.floor(milliseconds / DAY), "day");
      if (milliseconds >= HOUR) return relativeTimes.format(-Math.floor(milliseconds / HOUR), "hour");
      if (milliseconds >= MINUTE) return relativeTimes.format(-Math.floor(milliseconds / MINUTE), "minute");
      return relativeTimes.format(-Math.floor(milliseconds / SECOND), "second");
    },
    /** A duration in its two largest units, abbreviated: "2 h 5 min". */
    duration(milliseconds: number) {
      const days = Math.floor(milliseconds / DAY);
      const hours = Math.floor((milliseconds % DAY) / HOUR);
      const minutes = Math.floor((milliseconds % HOUR) / MINUTE);
      const seconds = Math.floor((milliseconds % MINUTE) / SECOND);
      if (days) return t("duration.days", { days, hours });
      if (hours) return t("duration.hours", { hours, minutes });
      if (minutes) return t("duration.minutes", { minutes, seconds });
      return t("duration.seconds", { seconds });
    },
    /** A number of minutes in words: "1 hour 30 minutes". */
    minutes(count: number) {
      const parts = [];
      if (count >= 60) parts.push(units.hour.format(Math.floor(count / 60)));
      if (count % 60) parts.push(units.minute.format(count % 60));
      return parts.join(" ");
    },
  };
}
