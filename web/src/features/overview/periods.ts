/** Days are those of UTC, as the API counts them. */
export const DAY = 24 * 60 * 60 * 1000;
const WEEK = 7 * DAY;

export const RANGES = [7, 30, 90] as const;
export type Range = (typeof RANGES)[number];

export const readRange = (text: string | null): Range => RANGES.find((days) => String(days) === text) ?? 30;

export const groupOf = (days: Range) => (days > 31 ? "WEEK" : "DAY");

/** When the first of so many days began, of which the last one is today. `today`: a number of days since 1970. */
export const startOf = (today: number, days: Range) => (today - days + 1) * DAY;

export interface Figures {
  total: number;
  opened: number;
  converted: number;
}

/** A day or week, of which the first and the last week may be cut short by the range. */
export interface Period extends Figures {
  start: number;
  lastDay: number;
}

const NONE: Figures = { total: 0, opened: 0, converted: 0 };

/** Every day or week of the range: the API leaves out those without sessions. */
export function everyPeriod(today: number, days: Range, answered: ({ start: string } & Figures)[]): Period[] {
  const first = startOf(today, days);
  const length = groupOf(days) === "WEEK" ? WEEK : DAY;
  const figures = new Map(answered.map(({ start, ...rest }) => [Date.parse(start), rest]));
  const periods: Period[] = [];
  for (let start = length === WEEK ? mondayOf(first) : first; start <= today * DAY; start += length) {
    const { total, opened, converted } = figures.get(start) ?? NONE;
    const lastDay = Math.min(start + length - DAY, today * DAY);
    periods.push({ start: Math.max(start, first), lastDay, total, opened, converted });
  }
  return periods;
}

// 1 January 1970 was a Thursday.
const mondayOf = (moment: number) => moment - ((moment / DAY + 3) % 7) * DAY;

/** How days are written: "3 Nov", and of a week "3–9 Nov". */
export function daysIn(locale: string) {
  const format = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
  return {
    day: (moment: number) => format.format(moment),
    period: ({ start, lastDay }: Period) =>
      start === lastDay ? format.format(start) : format.formatRange(start, lastDay),
  };
}
