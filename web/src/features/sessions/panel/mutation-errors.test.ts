import { expect, test } from "vitest";
import { splitErrors } from "./mutation-errors";

test("errors of the form's inputs are found by field", () => {
  const errors = [
    { field: "reason", text: "Too long." },
    { field: "sessionId", text: "Not found." },
    { text: "Offline." },
  ];
  expect(splitErrors(errors, ["reason", "minutes"])).toEqual({
    fieldErrors: { reason: "Too long.", minutes: undefined },
    formErrors: ["Not found.", "Offline."],
  });
});

test("without inputs, all errors are the form's", () => {
  expect(splitErrors([{ field: "sessionId", text: "Not found." }], [])).toEqual({
    fieldErrors: {},
    formErrors: ["Not found."],
  });
});

test("a second error of the same input is not shown elsewhere", () => {
  const errors = [
    { field: "reason", text: "First." },
    { field: "reason", text: "Second." },
  ];
  expect(splitErrors(errors, ["reason"])).toEqual({ fieldErrors: { reason: "First." }, formErrors: [] });
});
