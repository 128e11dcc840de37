-- What every module stands on: the locks of a vendor's table, the outbox, the audit log, idempotency keys.

CREATE FUNCTION orion_tenant_table(target regclass, app_privileges text DEFAULT 'SELECT, INSERT, UPDATE, DELETE',
                                   platform_privileges text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY tenant ON %s FOR ALL TO orion_app '
        'USING (vendor_id = nullif(current_setting(''app.vendor_id'', true), '''')::uuid) '
        'WITH CHECK (vendor_id = nullif(current_setting(''app.vendor_id'', true), '''')::uuid)', target);
    EXECUTE format('CREATE POLICY owner ON %s FOR ALL TO orion_owner USING (true) WITH CHECK (true)', target);
    EXECUTE format('GRANT %s ON %s TO orion_app', app_privileges, target);
    IF platform_privileges IS NOT NULL THEN
        EXECUTE format('CREATE POLICY platform ON %s FOR ALL TO orion_platform USING (true) WITH CHECK (true)', target);
        EXECUTE format('GRANT %s ON %s TO orion_platform', platform_privileges, target);
    END IF;
END $$;
COMMENT ON FUNCTION orion_tenant_table(regclass, text, text) IS
    'Puts the fourth lock on a vendor''s table: row security enabled and forced, policies tenant and owner, grants.';
REVOKE ALL ON FUNCTION orion_tenant_table(regclass, text, text) FROM PUBLIC;

CREATE FUNCTION orion_current_vendor() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.vendor_id', true), '')::uuid $$;
GRANT EXECUTE ON FUNCTION orion_current_vendor() TO orion_app, orion_platform;

