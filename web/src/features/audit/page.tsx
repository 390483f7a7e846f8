import { Button, Container, Group, NativeSelect, Stack, Text, TextInput, Title } from "@mantine/core";
import { ChevronDown } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { DayRangeInput } from "../../components/day-range-input";
import { ForbiddenState } from "../../components/states";
import { useViewer } from "../../hooks/use-viewer";
import { AuditEvents } from "./events";
import { ACTIONS, formatView, parseView, type View } from "./view";

export default function AuditPage() {
  const { t } = useTranslation("audit");
  const { can } = useViewer();
  const [query, setQuery] = useSearchParams();
  const view = parseView(query);
  const key = JSON.stringify(view);

  function changeView(changes: Partial<View>) {
    // The view in the address bar, which may be newer than the last render.
    const view = parseView(new URLSearchParams(window.location.search));
    setQuery(formatView({ ...view, ...changes }));
  }

  if (!can("ADMIN")) return <ForbiddenState />;
  return (
    <Container size="xl" w="100%" px="md" py="lg" style={{ overflow: "auto" }}>
      <Stack gap="lg">
        <div>
          <Title order={1} size="h2">
            {t("title")}
          </Title>
          <Text size="sm">{t("text")}</Text>
        </div>
        <Filters view={view} changeView={changeView} />
        <AuditEvents key={key} view={view} />
      </Stack>
    </Container>
  );
}

interface FiltersProps {
  view: View;
  changeView: (changes: Partial<View>) => void;
}

function Filters({ view, changeView }: FiltersProps) {
  const { t } = useTranslation("audit");
  const [object, setObject] = useState(view.object);
  const [actor, setActor] = useState(view.actor);
  const [previousView, setPreviousView] = useState(view);
  if (previousView.object !== view.object || previousView.actor !== view.actor) {
    setPreviousView(view);
    setObject(view.object);
    setActor(view.actor);
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    changeView({ object, actor });
  }

  return (
    <Group component="form" onSubmit={submit} role="search" aria-label={t("filter.label")} gap="sm" align="end">
      <NativeSelect
        label={t("filter.action")}
        rightSection={<ChevronDown size={16} aria-hidden />}
        value={view.action ?? ""}
        onChange={({ currentTarget: { value } }) =>
          changeView({ object, actor, action: ACTIONS.find((action) => action === value) ?? null })
        }
        data={[
          { value: "", label: t("filter.anyAction") },
          ...ACTIONS.map((action) => ({ value: action, label: t(`action.${action}`) })),
        ]}
      />
      <TextInput
        label={t("filter.object")}
        value={object}
        onChange={(event) => setObject(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <TextInput
        label={t("filter.actor")}
        value={actor}
        onChange={(event) => setActor(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <DayRangeInput label={t("column.at")} range={view} change={(days) => changeView({ object, actor, ...days })} />
      <Button type="submit" variant="default">
        {t("filter.submit")}
      </Button>
    </Group>
  );
}
