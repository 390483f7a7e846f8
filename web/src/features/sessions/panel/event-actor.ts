interface Viewer {
  id: string;
  userId?: string | null;
}

interface Event {
  keyId?: string | null;
  userId?: string | null;
}

export type EventActor =
  | { type: "you" }
  | { type: "yourKey" }
  | { type: "user"; userId: string }
  | { type: "key"; keyId: string };

/** Who caused an event, or null if it was a customer or the passing of time. A user takes precedence over a key. */
export function eventActor({ keyId, userId }: Event, viewer: Viewer): EventActor | null {
  if (userId) return userId === viewer.userId ? { type: "you" } : { type: "user", userId };
  if (keyId) return keyId === viewer.id ? { type: "yourKey" } : { type: "key", keyId };
  return null;
}
