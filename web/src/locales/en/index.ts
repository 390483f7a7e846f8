import common from "./common.json";
import overview from "./overview.json";
import session from "./session.json";
import sessions from "./sessions.json";
import settings from "./settings.json";

export default { common, overview, session, sessions, settings };
