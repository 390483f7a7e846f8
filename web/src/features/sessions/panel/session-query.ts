import { graphql } from "../../../gql";

/** The fields that the panel shows. */
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
  query Session($id: ID!, $canSeeLink: Boolean! = true) {
    session(id: $id) { ...SessionDetails }
  }
`);
