import type en from "../en";
import audit from "./audit.json";
import common from "./common.json";
import overview from "./overview.json";
import session from "./session.json";
import sessions from "./sessions.json";
import settings from "./settings.json";

// The type ensures that both languages have the same keys.
const id: typeof en = { audit, common, overview, session, sessions, settings };

export default id;
