import type { EventsFragment, ViewerQuery } from "../../../gql/graphql";

type Event = Partial<Pick<EventsFragment["nodes"][number], "keyId" | "userId">>;
type Viewer = Pick<ViewerQuery["viewer"], "id" | "name" | "userId">;

/** The actor of an event, as the key of a text and its values. Null for a customer and for expiration. */
export function eventActor({ keyId, userId }: Event, viewer: Viewer) {
  if (userId) return userId === viewer.userId ? { text: "you" as const } : { text: "user" as const, user: userId };
  if (!keyId) return null;
  return keyId === viewer.id
    ? { text: "yourKey" as const, name: viewer.name }
    : { text: "key" as const, end: keyId.slice(-6) };
}
