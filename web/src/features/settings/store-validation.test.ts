import { describe, expect, test } from "vitest";
import { areValidHosts, isValidName, isValidUrl, parseHosts } from "./store-validation";

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

test.each([
  ["", []],
  ["kopi.example", ["kopi.example"]],
  [" Shop.example\n\nkopi.example ,shop.example\r\n", ["kopi.example", "shop.example"]],
])("the hosts in %j are %j", (text, hosts) => {
  expect(parseHosts(text)).toEqual(hosts);
});

describe("areValidHosts", () => {
  test.each([
    [["kopi.example"]],
    [["localhost", "127.0.0.1"]],
    [["kedai-kopi.co.id", "xn--caf-dma.example"]],
    [Array.from({ length: 20 }, (_, number) => `${number}.example`)],
  ])("accepts %j", (hosts) => {
    expect(areValidHosts(hosts)).toBe(true);
  });

  test.each([
    [[]],
    [["https://kopi.example"]],
    [["kopi.example:8443"]],
    [["kopi.example/menu"]],
    [["dewi@kopi.example"]],
    [["*.kopi.example"]],
    [["shop.example", "[::1]"]],
    [["kopi.example\\"]],
    [["kopi<.example"]],
    [Array.from({ length: 21 }, (_, number) => `${number}.example`)],
  ])("rejects %j", (hosts) => {
    expect(areValidHosts(hosts)).toBe(false);
  });
});
