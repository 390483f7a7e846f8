import { graphql } from "relay-runtime";

export const sessions = graphql`
  query SessionListQuery($filter: SessionFilter, $first: Int!, $after: String) {
    sessions(filter: $filter, first: $first, after: $after) @connection(key: "SessionList_sessions") {
      edges {
        node {
          id
          ...SessionList_session
        }
      }
    }
  }
`;

// Its refetch query asks for `node`.
export const session = graphql`
  fragment SessionList_session on Session @refetchable(queryName: "SessionListRefetchQuery") {
    active
    customer {
      name
    }
    token {
      status
    }
  }
`;

export const revoke = graphql`
  mutation SessionListRevokeMutation($sessionId: ID!) {
    revokeToken(input: { sessionId: $sessionId }) {
      session {
        id
        active
      }
      userErrors {
        code
      }
    }
  }
`;
