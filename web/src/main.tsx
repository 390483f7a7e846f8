import "./mantine.css";
import "./console.css";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { App } from "./app";
import { refuseCode, signIn } from "./credential";
import { startI18n } from "./i18n";
import { exchangeCode } from "./one-time-code";
import { readableColors, theme } from "./theme";

const root = document.getElementById("root");
if (!root) throw new Error("The page has no #root element.");

const [{ key, isRefused }] = await Promise.all([exchangeCode(), startI18n()]);
if (key) signIn(key);
else if (isRefused) refuseCode();
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={readableColors} defaultColorScheme="auto">
      <Notifications position="bottom-right" />
      <BrowserRouter>
        <App />
      </BrowserRouter>
    </MantineProvider>
  </StrictMode>,
);
