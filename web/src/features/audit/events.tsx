import { Button, Group, Table, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { EmptyState, ErrorState, Loading } from "../../components/states";
import { isReversed } from "../../day-range";
import { graphql } from "../../gql";
import type { AuditLogQuery } from "../../gql/graphql";
import { useFormat } from "../../hooks/use-format";
import { useRefresh } from "../../hooks/use-refresh";
import { useViewer } from "../../hooks/use-viewer";
import { formatValue, type View, viewFilter } from "./view";

const AuditLog = graphql(`
  query AuditLog($filter: AuditLogFilter!, $after: String) {
    auditLog(filter: $filter, first: 50, after: $after) {
      nodes { id at action objectId apiKeyId userId address changes { field before after } }
      pageInfo { endCursor hasNextPage }
    }
  }
`);

type AuditEvent = AuditLogQuery["auditLog"]["nodes"][number];

const COLUMNS = ["at", "action", "object", "actor", "address", "changes"] as const;

/** A page of the events, with buttons for newer and older ones. */
export function AuditEvents({ view }: { view: View }) {
  const { t } = useTranslation(["audit", "common"]);
  const { context, refresh } = useRefresh();
  // The cursors after which the pages up to this one start.
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const [{ data, error }] = useQuery({
    query: AuditLog,
    variables: { filter: viewFilter(view), after: cursors.at(-1) },
    context,
  });

  if (!data) return error ? <ErrorState error={error} retry={refresh} /> : <Loading />;
  const { nodes, pageInfo } = data.auditLog;
  const { endCursor, hasNextPage } = pageInfo;
  if (nodes.length === 0 && cursors.length === 0) {
    return <EmptyState title={t("none")} text={isReversed(view) && t("common:dayRange.reversed")} />;
  }
  return (
    <>
      <Table.ScrollContainer minWidth={900} type="native" role="region" aria-label={t("title")} tabIndex={0}>
        <Table verticalSpacing="xs" aria-label={t("title")}>
          <Table.Thead>
            <Table.Tr>
              {COLUMNS.map((name) => (
                <Table.Th key={name} scope="col">
                  {t(`column.${name}`)}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map((event) => (
              <Row key={event.id} event={event} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Group>
        <Button
          variant="default"
          disabled={cursors.length === 0}
          onClick={() => setCursors((cursors) => cursors.slice(0, -1))}
        >
          {t("newer")}
        </Button>
        <Button
          variant="default"
          disabled={!hasNextPage || !endCursor}
          onClick={() => endCursor && setCursors((cursors) => [...cursors, endCursor])}
        >
          {t("older")}
        </Button>
      </Group>
    </>
  );
}

function Row({ event }: { event: AuditEvent }) {
  const { t } = useTranslation("audit");
  const format = useFormat();
  const { viewer } = useViewer();
  const actor = event.userId ?? event.apiKeyId;
  const isViewer = event.userId ? event.userId === viewer.userId : event.apiKeyId === viewer.id;
  return (
    <Table.Tr style={{ verticalAlign: "top" }}>
      <Table.Td style={{ whiteSpace: "nowrap" }}>
        <time dateTime={event.at}>{format.preciseDateTime(event.at)}</time>
      </Table.Td>
      <Table.Td>{t(`action.${event.action}`)}</Table.Td>
      <Table.Td style={{ overflowWrap: "anywhere" }}>{event.objectId}</Table.Td>
      <Table.Td style={{ overflowWrap: "anywhere" }}>
        {actor ? (isViewer ? t("you", { actor }) : actor) : t("operator")}
      </Table.Td>
      <Table.Td>{event.address}</Table.Td>
      <Table.Td>
        {event.changes.map(({ field, before, after }) => (
          <Text key={field} size="sm" style={{ overflowWrap: "anywhere" }}>
            {before === null && after === null
              ? t("change.withoutValues", { field })
              : t("change.withValues", { field, before: formatValue(before), after: formatValue(after) })}
          </Text>
        ))}
      </Table.Td>
    </Table.Tr>
  );
}
