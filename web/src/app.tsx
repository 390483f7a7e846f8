import { type ComponentType, lazy, Suspense, useMemo } from "react";
import { Navigate, Route, Routes } from "react-router";
import { Provider } from "urql";
import { createClient } from "./client";
import { Boundary } from "./components/error-boundary";
import { Loading } from "./components/states";
import { useCredential } from "./credential";
import { SessionsPage } from "./features/sessions/list/page";
import { SignIn } from "./features/sign-in/page";
import { ViewerGate } from "./hooks/use-viewer";
import { Shell } from "./shell/shell";

const OverviewPage = lazy(() => import("./features/overview/page"));
const SessionPanel = lazy(() => import("./features/sessions/panel/panel"));
const SettingsPage = lazy(() => import("./features/settings/page"));

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
