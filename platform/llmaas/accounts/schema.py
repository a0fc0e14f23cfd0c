"""The schema of the database of accounts, as the migrations that lead to it.

A migration is never changed once released; a new one is appended. Times are Unix milliseconds,
money is picoeuro, `… sealed` columns are encrypted (see `vault`).
"""

from llmaas.accounts.database import Database, DatabaseError

_FIRST = """
create table counter (
  name text primary key,
  value bigint not null
);
insert into counter values ('accounts', 0);

create table wrapped_key (
  id text primary key,
  purpose text not null,
  wrapped text not null,
  created_ms bigint not null,
  retired_ms bigint
);

create table tenant (
  id text primary key,
  name_sealed text not null,
  tier text not null,
  quota text not null,
  prepaid integer not null,
  credited_pico bigint not null,
  spent_pico bigint not null,
  delivery_sealed text,
  created_ms bigint not null,
  closed_ms bigint
);

create table credit (
  id text primary key,
  tenant text not null references tenant (id),
  amount_pico bigint not null,
  reference text not null,
  at_ms bigint not null
);
create index credit_of_tenant on credit (tenant, at_ms);

create table api_key (
  id text primary key,
  tenant text not null references tenant (id),
  name_sealed text not null,
  secret_hash text not null,
  models text,
  endpoints text,
  quota text not null,
  created_ms bigint not null,
  expires_ms bigint,
  revoked_ms bigint,
  rotate_days integer,
  successor text
);
create index api_key_of_tenant on api_key (tenant, created_ms);

create table ledger (
  request_id text primary key,
  tenant text not null references tenant (id),
  key_id text not null,
  model text not null,
  endpoint text not null,
  month text not null,
  admitted_ms bigint not null,
  settled_ms bigint not null,
  prompt_tokens bigint not null,
  completion_tokens bigint not null,
  reasoning_tokens bigint not null,
  audio_seconds bigint not null,
  rates text not null,
  cost_pico bigint not null,
  energy_uwh bigint,
  outcome text not null
);
create index ledger_of_month on ledger (tenant, month);
create index ledger_recent on ledger (settled_ms);

create table audit (
  seq bigint primary key,
  at_ms bigint not null,
  tenant text,
  kind text not null,
  body text not null,
  hash text not null
);
create index audit_of_tenant on audit (tenant, seq);
create table audit_head (
  seq bigint not null,
  hash text not null
);
insert into audit_head values (0, '');
"""

_SECOND = """
alter table api_key add column grace_hours bigint not null default 168;
alter table api_key add column handed_over_ms bigint;
update api_key set handed_over_ms = created_ms where successor is not null;

create table audit_checkpoint (
  seq bigint not null,
  hash text not null,
  at_ms bigint not null,
  signature text not null
);
"""
"""Every key its own period of grace, and whether its owner has the successor; where the audit trail
begins after its oldest records left."""

_THIRD = """
create table contact (
  id text primary key references tenant (id),
  language text,
  mail_sealed text,
  webhook_sealed text
);

create table notice (
  tenant text not null references tenant (id),
  model text not null,
  told text not null,
  channel text not null,
  at_ms bigint not null,
  outcome text not null,
  primary key (tenant, model, told, channel)
);
"""
"""Where and in which language tenants are told what becomes of models, and what they were told."""

MIGRATIONS: tuple[str, ...] = (_FIRST, _SECOND, _THIRD)
VERSION = len(MIGRATIONS)


def upgrade(database: Database) -> int:
    """Bring a database to this version; returns the version it had.

    Raises:
        DatabaseError: a newer program wrote it.
    """
    with database.writing():
        before = check(database)
        for version, statements in enumerate(MIGRATIONS[before:], start=before + 1):
            for statement in statements.split(";"):
                if statement.strip():
                    database.execute(statement)
            database.set_version(version)
    return before


def check(database: Database) -> int:
    """The version a database has.

    Raises:
        DatabaseError: a newer program wrote it.
    """
    version = database.version()
    if version > VERSION:
        raise DatabaseError(
            f"{database.name}: schema version {version}, this program knows up to {VERSION}; "
            "use the newer llmaas that wrote it"
        )
    return version
