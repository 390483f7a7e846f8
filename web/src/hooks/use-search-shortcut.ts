import { useLocalStorage } from "@mantine/hooks";

/** Whether "/" focuses the search. Users of speech input can turn it off (WCAG 2.2, success criterion 2.1.4). */
export const useSearchShortcut = () =>
  useLocalStorage({ key: "shortcuts", defaultValue: true, getInitialValueInEffect: false });
