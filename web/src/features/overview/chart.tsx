import "@mantine/charts/styles.layer.css";
import { CompositeChart, type CompositeChartSeries } from "@mantine/charts";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../hooks/use-format";
import classes from "./figures.module.css";
import { createPeriodFormats, type Figures, type Period } from "./periods";

const NAMES = ["total", "opened", "converted"] as const;

const SERIES: Record<keyof Figures, Omit<CompositeChartSeries, "name" | "label">> = {
  total: { type: "bar", color: "var(--overview-total)" },
  opened: { type: "line", color: "var(--overview-opened)" },
  converted: { type: "line", color: "var(--overview-converted)", strokeDasharray: "6 4" },
};

/** Series differ by shape as well as by color: bars, a line with circles, a dashed line with squares. */
export function Chart({ periods, label }: { periods: Period[]; label: string }) {
  const { t } = useTranslation("overview");
  const { number, locale } = useFormat();
  const formats = createPeriodFormats(locale);
  return (
    <div className={classes.chart}>
      <ul className={classes.legend}>
        {NAMES.map((name) => (
          <li key={name}>
            <LegendIcon name={name} />
            {t(`series.${name}`)}
          </li>
        ))}
      </ul>
      <div role="img" aria-label={label}>
        <CompositeChart
          h={320}
          data={periods}
          dataKey="start"
          series={NAMES.map((name) => ({ name, label: t(`series.${name}`), ...SERIES[name] }))}
          curveType="linear"
          valueFormatter={number}
          maxBarWidth={48}
          barProps={{ stroke: "var(--overview-outline)", strokeOpacity: 1, fillOpacity: 1 }}
          lineProps={({ name, color }) =>
            name === "converted" ? { dot: (dot) => <Square {...dot} fill={color} /> } : {}
          }
          dotProps={{ r: 3.5 }}
          xAxisProps={{ tickFormatter: formats.day, minTickGap: 16 }}
          yAxisProps={{ allowDecimals: false, width: 44 }}
          tooltipProps={{ labelFormatter: (_, [point]) => point && formats.period(point.payload) }}
          textColor="var(--mantine-color-text)"
          accessibilityLayer={false}
        />
      </div>
    </div>
  );
}

const SIDE = 7;

function Square({ cx = 0, cy = 0, fill }: { cx?: number; cy?: number; fill?: string }) {
  return <rect x={cx - SIDE / 2} y={cy - SIDE / 2} width={SIDE} height={SIDE} fill={fill} />;
}

function LegendIcon({ name }: { name: keyof Figures }) {
  const { color, strokeDasharray } = SERIES[name];
  return (
    <svg width="28" height="14" aria-hidden="true">
      {name === "total" ? (
        <rect x="8" y="1" width="12" height="12" fill={color} stroke="var(--overview-outline)" />
      ) : (
        <line x1="0" x2="28" y1="7" y2="7" stroke={color} strokeWidth="2" strokeDasharray={strokeDasharray} />
      )}
      {name === "opened" && <circle cx="14" cy="7" r="3.5" fill={color} />}
      {name === "converted" && <Square cx={14} cy={7} fill={color} />}
    </svg>
  );
}
