import type en from "../en";
import common from "./common.json";
import overview from "./overview.json";
import session from "./session.json";
import sessions from "./sessions.json";
import settings from "./settings.json";

// A text that one language has and the other lacks does not compile.
const id: typeof en = { common, overview, session, sessions, settings };

export default id;
