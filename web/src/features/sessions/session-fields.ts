import { graphql } from "../../gql";

/** What is shown of a session wherever it is shown: a change of it by any operation shows everywhere. */
export const SessionFields = graphql(`
  fragment SessionFields on Session {
    id
    dateCreated
    customer { id name }
    token { status link issuedAt expiredTime revokedAt }
    conversion { kind at }
    roomId
  }
`);
