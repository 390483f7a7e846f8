import type { EventsFragment, ViewerQuery } from "../../../gql/graphql";

type Event = Partial<Pick<EventsFragment["nodes"][number], "apiKeyId" | "userId">>;
type Viewer = Pick<ViewerQuery["viewer"], "id" | "name" | "userId">;

/** The actor of an event, as the key of a text and its values. Null for a customer and for expiration. */
export function eventActor({ apiKeyId, userId }: Event, viewer: Viewer) {
  if (userId) return userId === viewer.userId ? { text: "you" as const } : { text: "user" as const, user: userId };
  if (!apiKeyId) return null;
  return apiKeyId === viewer.id
    ? { text: "yourKey" as const, name: viewer.name }
    : { text: "key" as const, end: apiKeyId.slice(-6) };
}
