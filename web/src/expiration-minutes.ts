export const MOST_MINUTES = 1440;

/** What a Session Expiration of 1 to 1440 minutes is often set to. */
export const PRESETS = [15, 30, 60, 240, 1440];

export type Problem = "empty" | "digits" | "whole" | "zero" | "tooMany";

/** What is wrong with the minutes of a Session Expiration that is enabled, as they are typed. */
export function problemOf(text: string): Problem | null {
  const given = text.trim();
  if (given === "") return "empty";
  if (/^-?\d+[.,]\d*$|^[.,]\d+$/.test(given)) return "whole";
  if (!/^\d+$/.test(given)) return "digits";
  if (Number(given) === 0) return "zero";
  return Number(given) > MOST_MINUTES ? "tooMany" : null;
}

/** "1 hour 30 minutes", in the language that is shown. */
export function inWords(minutes: number, language: string) {
  const write = (value: number, unit: "hour" | "minute") =>
    value > 0 && new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(value);
  return [write(Math.floor(minutes / 60), "hour"), write(minutes % 60, "minute")].filter(Boolean).join(" ");
}
