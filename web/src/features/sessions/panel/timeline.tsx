import { Alert, Button, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { graphql } from "../../../gql";
import type { EventsFragment, SessionDetailsFragment } from "../../../gql/graphql";
import { useFormat } from "../../../hooks/use-format";
import { useViewer } from "../../../hooks/use-viewer";
import { eventActor } from "./event-actor";
import classes from "./panel.module.css";
import { Section } from "./section";

export const Events = graphql(`
  fragment Events on SessionEventConnection {
    nodes { id kind at expiredTime reason apiKeyId userId }
    pageInfo { endCursor hasNextPage }
  }
`);

const LaterEvents = graphql(`
  query LaterEvents($id: ID!, $after: String!) {
    session(id: $id) { id events(first: 50, after: $after) { ...Events } }
  }
`);

/** The events of a session, oldest first. */
export function Timeline({ session }: { session: SessionDetailsFragment }) {
  const { t } = useTranslation("session");
  const { id, token, conversion, events } = session;
  return (
    <Section title={t("timeline")}>
      <ol className={classes.timeline}>
        <Page id={id} events={events} version={JSON.stringify([token, conversion])} />
      </ol>
    </Section>
  );
}

interface PageProps {
  id: string;
  events: EventsFragment;
  /** Changes when there are new events, so that later pages are fetched again. */
  version: string;
}

function Page({ id, events: { nodes, pageInfo }, version }: PageProps) {
  const { t } = useTranslation("session");
  const [isNextShown, setNextShown] = useState(false);
  const { endCursor, hasNextPage } = pageInfo;
  return (
    <>
      {nodes.map((event) => (
        <Event key={event.id} event={event} />
      ))}
      {hasNextPage &&
        endCursor &&
        (isNextShown ? (
          <NextPage id={id} after={endCursor} version={version} />
        ) : (
          <li>
            <Button variant="default" size="sm" onClick={() => setNextShown(true)}>
              {t("more")}
            </Button>
          </li>
        ))}
    </>
  );
}

function NextPage({ id, after, version }: Omit<PageProps, "events"> & { after: string }) {
  const { t } = useTranslation("session");
  // urql executes a query again when its context changes.
  const context = useMemo(() => ({ requestPolicy: "cache-and-network" as const, version }), [version]);
  const [{ data, error, fetching }, fetchAgain] = useQuery({ query: LaterEvents, variables: { id, after }, context });
  const events = data?.session?.events;
  if (events) return <Page id={id} events={events} version={version} />;
  return (
    <li>
      {error && <Alert color="red">{t("moreFailed")}</Alert>}
      <Button variant="default" size="sm" loading={fetching} onClick={() => fetchAgain()}>
        {t("more")}
      </Button>
    </li>
  );
}

// The reason that the API gives for a change of Session Expiration.
const STORE_SETTING = "store setting";

function Event({ event }: { event: EventsFragment["nodes"][number] }) {
  const { t } = useTranslation("session");
  const format = useFormat();
  const actor = eventActor(event, useViewer().viewer);
  const { kind, at, expiredTime, reason } = event;
  const setsExpiredTime = kind === "ISSUED" || kind === "REISSUED" || kind === "EXTENDED";
  return (
    <li data-kind={kind}>
      <Text fw={600}>{t(`event.${kind}`)}</Text>
      <Text size="sm">
        <time dateTime={at}>{format.preciseDateTime(at)}</time>
        {actor && ` · ${t(`actor.${actor.text}`, actor)}`}
      </Text>
      {setsExpiredTime && (
        <Text size="sm">{expiredTime ? t("expires", { at: format.dateTime(expiredTime) }) : t("expiresNever")}</Text>
      )}
      {reason && <Text size="sm">{reason === STORE_SETTING ? t("storeSetting") : t("reason", { reason })}</Text>}
    </li>
  );
}
