import { Container, Group, SegmentedControl, Stack, Title } from "@mantine/core";
import { Lock } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { State } from "../../components/states";
import { useViewer } from "../../hooks/use-viewer";
import { FiguresOf } from "./figures";
import { RANGES, readRange } from "./periods";

export default function OverviewPage() {
  const { t } = useTranslation(["overview", "common"]);
  const { can } = useViewer();
  const [search, setSearch] = useSearchParams();
  const days = readRange(search.get("days"));

  if (!can("SESSIONS_READ")) {
    return <State icon={Lock} title={t("common:failed.forbidden")} text={t("common:failed.forbiddenText")} />;
  }
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
        <FiguresOf key={days} days={days} />
      </Stack>
    </Container>
  );
}
