import { expect, test } from "vitest";
import { eventActor } from "./event-actor";

const KEY_VIEWER = { id: "key_1", userId: null };
const USER_VIEWER = { id: "app_1", userId: "sari" };

test.each([
  ["your own user", USER_VIEWER, { userId: "sari" }, { type: "you" }],
  ["another user", USER_VIEWER, { userId: "dewi" }, { type: "user", userId: "dewi" }],
  ["your own key", KEY_VIEWER, { keyId: "key_1" }, { type: "yourKey" }],
  ["another key", KEY_VIEWER, { keyId: "key_2" }, { type: "key", keyId: "key_2" }],
  ["a user with a key", KEY_VIEWER, { keyId: "key_1", userId: "dewi" }, { type: "user", userId: "dewi" }],
  ["nobody", USER_VIEWER, { keyId: null, userId: null }, null],
])("an event of %s", (_, viewer, event, expected) => {
  expect(eventActor(event, viewer)).toEqual(expected);
});
