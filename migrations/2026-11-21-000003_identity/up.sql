-- People: platform admins and teams (users), customers of one vendor, and their sessions.

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    name text,
    password_hash text,
    must_change_password boolean NOT NULL DEFAULT false,
    active boolean NOT NULL DEFAULT true,
    admin_role text,
    language text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    last_login_at timestamptz,
    deleted_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT users_admin_role_check CHECK (admin_role IN ('ADMIN', 'SUPER_ADMIN')),
    CONSTRAINT users_email_check CHECK (char_length(email) BETWEEN 3 AND 254)
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email)) WHERE deleted_at IS NULL;
CREATE INDEX users_created_idx ON users (created_at, id) WHERE deleted_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON users TO orion_platform;

CREATE TABLE user_sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    vendor_id uuid REFERENCES vendors (id),
    family_hash bytea NOT NULL,
    refresh_hash bytea NOT NULL,
    previous_hash bytea,
    rotated_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    user_agent text,
    ip text
);
-- A refresh token names its session by a secret that stays, so that any token of the session used again is noticed.
CREATE UNIQUE INDEX user_sessions_family_key ON user_sessions (family_hash);
CREATE INDEX user_sessions_user_idx ON user_sessions (user_id, created_at DESC);
GRANT SELECT, INSERT, UPDATE, DELETE ON user_sessions TO orion_platform;

CREATE TABLE login_challenges (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    vendor_id uuid REFERENCES vendors (id),
    secret_hash bytea NOT NULL,
    kinds text[] NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON login_challenges TO orion_platform;

CREATE TABLE roles (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    name text NOT NULL,
    preset text,
    permissions text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT roles_preset_check CHECK (preset IN ('OWNER', 'MANAGER', 'EDITOR', 'VIEWER'))
);
CREATE UNIQUE INDEX roles_name_key ON roles (vendor_id, lower(name));
CREATE UNIQUE INDEX roles_preset_key ON roles (vendor_id, preset) WHERE preset IS NOT NULL;
SELECT orion_tenant_table('roles', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, INSERT');

CREATE TABLE team_members (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    role_id uuid NOT NULL,
    email text NOT NULL,
    name text,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT team_members_user_key UNIQUE (vendor_id, user_id),
    CONSTRAINT team_members_role_fkey FOREIGN KEY (vendor_id, role_id) REFERENCES roles (vendor_id, id)
);
CREATE INDEX team_members_user_idx ON team_members (user_id);
CREATE INDEX team_members_created_idx ON team_members (vendor_id, created_at, id);
SELECT orion_tenant_table('team_members', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, INSERT, UPDATE');

CREATE TABLE team_invitations (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    email text NOT NULL,
    role_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    invited_by uuid REFERENCES users (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT team_invitations_role_fkey FOREIGN KEY (vendor_id, role_id) REFERENCES roles (vendor_id, id)
);
CREATE UNIQUE INDEX team_invitations_token_key ON team_invitations (vendor_id, token_hash);
SELECT orion_tenant_table('team_invitations', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE');

CREATE TABLE customers (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    email text,
    registered boolean NOT NULL DEFAULT false,
    password_hash text,
    first_name text,
    last_name text,
    phone text,
    language text,
    active boolean NOT NULL DEFAULT true,
    email_verified_at timestamptz,
    last_login_at timestamptz,
    erased_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT customers_registered_check CHECK (NOT registered OR email IS NOT NULL OR erased_at IS NOT NULL)
);
CREATE UNIQUE INDEX customers_email_key ON customers (vendor_id, lower(email)) WHERE registered AND deleted_at IS NULL;
CREATE INDEX customers_created_idx ON customers (vendor_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_search_idx ON customers USING gin
    (vendor_id, (orion_fold(coalesce(email, '') || ' ' || coalesce(first_name, '') || ' ' || coalesce(last_name, ''))) gin_trgm_ops);
SELECT orion_tenant_table('customers');

CREATE TABLE customer_addresses (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    address jsonb NOT NULL,
    default_shipping boolean NOT NULL DEFAULT false,
    default_billing boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT customer_addresses_customer_fkey FOREIGN KEY (vendor_id, customer_id) REFERENCES customers (vendor_id, id) ON DELETE CASCADE
);
CREATE INDEX customer_addresses_customer_idx ON customer_addresses (vendor_id, customer_id, id);
CREATE UNIQUE INDEX customer_addresses_shipping_key ON customer_addresses (vendor_id, customer_id) WHERE default_shipping;
CREATE UNIQUE INDEX customer_addresses_billing_key ON customer_addresses (vendor_id, customer_id) WHERE default_billing;
SELECT orion_tenant_table('customer_addresses');

CREATE TABLE customer_sessions (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    family_hash bytea NOT NULL,
    refresh_hash bytea NOT NULL,
    previous_hash bytea,
    rotated_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    user_agent text,
    ip text,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT customer_sessions_customer_fkey FOREIGN KEY (vendor_id, customer_id) REFERENCES customers (vendor_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX customer_sessions_family_key ON customer_sessions (vendor_id, family_hash);
CREATE INDEX customer_sessions_customer_idx ON customer_sessions (vendor_id, customer_id, created_at DESC);
SELECT orion_tenant_table('customer_sessions');

-- One statement a request: session, person and membership together, before row security knows the vendor.
CREATE FUNCTION orion_auth_user_session(session uuid)
RETURNS TABLE (user_id uuid, vendor_id uuid, admin_role text, user_active boolean, must_change_password boolean,
               revoked boolean, expires_at timestamptz, member_id uuid, member_active boolean, permissions text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT u.id, s.vendor_id, u.admin_role, u.active AND u.deleted_at IS NULL, u.must_change_password,
           s.revoked_at IS NOT NULL, s.expires_at, m.id, m.active, r.permissions
    FROM user_sessions s
    JOIN users u ON u.id = s.user_id
    LEFT JOIN team_members m ON m.vendor_id = s.vendor_id AND m.user_id = u.id
    LEFT JOIN roles r ON r.vendor_id = m.vendor_id AND r.id = m.role_id
    WHERE s.id = session
$$;
REVOKE ALL ON FUNCTION orion_auth_user_session(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orion_auth_user_session(uuid) TO orion_app;

CREATE FUNCTION orion_auth_customer_session(vendor uuid, session uuid)
RETURNS TABLE (customer_id uuid, customer_active boolean, revoked boolean, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT c.id, c.active AND c.deleted_at IS NULL, s.revoked_at IS NOT NULL, s.expires_at
    FROM customer_sessions s
    JOIN customers c ON c.vendor_id = s.vendor_id AND c.id = s.customer_id
    WHERE s.vendor_id = vendor AND s.id = session
$$;
REVOKE ALL ON FUNCTION orion_auth_customer_session(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orion_auth_customer_session(uuid, uuid) TO orion_app;

CREATE FUNCTION orion_customer_search(query text, most integer)
RETURNS TABLE (id uuid) LANGUAGE sql STABLE SECURITY DEFINER ROWS 50 SET search_path = pg_catalog, public
AS $$
    SELECT c.id FROM customers c
    WHERE c.vendor_id = orion_current_vendor() AND c.deleted_at IS NULL
      AND orion_fold(coalesce(c.email, '') || ' ' || coalesce(c.first_name, '') || ' ' || coalesce(c.last_name, ''))
          LIKE '%' || replace(replace(replace(orion_fold(query), '\', '\\'), '%', '\%'), '_', '\_') || '%'
    LIMIT most
$$;
REVOKE ALL ON FUNCTION orion_customer_search(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orion_customer_search(text, integer) TO orion_app;
