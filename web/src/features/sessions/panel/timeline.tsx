import { Alert, Button, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { useFormat } from "../../../format";
import { graphql } from "../../../gql";
import type { EventsFragment } from "../../../gql/graphql";
import { useViewer } from "../../../hooks/use-viewer";
import classes from "./panel.module.css";
import { Section } from "./section";
import type { SessionDetailsOf } from "./session-query";

export const Events = graphql(`
  fragment Events on SessionEventConnection {
    nodes { id kind at expiredTime reason keyId userId }
    pageInfo { endCursor hasNextPage }
  }
`);

const LaterEvents = graphql(`
  query LaterEvents($id: ID!, $after: String!) {
    session(id: $id) { id events(first: 50, after: $after) { ...Events } }
  }
`);

/** What happened, the oldest first. */
export function Timeline({ session }: { session: SessionDetailsOf }) {
  const { t } = useTranslation("session");
  const { id, token, conversion, events } = session;
  return (
    <Section title={t("timeline")}>
      <ol className={classes.timeline}>
        <Page id={id} events={events} asOf={JSON.stringify([token, conversion])} />
      </ol>
    </Section>
  );
}

/** `asOf`: when it changes, something has happened since. */
interface PageProps {
  id: string;
  events: EventsFragment;
  asOf: string;
}

function Page({ id, events: { nodes, pageInfo }, asOf }: PageProps) {
  const { t } = useTranslation("session");
  const [goesOn, setGoesOn] = useState(false);
  return (
    <>
      {nodes.map((event) => (
        <Event key={event.id} event={event} />
      ))}
      {pageInfo.hasNextPage &&
        pageInfo.endCursor &&
        (goesOn ? (
          <LaterPage id={id} after={pageInfo.endCursor} asOf={asOf} />
        ) : (
          <li>
            <Button variant="default" size="sm" onClick={() => setGoesOn(true)}>
              {t("more")}
            </Button>
          </li>
        ))}
    </>
  );
}

function LaterPage({ id, after, asOf }: Omit<PageProps, "events"> & { after: string }) {
  const { t } = useTranslation("session");
  const context = useMemo(() => ({ requestPolicy: "cache-and-network" as const, asOf }), [asOf]);
  const [{ data, error, fetching }, again] = useQuery({ query: LaterEvents, variables: { id, after }, context });
  const events = data?.session?.events;
  if (events) return <Page id={id} events={events} asOf={asOf} />;
  return (
    <li>
      {error && <Alert color="red">{t("moreFailed")}</Alert>}
      <Button variant="default" size="sm" loading={fetching} onClick={() => again()}>
        {t("more")}
      </Button>
    </li>
  );
}

type EventOf = EventsFragment["nodes"][number];

// A change of Session Expiration, as the API words it.
const STORE_SETTING = "store setting";

function Event({ event: { kind, at, expiredTime, reason, keyId, userId } }: { event: EventOf }) {
  const { t } = useTranslation("session");
  const format = useFormat();
  const who = useWho(keyId, userId);
  const isIssue = kind === "ISSUED" || kind === "REISSUED" || kind === "EXTENDED";
  return (
    <li data-kind={kind}>
      <Text fw={600}>{t(`event.${kind}`)}</Text>
      <Text size="sm">
        <time dateTime={at}>{format.second(at)}</time>
        {who && ` · ${who}`}
      </Text>
      {isIssue && (
        <Text size="sm">{expiredTime ? t("until", { at: format.dateTime(expiredTime) }) : t("untilNever")}</Text>
      )}
      {reason && <Text size="sm">{reason === STORE_SETTING ? t("storeSetting") : t("reason", { reason })}</Text>}
    </li>
  );
}

function useWho(keyId?: string | null, userId?: string | null) {
  const { t } = useTranslation("session");
  const { viewer } = useViewer();
  if (userId) return userId === viewer.userId ? t("by.you") : userId;
  if (keyId)
    return keyId === viewer.id ? t("by.yourKey", { name: viewer.name }) : t("by.key", { end: keyId.slice(-6) });
  return null;
}
