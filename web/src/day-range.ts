/** The first and the last day in the browser's time zone, as in 2026-01-31. Empty if there is no bound. */
export interface DayRange {
  from: string;
  to: string;
}

const DAY = /^\d{4}-\d\d-\d\d$/;

/** The day, if it exists and the server accepts it and the day after it. Empty otherwise. */
export function parseDay(text: string | null): string {
  if (!text || !DAY.test(text) || text < "1970" || text >= "9999") return "";
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(text) ? text : "";
}

/** The range as the API's `DateTimeRange`. Undefined without bounds. */
export function dateTimeRange({ from, to }: DayRange) {
  if (!from && !to) return undefined;
  return {
    ...(from && { from: startOfDay(from) }),
    // The API's upper bound is exclusive.
    ...(to && { to: startOfDay(to, 1) }),
  };
}

export const isReversed = ({ from, to }: DayRange) => to !== "" && from > to;

/** When a day starts in the browser's time zone, as a UTC timestamp. */
function startOfDay(day: string, daysLater = 0): string {
  const [year = 0, month = 0, date = 0] = day.split("-").map(Number);
  return new Date(year, month - 1, date + daysLater).toISOString();
}
