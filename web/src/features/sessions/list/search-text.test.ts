import { describe, expect, test } from "vitest";
import { normalizeSearch, shortenId, shortenLink } from "./search-text";

const ID = "01h455vb4pex5vsknk084sn02q";
const CODE = `${ID}7zzzzzzzzzzzzzzzzzzzzzzzzz`;
const SESSION = `session_${ID}`;

describe("normalizeSearch", () => {
  test.each([
    `https://go.example/s/${CODE}`,
    `Hello! https://go.example/s/${CODE}?utm_source=chat`,
    `https://kopi.example/menu?token=${CODE}`,
    CODE,
  ])("replaces a link with the ID of its session: %s", (text) => {
    expect(normalizeSearch(text)).toBe(SESSION);
  });

  test.each(["", "dewi", SESSION, ID, `x${CODE}`, `${CODE}0`, CODE.toUpperCase()])("keeps other text: %j", (text) => {
    expect(normalizeSearch(text)).toBe(text);
  });

  test("finds a session by the ID that the list shows", () => {
    expect(normalizeSearch(shortenId(SESSION))).toBe(ID.slice(-8));
  });
});

test("an ID is shortened to its end", () => {
  expect(shortenId(SESSION)).toBe("session_…084sn02q");
});

test("a link is shortened to its end", () => {
  expect(shortenLink(`https://go.example/s/${CODE}`)).toBe(`…${CODE.slice(-12)}`);
});
