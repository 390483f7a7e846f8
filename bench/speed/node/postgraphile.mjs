// PostGraphile 5: `node postgraphile.mjs PORT [--tuned]`, with DATABASE_URL. As it comes, or tuned by hand.

import { createServer } from "node:http";
import pg from "pg";
import { postgraphile } from "postgraphile";
import { TYPES } from "postgraphile/@dataplan/pg";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { extendSchema } from "postgraphile/utils";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";

const POOL_SIZE = 8;

// What the columns do not say are "computed columns": functions of a row.
const COMPUTED_COLUMNS = `
create schema if not exists bench;
create or replace function bench.session_active(session public.session) returns boolean
language sql stable
return session.token_revoked_at is null and session.token_expires_at > statement_timestamp();
create or replace function bench.session_token_status(session public.session) returns text
language sql stable
return case
    when session.token_revoked_at is not null then 'REVOKED'
    when session.token_expires_at <= statement_timestamp() then 'EXPIRED'
    else 'ACTIVE'
end;
create or replace function bench.session_token_expired_time(session public.session) returns timestamptz
language sql stable
return nullif(session.token_expires_at, 'infinity');
`;

// A "custom query". The IDs come from an index alone, which suits every text: so one plan does for all of them.
const CUSTOM_QUERY = `
create schema if not exists bench_tuned;
create or replace function bench_tuned.sessions_by_name(store_id text, text text, size int)
returns setof public.session language sql stable rows 50
begin atomic
    select session.* from public.session
    where session.store_id = sessions_by_name.store_id and id in (
        select found.id from public.session found
        where found.store_id = sessions_by_name.store_id
            and found.customer_name_key like (select '%' || public.fold_pattern(sessions_by_name.text) || '%')
        order by found.created_at desc, found.id desc limit sessions_by_name.size
    )
    order by created_at desc, id desc;
end;
`;

// Plans by hand: plain expressions leave no function to be inlined when a statement is planned, and a root field with a
// fixed order and condition leaves nothing of its arguments to be looked at when it is executed.
const plans = extendSchema(({ sql, pgResources, grafast: { connection } }) => {
  const column = ($session, name) => sql`${$session}.${sql.identifier(name)}`;
  return {
    typeDefs: /* GraphQL */ `
      extend type Query {
        newestSessions(storeId: String!): SessionConnection
      }
      extend type Session {
        active: Boolean!
        tokenStatus: String!
        tokenExpiredTime: Datetime
      }
    `,
    objects: {
      Query: {
        plans: {
          newestSessions(_, fieldArgs) {
            const $sessions = pgResources.session.find({ store_id: fieldArgs.getRaw("storeId") });
            // The primary key follows by itself, in the same direction.
            $sessions.orderBy({ attribute: "created_at", direction: "DESC" });
            return connection($sessions);
          },
        },
      },
      Session: {
        plans: {
          active($session) {
            const revokedAt = column($session, "token_revoked_at");
            const expiresAt = column($session, "token_expires_at");
            return $session.select(sql`(${revokedAt} is null and ${expiresAt} > statement_timestamp())`, TYPES.boolean);
          },
          tokenStatus($session) {
            const revokedAt = column($session, "token_revoked_at");
            const expiresAt = column($session, "token_expires_at");
            const status = sql`case
              when ${revokedAt} is not null then 'REVOKED'
              when ${expiresAt} <= statement_timestamp() then 'EXPIRED'
              else 'ACTIVE'
            end`;
            return $session.select(status, TYPES.text);
          },
          tokenExpiredTime($session) {
            return $session.select(sql`nullif(${column($session, "token_expires_at")}, 'infinity')`, TYPES.timestamptz);
          },
        },
      },
    },
  };
});

const connectionString = process.env.DATABASE_URL;
const service = (...schemas) => [makePgService({ connectionString, schemas, poolConfig: { max: POOL_SIZE } })];

const asItComes = () => ({
  extends: [PostGraphileAmberPreset, PostGraphileConnectionFilterPreset],
  pgServices: service("public", "bench"),
});

const tuned = () => ({
  extends: [PostGraphileAmberPreset],
  plugins: [plans],
  // Nobody asks for these; and root fields would be given arguments that are looked at in each request.
  disablePlugins: [
    "NodePlugin",
    "SubscriptionPlugin",
    "PgMutationCreatePlugin",
    "PgMutationUpdateDeletePlugin",
    "PgConditionArgumentPlugin",
    "PgConnectionArgOrderByPlugin",
    "PgConnectionArgOrderByDefaultValuePlugin",
  ],
  pgServices: service("public", "bench_tuned"),
  schema: { dontSwallowErrors: true },
  grafserv: { graphiql: false, websockets: false },
});

const [port, flag] = process.argv.slice(2);
const isTuned = flag === "--tuned";
const client = new pg.Client({ connectionString });
await client.connect();
await client.query(isTuned ? CUSTOM_QUERY : COMPUTED_COLUMNS);
await client.end();

const server = createServer();
await postgraphile(isTuned ? tuned() : asItComes())
  .createServ(grafserv)
  .addTo(server);
server.listen(Number(port), "127.0.0.1");
