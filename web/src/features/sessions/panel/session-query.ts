import { graphql } from "../../../gql";
import type { SessionDetailsFragment } from "../../../gql/graphql";

/** All that is shown of one session. */
export const SessionDetails = graphql(`
  fragment SessionDetails on Session {
    ...SessionFields
    customer { phone email }
    conversion { order { id number } }
    orders { id number total { amount currency } placedAt }
    metadata
    events(first: 50) { ...Events }
  }
`);

export const Session = graphql(`
  query Session($id: ID!) {
    session(id: $id) { ...SessionDetails }
  }
`);

export type SessionDetailsOf = SessionDetailsFragment;
