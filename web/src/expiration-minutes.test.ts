import { describe, expect, test } from "vitest";
import { minutesProblem } from "./expiration-minutes";

describe("minutesProblem", () => {
  test.each(["1", " 30 ", "007", "1440"])("accepts %j", (text) => {
    expect(minutesProblem(text)).toBeNull();
  });

  test.each([
    ["", "empty"],
    ["   ", "empty"],
    ["0", "zero"],
    ["00", "zero"],
    ["1.5", "notWhole"],
    ["1,440", "notWhole"],
    ["30.", "notWhole"],
    [".5", "notWhole"],
    ["-1.5", "notWhole"],
    ["-5", "notDigits"],
    ["half an hour", "notDigits"],
    ["3O", "notDigits"],
    ["1e3", "notDigits"],
    ["1 2", "notDigits"],
    ["1441", "tooLarge"],
    ["99999999999999999999", "tooLarge"],
  ])("%j is %s", (text, problem) => {
    expect(minutesProblem(text)).toBe(problem);
  });
});
