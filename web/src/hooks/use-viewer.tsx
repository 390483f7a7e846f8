import { createContext, type ReactNode, useContext, useEffect } from "react";
import { useQuery } from "urql";
import { ErrorState, Loading } from "../components/states";
import { acceptCredential } from "../credential";
import { graphql } from "../gql";
import type { Scope, ViewerQuery } from "../gql/graphql";
import { useLatestData } from "./use-latest-data";

export const Viewer = graphql(`
  query Viewer {
    viewer { id name userId scopes }
    store { id name slug storefrontUrl storefrontHosts sessionExpiration retentionDays }
  }
`);

interface ViewerValue extends Pick<ViewerQuery, "viewer" | "store"> {
  /** Whether the credential has a scope. Actions without their scope are not offered. */
  can: (scope: Scope) => boolean;
}

const ViewerContext = createContext<ViewerValue | null>(null);

/** The signed-in user and the store. */
export function useViewer() {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error("useViewer must be used within a ViewerProvider.");
  return viewer;
}

/** Loads the viewer before anything else is shown. */
export function ViewerProvider({ children }: { children: ReactNode }) {
  const [{ data, error, fetching }, fetchAgain] = useQuery({ query: Viewer });
  const latest = useLatestData(data);
  useEffect(() => {
    if (latest) acceptCredential();
  }, [latest]);
  if (latest) {
    const { viewer, store } = latest;
    const can = (scope: Scope) => viewer.scopes.includes(scope) || viewer.scopes.includes("ADMIN");
    return <ViewerContext value={{ viewer, store, can }}>{children}</ViewerContext>;
  }
  if (error && !fetching) {
    return <ErrorState error={error} retry={() => fetchAgain({ requestPolicy: "network-only" })} isFullPage />;
  }
  return <Loading isFullPage />;
}
