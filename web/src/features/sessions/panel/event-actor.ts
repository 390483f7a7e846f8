import type { EventsFragment, ViewerQuery } from "../../../gql/graphql";

type Event = Partial<Pick<EventsFragment["nodes"][number], "keyId" | "userId">>;
type Viewer = Pick<ViewerQuery["viewer"], "id" | "name" | "userId">;

/** Who caused an event, as the name of a text and its values. Null if it was a customer or the passing of time. */
export function eventActor({ keyId, userId }: Event, viewer: Viewer) {
  if (userId) return userId === viewer.userId ? { text: "you" as const } : { text: "user" as const, user: userId };
  if (!keyId) return null;
  return keyId === viewer.id
    ? { text: "yourKey" as const, name: viewer.name }
    : { text: "key" as const, end: keyId.slice(-6) };
}
