import { createTheme } from "@mantine/core";

export const theme = createTheme({
  primaryColor: "cyan",
  // Text on these is read at 4.5:1 and better.
  primaryShade: { light: 9, dark: 8 },
  autoContrast: true,
  fontFamily: "system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, monospace",
  defaultRadius: "md",
  respectReducedMotion: true,
});
