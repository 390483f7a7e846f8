// PostGraphile 5, with its defaults or tuned by hand: `node postgraphile.mjs PORT [--tuned]`, with DATABASE_URL.

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

// Fields that are not columns are PostGraphile's "computed columns": functions of a row.
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

// PostGraphile's "custom query". An index-only scan finds the IDs. It suits every text, so Postgres can reuse one plan.
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

// Handwritten plans. Plain expressions leave no function for Postgres to inline when it plans a statement, and a root
// field with a fixed order and condition leaves no arguments to evaluate when it is executed.
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
  // No query uses these, and they would give root fields arguments that are evaluated in each request.
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
