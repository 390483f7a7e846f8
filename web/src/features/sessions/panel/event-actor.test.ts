import { expect, test } from "vitest";
import { eventActor } from "./event-actor";

const KEY_VIEWER = { id: "key_1", name: "console", userId: null };
const USER_VIEWER = { id: "app_1", name: "Office", userId: "sari" };

test.each([
  ["your own user", USER_VIEWER, { userId: "sari" }, { text: "you" }],
  ["another user", USER_VIEWER, { userId: "dewi" }, { text: "user", user: "dewi" }],
  ["your own key", KEY_VIEWER, { apiKeyId: "key_1" }, { text: "yourKey", name: "console" }],
  ["another key", KEY_VIEWER, { apiKeyId: "key_23456789" }, { text: "key", end: "456789" }],
  ["a user with a key", KEY_VIEWER, { apiKeyId: "key_1", userId: "dewi" }, { text: "user", user: "dewi" }],
  ["no actor", USER_VIEWER, { apiKeyId: null, userId: null }, null],
])("an event of %s", (_, viewer, event, expected) => {
  expect(eventActor(event, viewer)).toEqual(expected);
});
