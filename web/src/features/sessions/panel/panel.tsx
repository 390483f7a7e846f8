import { Drawer, Stack } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate, useParams } from "react-router";
import { useQuery } from "urql";
import { codesOf } from "../../../client";
import { NotUpToDate } from "../../../components/stale-data-alert";
import { Failed, Loading, Nothing } from "../../../components/states";
import { type ShownToken, useTokenStatus } from "../../../components/token-status-badge";
import { useRefreshes } from "../../../hooks/use-refresh";
import { useViewer } from "../../../hooks/use-viewer";
import { type Action, ActionDialog, Actions } from "./actions";
import { Facts } from "./details";
import { Orders } from "./orders";
import { Session } from "./session-query";
import { Timeline } from "./timeline";
import { Token } from "./token";
import { useReturnedFocus } from "./use-return-focus";

const WIDTH = "min(100%, 32rem)";

export default function SessionPanel() {
  const { id = "" } = useParams();
  return <Panel key={id} id={id} />;
}

function Panel({ id }: { id: string }) {
  const { t } = useTranslation("session");
  const { can } = useViewer();
  const navigate = useNavigate();
  const { search } = useLocation();
  const heading = useRef<HTMLHeadingElement>(null);
  const [action, setAction] = useState<Action | null>(null);
  const { session, isUnknown, error, ask } = useSession(id);
  useReturnedFocus();

  const close = () => navigate({ pathname: "/", search });
  // One listener for both, so that a dialog's Escape does not close the panel beneath it, too.
  useHotkeys(
    [
      [
        "Escape",
        ({ isComposing }) => {
          // It ends what an input method is composing.
          if (isComposing) return;
          if (action) setAction(null);
          else close();
        },
      ],
    ],
    [],
  );

  return (
    <>
      <Drawer.Root opened onClose={close} position="right" size={WIDTH} closeOnEscape={false}>
        <Drawer.Overlay backgroundOpacity={0.3} />
        <Drawer.Content>
          <Drawer.Header role="presentation">
            <Drawer.Title ref={heading} tabIndex={-1} fz="lg" fw={600} style={{ overflowWrap: "anywhere" }}>
              {session?.customer.name ?? t("session")}
            </Drawer.Title>
            <Drawer.CloseButton aria-label={t("close")} size="lg" />
          </Drawer.Header>
          <Drawer.Body>
            {session ? (
              <Stack gap="xl">
                {error && <NotUpToDate error={error} text={t("notUpToDate")} again={ask} />}
                <Token token={session.token} open={setAction} isOnTop={!action} />
                {can("SESSIONS_WRITE") && <Actions session={session} open={setAction} />}
                <Facts session={session} />
                <Orders orders={session.orders} />
                <Timeline session={session} />
              </Stack>
            ) : isUnknown ? (
              <Nothing title={t("unknown")} text={t("unknownText")} />
            ) : error ? (
              <Failed error={error} again={ask} />
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

/** The session, kept while it is asked for again, whatever becomes of that. */
function useSession(id: string) {
  const { context, refresh } = useRefreshes({ isWatched: true });
  const [{ data, error, fetching, stale }, askAgain] = useQuery({ query: Session, variables: { id }, context });
  const isAsking = fetching || stale;
  const [session, setSession] = useState(data?.session);
  if (data?.session && data.session !== session) setSession(data.session);

  const isOverdue = useIsOverdue(session?.token);
  const pause = useRef(FIRST_PAUSE);
  useEffect(() => {
    if (!isOverdue) pause.current = FIRST_PAUSE;
    if (!isOverdue || isAsking || error) return;
    const timer = window.setTimeout(() => {
      pause.current = Math.min(2 * pause.current, LONGEST_PAUSE);
      askAgain({ requestPolicy: "network-only" });
    }, pause.current);
    return () => window.clearTimeout(timer);
  }, [isOverdue, isAsking, error, askAgain]);

  return {
    session,
    isUnknown: data?.session === null || (error && codesOf(error).includes("BAD_USER_INPUT")),
    error: fetching ? undefined : error,
    ask: refresh,
  };
}

// The two clocks may differ a little: the server is asked until it agrees, and ever less often.
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;

const NO_TOKEN: ShownToken = { status: "EXPIRED" };

/** Whether the expired time has come since the server was asked. */
function useIsOverdue(token: ShownToken = NO_TOKEN) {
  return useTokenStatus(token) !== token.status;
}
