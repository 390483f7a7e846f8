import { Container, Group, SegmentedControl, Stack, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { ForbiddenState } from "../../components/states";
import { useViewer } from "../../hooks/use-viewer";
import { OverviewFigures } from "./figures";
import { parseRange, RANGES } from "./periods";

export default function OverviewPage() {
  const { t } = useTranslation("overview");
  const { can } = useViewer();
  const [search, setSearch] = useSearchParams();
  const days = parseRange(search.get("days"));

  if (!can("SESSIONS_READ")) return <ForbiddenState />;
  return (
    <Container size="lg" w="100%" px="md" py="lg">
      <Stack gap="lg">
        <Group justify="space-between" gap="sm">
          <Title order={1} size="h2">
            {t("title")}
          </Title>
          <SegmentedControl
            aria-label={t("range")}
            size="md"
            value={String(days)}
            onChange={(days) => setSearch({ days })}
            data={RANGES.map((days) => ({ value: String(days), label: t("days", { days }) }))}
          />
        </Group>
        <OverviewFigures key={days} days={days} />
      </Stack>
    </Container>
  );
}
