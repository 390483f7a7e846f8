import { expect, test } from "vitest";
import { isValidRetention } from "./retention-days";

test.each(["", "30", "365", "3650"])("accepts %j", (days) => expect(isValidRetention(days)).toBe(true));

test.each(["0", "29", "3651", "-30", "30.5", "1e2", "thirty", "٣٠"])("refuses %j", (days) =>
  expect(isValidRetention(days)).toBe(false),
);
