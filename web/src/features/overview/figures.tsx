import { Paper, Skeleton, Stack, Switch, Text, Title, VisuallyHidden } from "@mantine/core";
import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { StaleDataAlert } from "../../components/stale-data-alert";
import { EmptyState, ErrorState } from "../../components/states";
import { TokenStatusBadge } from "../../components/token-status-badge";
import { graphql } from "../../gql";
import type { OverviewQuery } from "../../gql/graphql";
import { useClock } from "../../hooks/use-clock";
import { useFormat } from "../../hooks/use-format";
import { useLatestData } from "../../hooks/use-latest-data";
import { useRefresh } from "../../hooks/use-refresh";
import { Chart } from "./chart";
import classes from "./figures.module.css";
import { FiguresTable } from "./figures-table";
import { dayNumber, fillPeriods, periodOf, type Range, rangeStart } from "./periods";

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

/** Figures of the sessions that were created in the last days. */
export function OverviewFigures({ days }: { days: Range }) {
  const { t } = useTranslation("overview");
  const today = useClock(dayNumber);
  const { context, refresh } = useRefresh();
  const [{ data, error, fetching }] = useQuery({
    query: Overview,
    variables: {
      filter: { dateCreated: { from: new Date(rangeStart(today, days)).toISOString() } },
      groupBy: periodOf(days),
    },
    context,
  });
  const stats = useLatestData(data)?.sessionStats;
  if (!stats) return error && !fetching ? <ErrorState error={error} retry={refresh} /> : <FiguresSkeleton />;
  return (
    <>
      {error && !fetching && <StaleDataAlert error={error} text={t("stale")} retry={refresh} />}
      {stats.total === 0 ? (
        <EmptyState title={t("empty.title", { days })} text={t("empty.text")} />
      ) : (
        <>
          <Tiles stats={stats} />
          <Periods stats={stats} days={days} today={today} />
        </>
      )}
    </>
  );
}

type Stats = OverviewQuery["sessionStats"];

function Tiles({ stats }: { stats: Stats }) {
  const { t } = useTranslation("overview");
  const { number, percent, duration } = useFormat();
  const { total, opened, converted, conversionRate, medianSecondsToConversion: median } = stats;
  const ofSessions = (value: number) => t("ofSessions", { value: number(value), total: number(total) });
  return (
    <div className={classes.tiles}>
      <Tile title={t("sessions")} value={number(total)} text={t("sessionsText")} />
      <Tile title={t("opened")} value={percent(opened / total)} text={ofSessions(opened)} />
      <Tile title={t("conversionRate")} value={percent(conversionRate ?? 0)} text={ofSessions(converted)} />
      <Tile
        title={t("median")}
        value={median == null ? "–" : duration(median * 1000)}
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

/** The figures by day or week, as a chart or as a table. */
function Periods({ stats, days, today }: { stats: Stats; days: Range; today: number }) {
  const { t } = useTranslation("overview");
  const [isTable, setTable] = useState(false);
  const id = useId();
  const groupBy = periodOf(days);
  const periods = fillPeriods(today, days, stats.periods);
  const table = <FiguresTable periods={periods} totals={stats} caption={t(`caption.${groupBy}`)} groupBy={groupBy} />;
  return (
    <Paper component="section" aria-labelledby={id} withBorder p="md">
      <Stack>
        <div className={classes.heading}>
          <Title order={2} size="h4" id={id}>
            {t(`by.${groupBy}`)}
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
        <Text size="sm">{t(`note.${groupBy}`)}</Text>
      </Stack>
    </Paper>
  );
}

function FiguresSkeleton() {
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
