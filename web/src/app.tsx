import { type ComponentType, lazy, Suspense, useMemo } from "react";
import { Navigate, Route, Routes } from "react-router";
import { Provider } from "urql";
import { createClient } from "./client";
import { Boundary } from "./components/boundary";
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
        <Routes>
          <Route element={<Shell />}>
            <Route path="/" element={<SessionsPage />}>
              <Route path="sessions/:id" element={<Part key="session" part={SessionPanel} />} />
            </Route>
            <Route path="/overview" element={<Part key="overview" part={OverviewPage} />} />
            <Route path="/settings" element={<Part key="settings" part={SettingsPage} />} />
            <Route path="*" element={<Navigate to="/" replace />} />
          </Route>
        </Routes>
      </ViewerGate>
    </Provider>
  );
}

/** What is loaded when it is needed; the rest of the page stays meanwhile. */
function Part({ part: Content }: { part: ComponentType }) {
  return (
    <Boundary>
      <Suspense fallback={<Loading />}>
        <Content />
      </Suspense>
    </Boundary>
  );
}
