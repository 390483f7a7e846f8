import { describe, expect, test } from "vitest";
import { rowAfterKey } from "./keyboard";

const ROWS = { count: 100, pageSize: 10 };

describe("rowAfterKey", () => {
  test.each([
    ["ArrowDown", 50, 51],
    ["ArrowUp", 50, 49],
    ["PageDown", 50, 60],
    ["PageUp", 50, 40],
    ["Home", 50, 0],
    ["End", 50, 99],
  ])("%s moves from row %d to row %d", (key, active, expected) => {
    expect(rowAfterKey(key, active, ROWS)).toBe(expected);
  });

  test.each([
    ["ArrowDown", 99, 99],
    ["PageDown", 95, 99],
    ["ArrowUp", 0, 0],
    ["PageUp", 5, 0],
  ])("%s does not leave the list", (key, active, expected) => {
    expect(rowAfterKey(key, active, ROWS)).toBe(expected);
  });

  test("the first arrow activates the first row", () => {
    expect(rowAfterKey("ArrowDown", undefined, ROWS)).toBe(0);
    expect(rowAfterKey("ArrowUp", undefined, ROWS)).toBe(0);
  });

  test.each(["Enter", "c", " ", "Tab", "toString"])("%j does not move", (key) => {
    expect(rowAfterKey(key, 50, ROWS)).toBeUndefined();
  });
});
