import { type ComponentType, lazy, Suspense, useMemo } from "react";
import { Navigate, Route, Routes } from "react-router";
import { Provider } from "urql";
import { createClient } from "./client";
import { ErrorBoundary } from "./components/error-boundary";
import { Loading } from "./components/states";
import { SessionsPage } from "./features/sessions/list/page";
import { SignInPage } from "./features/sign-in/page";
import { useCredential } from "./hooks/use-credential";
import { ViewerProvider } from "./hooks/use-viewer";
import { Shell } from "./shell/shell";

const AuditPage = lazy(() => import("./features/audit/page"));
const OverviewPage = lazy(() => import("./features/overview/page"));
const SessionPanel = lazy(() => import("./features/sessions/panel/panel"));
const SettingsPage = lazy(() => import("./features/settings/page"));

/** The routes must match the paths for which the server serves this page. */
export function App() {
  const credential = useCredential();
  return credential ? <SignedInApp key={credential} credential={credential} /> : <SignInPage />;
}

function SignedInApp({ credential }: { credential: string }) {
  const client = useMemo(() => createClient(credential), [credential]);
  return (
    <Provider value={client}>
      <ViewerProvider>
        <Routes>
          <Route element={<Shell />}>
            <Route path="/" element={<SessionsPage />}>
              <Route path="sessions/:id" element={<LazyPage key="session" page={SessionPanel} />} />
            </Route>
            <Route path="/overview" element={<LazyPage key="overview" page={OverviewPage} />} />
            <Route path="/settings" element={<LazyPage key="settings" page={SettingsPage} />} />
            <Route path="/audit" element={<LazyPage key="audit" page={AuditPage} />} />
            <Route path="*" element={<Navigate to="/" replace />} />
          </Route>
        </Routes>
      </ViewerProvider>
    </Provider>
  );
}

function LazyPage({ page: Page }: { page: ComponentType }) {
  return (
    <ErrorBoundary>
      <Suspense fallback={<Loading />}>
        <Page />
      </Suspense>
    </ErrorBoundary>
  );
}
