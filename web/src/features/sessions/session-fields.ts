import { graphql } from "../../gql";
import { useViewer } from "../../hooks/use-viewer";

/** The fields that the list and the panel share. Mutations select them too, so a change shows everywhere. */
export const SessionFields = graphql(`
  fragment SessionFields on Session {
    id
    dateCreated
    customer { id name }
    token { status link @include(if: $canSeeLink) issuedAt expiredTime revokedAt }
    conversion { kind at }
    roomId
    redactedAt
  }
`);

/** The variable of the fragment. A link admits anyone who has it, so it takes the scope to issue links. */
export const useCanSeeLink = () => useViewer().can("SESSIONS_WRITE");
