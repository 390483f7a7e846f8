import { expect, test } from "vitest";
import { moveWithSession } from "./row-position";

const PAGE = [{ id: "a" }, { id: "b" }, { id: "c" }];

test("a position follows its session within the page", () => {
  expect(moveWithSession({ index: 100, id: "c" }, 1, PAGE)).toEqual({ index: 102, id: "c" });
});

test("a position follows its session to another page", () => {
  expect(moveWithSession({ index: 99, id: "a" }, 1, PAGE)).toEqual({ index: 100, id: "a" });
});

test("a position stays if its session has not moved or is not on the page", () => {
  expect(moveWithSession({ index: 101, id: "b" }, 1, PAGE)).toBeUndefined();
  expect(moveWithSession({ index: 101, id: "z" }, 1, PAGE)).toBeUndefined();
});

test("a position without a session gets the one that is loaded there", () => {
  expect(moveWithSession({ index: 101, id: undefined }, 1, PAGE)).toEqual({ index: 101, id: "b" });
  expect(moveWithSession({ index: 150, id: undefined }, 1, PAGE)).toBeUndefined();
  expect(moveWithSession({ index: 1, id: undefined }, 1, PAGE)).toBeUndefined();
});
