import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./locales/en";

/** The languages of the console, each by its own name. */
export const LANGUAGES = { en: "English", id: "Bahasa Indonesia" } as const;
export type Language = keyof typeof LANGUAGES;

const STORAGE_KEY = "language";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: typeof en;
    returnNull: false;
  }
}

export async function startI18n() {
  await i18next.use(initReactI18next).init({
    resources: { en },
    lng: "en",
    fallbackLng: "en",
    defaultNS: "common",
    // React escapes what it renders.
    interpolation: { escapeValue: false },
  });
  // If Indonesian cannot be loaded, the page is shown in English.
  if (preferredLanguage() === "id") await setLanguage("id").catch(() => undefined);
}

function preferredLanguage() {
  const browserLanguage = navigator.language.slice(0, 2);
  try {
    return localStorage.getItem(STORAGE_KEY) ?? browserLanguage;
  } catch {
    return browserLanguage;
  }
}

/** Shows the page in this language, now and on later visits. Rejects if its translation cannot be loaded. */
export async function chooseLanguage(language: Language) {
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // The browser blocks storage: the choice lasts until the page is reloaded.
  }
  await setLanguage(language);
}

async function setLanguage(language: Language) {
  if (language === "id" && !i18next.hasResourceBundle("id", "common")) {
    const { default: id } = await import("./locales/id");
    for (const [namespace, texts] of Object.entries(id)) i18next.addResourceBundle("id", namespace, texts);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}