-- Text as search sees it: no accents, lower case. unaccent() itself is only stable; its dictionary does not change here.
CREATE FUNCTION orion_fold(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT lower(public.unaccent('public.unaccent', $1)) $$;

CREATE TABLE vendors (
    id uuid PRIMARY KEY,
    code text NOT NULL,
    name text NOT NULL,
    subdomain text NOT NULL,
    verified boolean NOT NULL DEFAULT false,
    active boolean NOT NULL DEFAULT true,
    currency_code text NOT NULL,
    prices_include_tax boolean NOT NULL DEFAULT true,
    country_code text NOT NULL,
    default_language text NOT NULL,
    languages text[] NOT NULL,
    time_zone text NOT NULL,
    guest_checkout boolean NOT NULL DEFAULT true,
    shown_quantity_cap integer,
    ships_to text[] NOT NULL DEFAULT '{}',
    contact_email text,
    description text,
    legal jsonb NOT NULL DEFAULT '{}',
    theme jsonb NOT NULL DEFAULT '{}',
    clients jsonb NOT NULL DEFAULT '{}',
    order_prefix text NOT NULL DEFAULT '',
    online_payment_minutes integer NOT NULL DEFAULT 60,
    manual_payment_minutes integer NOT NULL DEFAULT 10080,
    rounding_mode text NOT NULL DEFAULT 'HALF_UP',
    tax_mode text NOT NULL DEFAULT 'VENDOR_COUNTRY',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT vendors_code_key UNIQUE (code),
    CONSTRAINT vendors_subdomain_key UNIQUE (subdomain),
    CONSTRAINT vendors_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9_-]{1,31}$'),
    CONSTRAINT vendors_subdomain_check CHECK (subdomain ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    CONSTRAINT vendors_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT vendors_currency_check CHECK (currency_code ~ '^[A-Z]{3}$'),
    CONSTRAINT vendors_country_check CHECK (country_code ~ '^[A-Z]{2}$'),
    CONSTRAINT vendors_rounding_check CHECK (rounding_mode IN ('HALF_UP')),
    CONSTRAINT vendors_tax_mode_check CHECK (tax_mode IN ('VENDOR_COUNTRY')),
    CONSTRAINT vendors_payment_minutes_check CHECK (online_payment_minutes BETWEEN 1 AND 527040 AND manual_payment_minutes BETWEEN 1 AND 527040)
);
ALTER TABLE vendors ENABLE ROW LEVEL SECURITY;
ALTER TABLE vendors FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON vendors FOR ALL TO orion_app
    USING (id = nullif(current_setting('app.vendor_id', true), '')::uuid)
    WITH CHECK (id = nullif(current_setting('app.vendor_id', true), '')::uuid);
CREATE POLICY owner ON vendors FOR ALL TO orion_owner USING (true) WITH CHECK (true);
CREATE POLICY platform ON vendors FOR ALL TO orion_platform USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE ON vendors TO orion_app;
GRANT SELECT, INSERT, UPDATE ON vendors TO orion_platform;
CREATE INDEX vendors_created_idx ON vendors (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX vendors_name_idx ON vendors (lower(name) COLLATE "C", id) WHERE deleted_at IS NULL;

CREATE TABLE outbox_events (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    kind text NOT NULL,
    entity_type text NOT NULL,
    entity_id uuid NOT NULL,
    data jsonb NOT NULL DEFAULT '{}',
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    sequence bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vendor_id, id)
);
CREATE UNIQUE INDEX outbox_events_sequence_key ON outbox_events (vendor_id, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX outbox_events_kind_idx ON outbox_events (vendor_id, kind, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX outbox_events_pending_idx ON outbox_events (xid, id) WHERE sequence IS NULL;
SELECT orion_tenant_table('outbox_events', 'SELECT, INSERT', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE event_counters (
    vendor_id uuid PRIMARY KEY REFERENCES vendors (id),
    last bigint NOT NULL DEFAULT 0
);
SELECT orion_tenant_table('event_counters', 'SELECT', 'SELECT, INSERT, UPDATE');

CREATE TABLE audit_events (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    entity_type text NOT NULL,
    entity_id uuid,
    before jsonb,
    after jsonb,
    request_id text NOT NULL,
    ip text,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (vendor_id, id)
);
CREATE INDEX audit_events_time_idx ON audit_events (vendor_id, occurred_at DESC, id DESC);
CREATE INDEX audit_events_entity_idx ON audit_events (vendor_id, entity_id, occurred_at DESC, id DESC);
CREATE INDEX audit_events_action_idx ON audit_events (vendor_id, action, occurred_at DESC, id DESC);
-- For the platform's log of all vendors together.
CREATE INDEX audit_events_platform_idx ON audit_events (occurred_at DESC, id DESC);
SELECT orion_tenant_table('audit_events', 'SELECT, INSERT', 'SELECT, INSERT');

CREATE TABLE platform_audit_events (
    id uuid PRIMARY KEY,
    occurred_at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    entity_type text NOT NULL,
    entity_id uuid,
    before jsonb,
    after jsonb,
    request_id text NOT NULL,
    ip text,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX platform_audit_events_time_idx ON platform_audit_events (occurred_at DESC, id DESC);
GRANT SELECT, INSERT ON platform_audit_events TO orion_platform;

CREATE TABLE idempotency_keys (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    scope text NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    input_hash bytea NOT NULL,
    state text NOT NULL DEFAULT 'DONE',
    result_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (vendor_id, scope, operation, key),
    CONSTRAINT idempotency_keys_length_check CHECK (char_length(key) <= 200 AND char_length(scope) <= 200)
);
CREATE INDEX idempotency_keys_expiry_idx ON idempotency_keys (expires_at);
SELECT orion_tenant_table('idempotency_keys', 'SELECT, INSERT, UPDATE', 'SELECT, DELETE');

CREATE TABLE platform_idempotency_keys (
    scope text NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    input_hash bytea NOT NULL,
    result_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (scope, operation, key)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON platform_idempotency_keys TO orion_platform;

CREATE TABLE person_keys (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    person_id uuid NOT NULL,
    key bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    PRIMARY KEY (vendor_id, person_id),
    CONSTRAINT person_keys_destroyed_check CHECK ((key IS NULL) = (destroyed_at IS NOT NULL))
);
SELECT orion_tenant_table('person_keys', 'SELECT, INSERT, UPDATE', 'SELECT');
