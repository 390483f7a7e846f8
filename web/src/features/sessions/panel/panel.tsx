import { Drawer, Stack } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate, useParams } from "react-router";
import { StaleDataAlert } from "../../../components/stale-data-alert";
import { EmptyState, ErrorState, Loading } from "../../../components/states";
import { useViewer } from "../../../hooks/use-viewer";
import { type Action, ActionDialog, Actions } from "./actions";
import { Details } from "./details";
import { Orders } from "./orders";
import { Timeline } from "./timeline";
import { Token } from "./token";
import { useReturnFocus } from "./use-return-focus";
import { useSession } from "./use-session";

const WIDTH = "min(100%, 32rem)";

export default function SessionPanel() {
  const { id = "" } = useParams();
  return <Panel key={id} id={id} />;
}

function Panel({ id }: { id: string }) {
  const { t } = useTranslation(["session", "common"]);
  const { can } = useViewer();
  const navigate = useNavigate();
  const { search } = useLocation();
  const heading = useRef<HTMLHeadingElement>(null);
  const [action, setAction] = useState<Action | null>(null);
  const { session, isNotFound, error, refresh } = useSession(id);
  useReturnFocus();

  const close = () => navigate({ pathname: "/", search });

  // One listener serves the dialog and the panel, so that Escape closes only the dialog.
  function handleEscape({ isComposing }: KeyboardEvent) {
    // The key belongs to an input method.
    if (isComposing) return;
    if (action) setAction(null);
    else close();
  }
  useHotkeys([["Escape", handleEscape]], []);

  return (
    <>
      <Drawer.Root opened onClose={close} position="right" size={WIDTH} closeOnEscape={false}>
        <Drawer.Overlay backgroundOpacity={0.3} />
        <Drawer.Content>
          <Drawer.Header role="presentation">
            <Drawer.Title ref={heading} tabIndex={-1} fz="lg" fw={600} style={{ overflowWrap: "anywhere" }}>
              {session ? session.customer.name || t("common:redactedCustomer") : t("session")}
            </Drawer.Title>
            <Drawer.CloseButton aria-label={t("common:close")} size="lg" />
          </Drawer.Header>
          <Drawer.Body>
            {session ? (
              <Stack gap="xl">
                {error && <StaleDataAlert error={error} text={t("stale")} retry={refresh} />}
                <Token token={session.token} open={setAction} hasDialog={action !== null} />
                {can("SESSIONS_WRITE") && <Actions session={session} open={setAction} />}
                <Details session={session} />
                <Orders orders={session.orders} />
                <Timeline session={session} />
              </Stack>
            ) : isNotFound ? (
              <EmptyState title={t("notFound.title")} text={t("notFound.text")} />
            ) : error ? (
              <ErrorState error={error} retry={refresh} />
            ) : (
              <Loading />
            )}
          </Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
      {session && action && (
        <ActionDialog key={action} action={action} session={session} heading={heading} close={() => setAction(null)} />
      )}
    </>
  );
}
