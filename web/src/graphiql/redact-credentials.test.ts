import { describe, expect, test } from "vitest";
import { redactCredentials } from "./redact-credentials";

const CREDENTIALS = {
  "API key": "rk_0123456789abcdefghjkmnpqrs",
  "access token": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzaXRpIn0.c2lnbmF0dXJl",
  "link code": "01h455vb4pex5vsknk084sn02q7zzzzzzzzzzzzzzzzzzzzzzzzz",
};

describe.each(Object.entries(CREDENTIALS))("redactCredentials replaces an %s", (_, credential) => {
  test.each([
    ["alone", credential, "REDACTED"],
    ["in text", `# ${credential} is mine`, "# REDACTED is mine"],
    ["in JSON", JSON.stringify({ token: credential }), '{"token":"REDACTED"}'],
    ["after a line break in JSON", JSON.stringify(`\n${credential}\n`), '"\\nREDACTED\\n"'],
    ["in a link", `https://go.example/s/${credential}?a=1`, "https://go.example/s/REDACTED?a=1"],
    ["twice", `${credential},${credential}`, "REDACTED,REDACTED"],
  ])("%s", (_, text, expected) => {
    expect(redactCredentials(text)).toBe(expected);
  });
});

test.each(["query Sessions { sessions { nodes { id } } }", "session_01h455vb4pex5vsknk084sn02q", "rk_", "work_item"])(
  "redactCredentials keeps %s",
  (text) => {
    expect(redactCredentials(text)).toBe(text);
  },
);
