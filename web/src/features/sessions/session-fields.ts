import { graphql } from "../../gql";

/** The fields that the list and the panel share. Mutations select them too, so a change shows everywhere. */
export const SessionFields = graphql(`
  fragment SessionFields on Session {
    id
    dateCreated
    customer { id name }
    token { status link issuedAt expiredTime revokedAt }
    conversion { kind at }
    roomId
    redactedAt
  }
`);
