import { lazy, Suspense, useMemo } from "react";
import { Navigate, Route, Routes } from "react-router";
import { Provider } from "urql";
import { createClient } from "./client";
import { Loading } from "./components/states";
import { useCredential } from "./credential";
import { SessionsPage } from "./sessions/page";
import { Shell } from "./shell";
import { SignIn } from "./sign-in";
import { ViewerGate } from "./viewer";

const OverviewPage = lazy(() => import("./overview/page"));
const SessionPanel = lazy(() => import("./session/panel"));
const SettingsPage = lazy(() => import("./settings/page"));

/** Every path here is one for which the server sends this page. */
export function App() {
  const credential = useCredential();
  return credential ? <SignedIn key={credential} credential={credential} /> : <SignIn />;
}

function SignedIn({ credential }: { credential: string }) {
  const client = useMemo(() => createClient(credential), [credential]);
  return (
    <Provider value={client}>
      <ViewerGate>
        <Suspense fallback={<Loading />}>
          <Routes>
            <Route element={<Shell />}>
              <Route path="/" element={<SessionsPage />}>
                <Route
                  path="sessions/:id"
                  element={
                    // The list stays while the panel is loaded.
                    <Suspense fallback={<Loading />}>
                      <SessionPanel />
                    </Suspense>
                  }
                />
              </Route>
              <Route path="/overview" element={<OverviewPage />} />
              <Route path="/settings" element={<SettingsPage />} />
              <Route path="*" element={<Navigate to="/" replace />} />
            </Route>
          </Routes>
        </Suspense>
      </ViewerGate>
    </Provider>
  );
}
