/** The longest time that a link can be valid before it expires, in minutes. The API uses 0 for "never expires". */
export const MAX_MINUTES = 1440;

export type MinutesProblem = "empty" | "notDigits" | "notWhole" | "zero" | "tooLarge";

/** The error in the minutes that the user has typed, or null if they are 1 to `MAX_MINUTES`. */
export function minutesProblem(text: string): MinutesProblem | null {
  const minutes = text.trim();
  if (minutes === "") return "empty";
  if (/^-?\d+[.,]\d*$|^[.,]\d+$/.test(minutes)) return "notWhole";
  if (!/^\d+$/.test(minutes)) return "notDigits";
  if (Number(minutes) === 0) return "zero";
  return Number(minutes) > MAX_MINUTES ? "tooLarge" : null;
}
