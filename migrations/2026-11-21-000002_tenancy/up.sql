-- Vendors' domains, and the lookups that come before a vendor is known.

CREATE TABLE vendor_domains (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    domain text NOT NULL,
    primary_domain boolean NOT NULL DEFAULT false,
    proof_token_hash bytea,
    verified_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT vendor_domains_domain_key UNIQUE (domain),
    CONSTRAINT vendor_domains_domain_check CHECK (domain = lower(domain) AND char_length(domain) <= 253)
);
CREATE UNIQUE INDEX vendor_domains_primary_key ON vendor_domains (vendor_id) WHERE primary_domain;
SELECT orion_tenant_table('vendor_domains', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, INSERT, UPDATE, DELETE');

-- By custom domain, subdomain, code or id: what a request may know of a vendor before row security knows it.
CREATE FUNCTION orion_vendor_lookup(by text, value text)
RETURNS SETOF vendors LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT v.* FROM vendors v WHERE by = 'code' AND v.code = upper(value) AND v.deleted_at IS NULL
    UNION ALL
    SELECT v.* FROM vendors v WHERE by = 'subdomain' AND v.subdomain = lower(value) AND v.deleted_at IS NULL
    UNION ALL
    SELECT v.* FROM vendors v WHERE v.id = CASE WHEN by = 'id' THEN value::uuid END AND v.deleted_at IS NULL
    UNION ALL
    SELECT v.* FROM vendors v JOIN vendor_domains d ON d.vendor_id = v.id
    WHERE by = 'domain' AND d.domain = lower(value) AND d.verified_at IS NOT NULL AND v.deleted_at IS NULL
$$;
REVOKE ALL ON FUNCTION orion_vendor_lookup(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orion_vendor_lookup(text, text) TO orion_app;

-- Order numbers increase per vendor and may have gaps: a sequence each takes no lock that checkouts would queue for.
CREATE SCHEMA orion_numbers;
REVOKE ALL ON SCHEMA orion_numbers FROM PUBLIC;
CREATE FUNCTION orion_order_numbers_create(vendor uuid, start bigint, step bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
BEGIN
    EXECUTE format('CREATE SEQUENCE orion_numbers.%I START %s INCREMENT %s', 'orders_' || replace(vendor::text, '-', ''), start, step);
END $$;
REVOKE ALL ON FUNCTION orion_order_numbers_create(uuid, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orion_order_numbers_create(uuid, bigint, bigint) TO orion_platform;
CREATE FUNCTION orion_order_number_draw() RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public
AS $$ SELECT nextval(format('orion_numbers.%I', 'orders_' || replace(orion_current_vendor()::text, '-', ''))::regclass) $$;
REVOKE ALL ON FUNCTION orion_order_number_draw() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orion_order_number_draw() TO orion_app;
