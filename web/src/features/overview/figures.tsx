import { Paper, Skeleton, Stack, Switch, Text, Title, VisuallyHidden } from "@mantine/core";
import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { useClock } from "../../clock";
import { NotUpToDate } from "../../components/stale-data-alert";
import { Failed, Nothing } from "../../components/states";
import { TokenStatusBadge } from "../../components/token-status-badge";
import { useFormat } from "../../format";
import { graphql } from "../../gql";
import type { OverviewQuery } from "../../gql/graphql";
import { useLast, useRefreshes } from "../../hooks/use-refresh";
import { Chart } from "./chart";
import classes from "./figures.module.css";
import { FiguresTable } from "./figures-table";
import { DAY, everyPeriod, groupOf, type Range, startOf } from "./periods";

const Overview = graphql(`
  query Overview($filter: SessionFilter!, $groupBy: StatsPeriod!) {
    sessionStats(filter: $filter, groupBy: $groupBy) {
      total
      active
      expired
      revoked
      converted
      conversionRate
      medianSecondsToConversion
      opened
      periods { start total opened converted }
    }
  }
`);

/** What became of the sessions that began in the last so many days. */
export function FiguresOf({ days }: { days: Range }) {
  const { t } = useTranslation("overview");
  const today = useClock((now) => Math.floor(now / DAY));
  const { context, refresh } = useRefreshes();
  const [{ data, error, fetching }] = useQuery({
    query: Overview,
    variables: {
      filter: { dateCreated: { from: new Date(startOf(today, days)).toISOString() } },
      groupBy: groupOf(days),
    },
    context,
  });
  const stats = useLast(data)?.sessionStats;
  if (stats) {
    return (
      <>
        {error && !fetching && <NotUpToDate error={error} text={t("notUpToDate")} again={refresh} />}
        {stats.total === 0 ? (
          <Nothing title={t("empty.title", { days })} text={t("empty.text")} />
        ) : (
          <>
            <Tiles stats={stats} />
            <ByPeriod stats={stats} days={days} today={today} />
          </>
        )}
      </>
    );
  }
  if (error && !fetching) return <Failed error={error} again={refresh} />;
  return <Waiting />;
}

type Stats = OverviewQuery["sessionStats"];

function Tiles({ stats }: { stats: Stats }) {
  const { t } = useTranslation("overview");
  const { number, percent, span } = useFormat();
  const { total, opened, converted, conversionRate, medianSecondsToConversion: median } = stats;
  const ofSessions = (value: number) => t("ofSessions", { value: number(value), total: number(total) });
  return (
    <div className={classes.tiles}>
      <Tile title={t("sessions")} value={number(total)} text={t("began")} />
      <Tile title={t("opened")} value={percent(opened / total)} text={ofSessions(opened)} />
      <Tile title={t("conversionRate")} value={percent(conversionRate ?? 0)} text={ofSessions(converted)} />
      <Tile
        title={t("median")}
        value={median == null ? "–" : span(median * 1000)}
        text={median == null ? t("noConversions") : t("medianText")}
      />
      <Tile title={t("tokenStatus")} text={t("tokenStatusText")} isWide>
        <dl className={classes.statuses}>
          {(["ACTIVE", "EXPIRED", "REVOKED"] as const).map((status) => (
            <div key={status}>
              <dt>
                <TokenStatusBadge token={{ status }} />
              </dt>
              <dd className="number">{number(stats[STATUS_FIGURES[status]])}</dd>
            </div>
          ))}
        </dl>
      </Tile>
    </div>
  );
}

const STATUS_FIGURES = { ACTIVE: "active", EXPIRED: "expired", REVOKED: "revoked" } as const;

interface TileProps {
  title: string;
  value?: string;
  text: string;
  children?: ReactNode;
  isWide?: boolean;
}

function Tile({ title, value, text, children, isWide }: TileProps) {
  const id = useId();
  return (
    <Paper component="section" aria-labelledby={id} withBorder p="md" className={isWide ? classes.wide : undefined}>
      <Title order={2} size="sm" id={id}>
        {title}
      </Title>
      {value && (
        <Text size="xl" fw={700} className="number">
          {value}
        </Text>
      )}
      {children}
      <Text size="sm">{text}</Text>
    </Paper>
  );
}

function ByPeriod({ stats, days, today }: { stats: Stats; days: Range; today: number }) {
  const { t } = useTranslation("overview");
  const [isTable, setTable] = useState(false);
  const id = useId();
  const group = groupOf(days);
  const periods = everyPeriod(today, days, stats.periods);
  const table = <FiguresTable periods={periods} sums={stats} caption={t(`caption.${group}`)} group={group} />;
  return (
    <Paper component="section" aria-labelledby={id} withBorder p="md">
      <Stack>
        <div className={classes.heading}>
          <Title order={2} size="h4" id={id}>
            {t(`by.${group}`)}
          </Title>
          <Switch
            size="md"
            label={t("asTable")}
            checked={isTable}
            onChange={(event) => setTable(event.currentTarget.checked)}
          />
        </div>
        {isTable ? (
          table
        ) : (
          <>
            <Chart periods={periods} label={t("chart")} />
            <VisuallyHidden>{table}</VisuallyHidden>
          </>
        )}
        <Text size="sm">{t(`note.${group}`)}</Text>
      </Stack>
    </Paper>
  );
}

function Waiting() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("loading")}>
      <Stack gap="lg">
        <div className={classes.tiles}>
          {["sessions", "opened", "rate", "median"].map((tile) => (
            <Skeleton key={tile} h={110} />
          ))}
          <Skeleton h={110} className={classes.wide} />
        </div>
        <Skeleton h={400} />
      </Stack>
    </div>
  );
}
