import audit from "./audit.json";
import common from "./common.json";
import overview from "./overview.json";
import session from "./session.json";
import sessions from "./sessions.json";
import settings from "./settings.json";

export default { audit, common, overview, session, sessions, settings };
