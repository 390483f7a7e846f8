import { ActionIcon, type MantineColorScheme, Menu, useMantineColorScheme } from "@mantine/core";
import { CircleUser, LogOut } from "lucide-react";
import { useTranslation } from "react-i18next";
import { notify } from "../components/notify";
import { signOut } from "../credential";
import { useSearchShortcut } from "../hooks/use-search-shortcut";
import { useViewer } from "../hooks/use-viewer";
import { chooseLanguage, LANGUAGES, type Language } from "../i18n";

const COLOR_SCHEMES = ["light", "dark", "auto"] as const;

export function AccountMenu() {
  const { t, i18n } = useTranslation();
  const { viewer } = useViewer();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [hasSearchShortcut, setSearchShortcut] = useSearchShortcut();

  function changeLanguage(language: string) {
    chooseLanguage(language as Language).catch(() => notify({ message: t("languageNotLoaded") }));
  }

  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={t("account")}>
          <CircleUser size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{viewer.userId ? `${viewer.userId} · ${viewer.name}` : viewer.name}</Menu.Label>
        <Menu.Divider />
        <Menu.RadioGroup value={i18n.language} onChange={changeLanguage}>
          {Object.entries(LANGUAGES).map(([language, name]) => (
            <Menu.RadioItem key={language} value={language} lang={language}>
              {name}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.RadioGroup value={colorScheme} onChange={(scheme) => setColorScheme(scheme as MantineColorScheme)}>
          {COLOR_SCHEMES.map((scheme) => (
            <Menu.RadioItem key={scheme} value={scheme}>
              {t(`colorScheme.${scheme}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.CheckboxItem checked={hasSearchShortcut} onChange={setSearchShortcut} visibleFrom="xs">
          {t("searchShortcut")}
        </Menu.CheckboxItem>
        <Menu.Divider />
        <Menu.Item leftSection={<LogOut size={18} aria-hidden />} onClick={() => signOut()}>
          {t("signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
