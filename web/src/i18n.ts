import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./locales/en";

/** The languages, each by its own name. */
export const LANGUAGES = { en: "English", id: "Bahasa Indonesia" } as const;
export type Language = keyof typeof LANGUAGES;

const NAME = "language";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: typeof en;
    // Names that customers chose are shown by React, which escapes them.
    returnNull: false;
  }
}

export async function startI18n() {
  await i18next.use(initReactI18next).init({
    resources: { en },
    lng: "en",
    fallbackLng: "en",
    defaultNS: "common",
    interpolation: { escapeValue: false },
  });
  // The page is there in English, should the other language not be.
  if (wanted() === "id") await setLanguage("id").catch(() => undefined);
}

function wanted() {
  const usual = navigator.language.slice(0, 2);
  try {
    return localStorage.getItem(NAME) ?? usual;
  } catch {
    return usual;
  }
}

/** Fails where it cannot be loaded. */
export async function chooseLanguage(language: Language) {
  try {
    localStorage.setItem(NAME, language);
  } catch {
    // A browser may keep nothing: the choice holds until the page is loaded again.
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
