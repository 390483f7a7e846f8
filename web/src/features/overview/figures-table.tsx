import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../hooks/use-format";
import { createPeriodFormats, type Figures, type Period, type periodOf } from "./periods";

interface FiguresTableProps {
  periods: Period[];
  totals: Figures;
  caption: string;
  groupBy: ReturnType<typeof periodOf>;
}

const COLUMNS = ["total", "opened", "converted"] as const;

export function FiguresTable({ periods, totals, caption, groupBy }: FiguresTableProps) {
  const { t } = useTranslation("overview");
  const { locale } = useFormat();
  const formats = createPeriodFormats(locale);
  return (
    <Table striped captionSide="top" horizontalSpacing="xs" className="number">
      <Table.Caption>{caption}</Table.Caption>
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t(`period.${groupBy}`)}</Table.Th>
          {COLUMNS.map((name) => (
            <Table.Th key={name} scope="col" ta="end">
              {t(`series.${name}`)}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {periods.map((period) => (
          <Row key={period.start} name={formats.period(period)} figures={period} />
        ))}
      </Table.Tbody>
      <Table.Tfoot>
        <Row name={t("total")} figures={totals} />
      </Table.Tfoot>
    </Table>
  );
}

function Row({ name, figures }: { name: string; figures: Figures }) {
  const { number } = useFormat();
  return (
    <Table.Tr>
      <Table.Th scope="row" fw="inherit">
        {name}
      </Table.Th>
      {COLUMNS.map((name) => (
        <Table.Td key={name} ta="end">
          {number(figures[name])}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
