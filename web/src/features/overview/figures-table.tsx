import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../format";
import { daysIn, type Figures, type groupOf, type Period } from "./periods";

interface FiguresTableProps {
  periods: Period[];
  sums: Figures;
  caption: string;
  group: ReturnType<typeof groupOf>;
}

/** The chart's figures as numbers. */
export function FiguresTable({ periods, sums, caption, group }: FiguresTableProps) {
  const { t } = useTranslation("overview");
  const { locale } = useFormat();
  const days = daysIn(locale);
  return (
    <Table striped captionSide="top" horizontalSpacing="xs" className="number">
      <Table.Caption>{caption}</Table.Caption>
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t(`period.${group}`)}</Table.Th>
          <Table.Th scope="col" ta="end">
            {t("series.total")}
          </Table.Th>
          <Table.Th scope="col" ta="end">
            {t("series.opened")}
          </Table.Th>
          <Table.Th scope="col" ta="end">
            {t("series.converted")}
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {periods.map((period) => (
          <Row key={period.start} name={days.period(period)} figures={period} />
        ))}
      </Table.Tbody>
      <Table.Tfoot>
        <Row name={t("inAll")} figures={sums} />
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
      <Table.Td ta="end">{number(figures.total)}</Table.Td>
      <Table.Td ta="end">{number(figures.opened)}</Table.Td>
      <Table.Td ta="end">{number(figures.converted)}</Table.Td>
    </Table.Tr>
  );
}
