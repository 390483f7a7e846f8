import { createContext, type ReactNode, useContext, useEffect } from "react";
import { useQuery } from "urql";
import { Failed, Loading } from "../components/states";
import { accepted } from "../credential";
import { graphql } from "../gql";
import type { Scope, ViewerQuery } from "../gql/graphql";
import { useLast } from "./use-refresh";

export const Viewer = graphql(`
  query Viewer {
    viewer { id name userId scopes }
    store { id name slug storefrontUrl sessionExpiration }
  }
`);

interface SignedInViewer {
  viewer: ViewerQuery["viewer"];
  store: ViewerQuery["store"];
  /** Whether the credential allows it. What it does not allow is not offered. */
  can: (scope: Scope) => boolean;
}

const Context = createContext<SignedInViewer | null>(null);

export function useViewer() {
  const viewer = useContext(Context);
  if (!viewer) throw new Error("Nobody is signed in here.");
  return viewer;
}

/** Asks who is signed in before anything is shown. */
export function ViewerGate({ children }: { children: ReactNode }) {
  const [{ data, error, fetching }, again] = useQuery({ query: Viewer });
  const last = useLast(data);
  useEffect(() => {
    if (last) accepted();
  }, [last]);
  if (last) {
    const { viewer, store } = last;
    const can = (scope: Scope) => viewer.scopes.includes(scope) || viewer.scopes.includes("ADMIN");
    return <Context value={{ viewer, store, can }}>{children}</Context>;
  }
  if (error && !fetching) return <Failed error={error} again={() => again({ requestPolicy: "network-only" })} page />;
  return <Loading page />;
}
