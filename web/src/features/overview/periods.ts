import { DAY } from "../../format";

/** All days and weeks are in UTC, as in the API. */
const WEEK = 7 * DAY;

export const RANGES = [7, 30, 90] as const;
export type Range = (typeof RANGES)[number];

export const parseRange = (text: string | null): Range => RANGES.find((days) => String(days) === text) ?? 30;

export const periodOf = (days: Range) => (days > 31 ? "WEEK" : "DAY");

/** The day number of a time, counted from 1 January 1970. */
export const dayNumber = (time: number) => Math.floor(time / DAY);

/** The start of a range that ends with `today`, a day number. */
export const rangeStart = (today: number, days: Range) => (today - days + 1) * DAY;

export interface Figures {
  total: number;
  opened: number;
  converted: number;
}

/** A day or week. The range may cut off days of its first and last week. */
export interface Period extends Figures {
  start: number;
  lastDay: number;
}

const ZERO: Figures = { total: 0, opened: 0, converted: 0 };

/** All days or weeks of a range. The API omits those without sessions. */
export function fillPeriods(today: number, days: Range, answered: readonly ({ start: string } & Figures)[]): Period[] {
  const first = rangeStart(today, days);
  const isWeekly = periodOf(days) === "WEEK";
  const length = isWeekly ? WEEK : DAY;
  const figures = new Map(answered.map((period) => [Date.parse(period.start), period]));
  const periods: Period[] = [];
  for (let start = isWeekly ? mondayBefore(first) : first; start <= today * DAY; start += length) {
    const { total, opened, converted } = figures.get(start) ?? ZERO;
    const lastDay = Math.min(start + length - DAY, today * DAY);
    periods.push({ start: Math.max(start, first), lastDay, total, opened, converted });
  }
  return periods;
}

// 1 January 1970 was a Thursday.
const mondayBefore = (day: number) => day - ((day / DAY + 3) % 7) * DAY;

/** Formats days as "3 Nov", and periods of several days as "3–9 Nov". */
export function createPeriodFormats(locale: string) {
  const format = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
  return {
    day: (day: number) => format.format(day),
    period: ({ start, lastDay }: Pick<Period, "start" | "lastDay">) =>
      start === lastDay ? format.format(start) : format.formatRange(start, lastDay),
  };
}
