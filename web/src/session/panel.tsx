import { graphql } from "../gql";

export const Session = graphql(`
  query Session($id: ID!) {
    session(id: $id) { ...SessionFields }
  }
`);

export function SessionPanel() {
  return null;
}
