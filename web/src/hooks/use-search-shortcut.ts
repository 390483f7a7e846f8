import { useLocalStorage } from "@mantine/hooks";

/** Whether keys without a modifier work everywhere: who speaks to the browser turns them off (WCAG 2.1.4). */
export const useShortcuts = () =>
  useLocalStorage({ key: "shortcuts", defaultValue: true, getInitialValueInEffect: false });
