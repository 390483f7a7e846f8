import { describe, expect, test } from "vitest";
import { isValidName, isValidUrl } from "./store-validation";

describe("isValidName", () => {
  test.each(["K", "Kopi Senja", "x".repeat(200), "☕".repeat(200), "😀".repeat(200)])("accepts %s", (name) => {
    expect(isValidName(name)).toBe(true);
  });

  test.each(["", "x".repeat(201), "😀".repeat(201)])("rejects %j", (name) => {
    expect(isValidName(name)).toBe(false);
  });
});

describe("isValidUrl", () => {
  test.each([
    "https://kopi.example",
    "http://localhost:3000/",
    "HTTPS://kopi.example/menu?table=1#top",
    "https://kopi.example/@menu?a=@b#@",
  ])("accepts %s", (url) => {
    expect(isValidUrl(url)).toBe(true);
  });

  test.each([
    "",
    "kopi.example",
    "//kopi.example",
    "ftp://kopi.example",
    "http://kopi.example",
    "http://localhost.kopi.example/",
    "javascript:alert(1)",
    "https://",
    "https:///menu",
    "https://kopi senja.example",
    "https://kopi.example/menu\n",
    "https://[kopi]",
    "https://dewi@kopi.example/",
    "https://:secret@kopi.example",
    "https://@kopi.example",
    "https://kopi.example\\@evil.example/",
  ])("rejects %j", (url) => {
    expect(isValidUrl(url)).toBe(false);
  });
});
