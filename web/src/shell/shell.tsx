import {
  ActionIcon,
  AppShell,
  Group,
  type MantineColorScheme,
  Menu,
  NavLink,
  Text,
  useMantineColorScheme,
} from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { ChartColumn, CircleUser, LogOut, Settings, TableProperties } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, Outlet, useLocation } from "react-router";
import { notify } from "../components/notify";
import { signOut } from "../credential";
import { useShortcuts } from "../hooks/use-search-shortcut";
import { useViewer } from "../hooks/use-viewer";
import { chooseLanguage, LANGUAGES, type Language } from "../i18n";
import { ConnectionBanner } from "./offline-banner";
import classes from "./shell.module.css";

const SCHEMES = ["light", "dark", "auto"] as const;
const ICON = 18;

const PAGES = [
  { name: "sessions", to: "/", icon: TableProperties },
  { name: "overview", to: "/overview", icon: ChartColumn },
  { name: "settings", to: "/settings", icon: Settings },
] as const;

/** What is around every page: the store's name, the way to the other pages, and who is signed in. */
export function Shell() {
  const { t } = useTranslation();
  const { store } = useViewer();
  const { pathname } = useLocation();
  // A session's information is beside the list of sessions.
  const here = PAGES.find(({ to }) => to === pathname) ?? PAGES[0];
  useDocumentTitle(`${t(`page.${here.name}`)} · ${store.name}`);
  return (
    <AppShell header={{ height: 52 }} padding={0}>
      <AppShell.Header>
        <Group h="100%" px="md" gap="xs" wrap="nowrap">
          <Text fw={600} truncate flex={1} title={store.name}>
            {store.name}
          </Text>
          <Group component="nav" gap={0} wrap="nowrap" aria-label={t("pages")}>
            {PAGES.map((page) => (
              <Page key={page.name} {...page} isHere={page === here} />
            ))}
          </Group>
          <Account />
        </Group>
      </AppShell.Header>
      <AppShell.Main h="100dvh" display="flex" style={{ flexDirection: "column" }}>
        <ConnectionBanner />
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

function Page({ name, to, icon: Icon, isHere }: (typeof PAGES)[number] & { isHere: boolean }) {
  const { t } = useTranslation();
  const label = t(`page.${name}`);
  return (
    <NavLink
      component={Link}
      to={to}
      active={isHere}
      aria-current={isHere ? "page" : undefined}
      aria-label={label}
      label={
        <Text span size="sm" visibleFrom="xs">
          {label}
        </Text>
      }
      leftSection={<Icon size={ICON} aria-hidden />}
      classNames={{ section: classes.icon }}
      w="auto"
      bdrs="md"
    />
  );
}

function Account() {
  const { t, i18n } = useTranslation();
  const { viewer } = useViewer();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [hasShortcuts, setShortcuts] = useShortcuts();

  function choose(language: string) {
    chooseLanguage(language as Language).catch(() => notify({ message: t("languageNotLoaded") }));
  }

  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={t("account")}>
          <CircleUser size={ICON} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{viewer.userId ? `${viewer.userId} · ${viewer.name}` : viewer.name}</Menu.Label>
        <Menu.Divider />
        <Menu.RadioGroup value={i18n.language} onChange={choose}>
          {Object.entries(LANGUAGES).map(([language, name]) => (
            <Menu.RadioItem key={language} value={language} lang={language}>
              {name}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.RadioGroup value={colorScheme} onChange={(scheme) => setColorScheme(scheme as MantineColorScheme)}>
          {SCHEMES.map((scheme) => (
            <Menu.RadioItem key={scheme} value={scheme}>
              {t(`scheme.${scheme}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.CheckboxItem checked={hasShortcuts} onChange={setShortcuts} visibleFrom="xs">
          {t("shortcuts")}
        </Menu.CheckboxItem>
        <Menu.Divider />
        <Menu.Item leftSection={<LogOut size={ICON} aria-hidden />} onClick={() => signOut()}>
          {t("signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
