export const MIN_DAYS = 30;
export const MAX_DAYS = 3650;

/** Whether the server accepts the text as a retention period. Without days, sessions are never redacted. */
export const isValidRetention = (days: string) =>
  days === "" || (/^[0-9]+$/.test(days) && Number(days) >= MIN_DAYS && Number(days) <= MAX_DAYS);
