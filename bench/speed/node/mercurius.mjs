// Mercurius on Fastify with graphql-jit and handwritten SQL: `node mercurius.mjs PORT`, with DATABASE_URL and STORE_ID.

import Fastify from "fastify";
import mercurius from "mercurius";
import { parse } from "pg-connection-string";
import postgres from "postgres";

const POOL_SIZE = 8;
const MAXIMUM = 100;
const TIMESTAMPTZ = 1184;
const storeId = process.env.STORE_ID;

const schema = /* GraphQL */ `
  scalar DateTime
  enum TokenStatus { ACTIVE EXPIRED REVOKED }
  enum ConversionKind { PURCHASE TASK GOAL }
  type Customer { id: ID! name: String! }
  type Token { status: TokenStatus! issuedAt: DateTime! expiredTime: DateTime revokedAt: DateTime }
  type Conversion { kind: ConversionKind! at: DateTime! }
  type Session {
    id: ID!
    active: Boolean!
    dateCreated: DateTime!
    roomId: String
    customer: Customer!
    token: Token!
    conversion: Conversion
  }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type SessionConnection { nodes: [Session!]! pageInfo: PageInfo! }
  input TextFilter { contains: String equals: String }
  input SessionFilter { customerName: TextFilter orderNumber: TextFilter }
  type Query {
    session(id: ID!): Session
    sessions(filter: SessionFilter, first: Int!, after: String): SessionConnection!
  }
`;

const COLUMNS = `id, created_at, room_id, customer_id, customer_name,
    case
        when token_revoked_at is not null then 'REVOKED'
        when token_expires_at <= statement_timestamp() then 'EXPIRED'
        else 'ACTIVE'
    end,
    token_issued_at, token_expires_at, token_revoked_at, conversion_kind, converted_at`;

const GET = `select ${COLUMNS} from session where store_id = $1 and id = $2`;

const NEWEST = forEachLimit((limit) => `
    select ${COLUMNS} from session where store_id = $1
    order by created_at desc, id desc limit ${limit}`);

const AFTER = forEachLimit((limit) => `
    select ${COLUMNS} from session where store_id = $1 and (created_at, id) < ($2, $3)
    order by created_at desc, id desc limit ${limit}`);

// An index-only scan finds the IDs. It suits every text, so Postgres can reuse one plan for all requests.
const BY_NAME = forEachLimit((limit) => `
    select ${COLUMNS} from session where store_id = $1 and id in (
        select id from session
        where store_id = $1 and customer_name_key like (select '%' || fold_pattern($2) || '%')
        order by created_at desc, id desc limit ${limit}
    )
    order by created_at desc, id desc`);

const BY_ORDER = forEachLimit((limit) => `
    select ${COLUMNS} from session
    where store_id = $1 and id in (select session_id from "order" where store_id = $1 and number_key = fold($2))
    order by created_at desc, id desc limit ${limit}`);

/** Prepare one statement for each limit: Postgres plans best if it knows the limit. */
function forEachLimit(build) {
  const statements = Array.from({ length: MAXIMUM + 2 }, (_, limit) => build(limit));
  return (limit) => statements[limit];
}

const { host, port, user, password, database, ssl } = parse(process.env.DATABASE_URL);
const db = postgres({
  ...{ host, port, user, password, database, ssl },
  max: POOL_SIZE,
  fetch_types: false,
  connection: { timezone: "UTC" },
  // Keep timestamps as text and change them to ISO 8601: clients get text, and a Date has no microseconds.
  types: { moment: { to: TIMESTAMPTZ, from: [TIMESTAMPTZ], serialize: (text) => text, parse: isoOf } },
});

function isoOf(text) {
  return text === "infinity" ? null : `${text.slice(0, 10)}T${text.slice(11)}:00`;
}

async function fetch(statement, ...values) {
  return db.unsafe(statement, [storeId, ...values], { prepare: true }).values();
}

function sessionOf(row) {
  return {
    id: row[0],
    active: row[5] === "ACTIVE",
    dateCreated: row[1],
    roomId: row[2],
    customer: { id: row[3], name: row[4] },
    token: { status: row[5], issuedAt: row[6], expiredTime: row[7], revokedAt: row[8] },
    conversion: row[9] === null ? null : { kind: row[9], at: row[10] },
  };
}

function page(filter, after, limit) {
  if (filter?.customerName) return fetch(BY_NAME(limit), filter.customerName.contains);
  if (filter?.orderNumber) return fetch(BY_ORDER(limit), filter.orderNumber.equals);
  if (after) return fetch(AFTER(limit), ...Buffer.from(after, "base64url").toString().split("|"));
  return fetch(NEWEST(limit));
}

const resolvers = {
  Query: {
    async session(_, { id }) {
      const [row] = await fetch(GET, id);
      return row ? sessionOf(row) : null;
    },
    async sessions(_, { filter, first, after }) {
      const size = Math.min(first, MAXIMUM);
      const rows = await page(filter, after, size + 1);
      const nodes = rows.slice(0, size).map(sessionOf);
      return { nodes, pageInfo: { hasNextPage: rows.length > size, last: nodes.at(-1) } };
    },
  },
  PageInfo: {
    endCursor: ({ last }) => (last ? Buffer.from(`${last.dateCreated}|${last.id}`).toString("base64url") : null),
  },
};

const app = Fastify({ logger: false });
app.register(mercurius, { schema, resolvers, jit: 1 });
await app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
