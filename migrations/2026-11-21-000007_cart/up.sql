-- Carts, keyed by an opaque token that is stored hashed.

-- The rate of a tax class in a country on a business date, in basis points; 0 where there is none.
CREATE FUNCTION orion_tax_rate(country text, class text, on_date date) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, public AS $$
    SELECT coalesce((SELECT r.rate_bp FROM tax_rates r
        WHERE r.country_code = country AND r.tax_class = class AND r.valid_from <= on_date
        AND (r.valid_to IS NULL OR r.valid_to >= on_date)
        ORDER BY r.valid_from DESC LIMIT 1), 0) $$;
GRANT EXECUTE ON FUNCTION orion_tax_rate(text, text, date) TO orion_app;

CREATE TABLE shipping_methods (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    name text NOT NULL,
    description text,
    currency_code text NOT NULL,
    price bigint NOT NULL,
    tax_class text,
    active boolean NOT NULL DEFAULT true,
    position integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT shipping_methods_price_check CHECK (price BETWEEN 0 AND 1000000000000000)
);
SELECT orion_tenant_table('shipping_methods', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, INSERT');

CREATE TABLE carts (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    token_hash bytea NOT NULL,
    customer_id uuid,
    status text NOT NULL DEFAULT 'ACTIVE',
    currency_code text NOT NULL,
    prices_include_tax boolean NOT NULL,
    price_list text NOT NULL DEFAULT 'base',
    language text NOT NULL,
    country_code text,
    email text,
    shipping_address jsonb,
    billing_address jsonb,
    shipping_method_id uuid,
    note text,
    vat_number text,
    order_id uuid,
    merged_into uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT carts_token_key UNIQUE (vendor_id, token_hash),
    CONSTRAINT carts_customer_fkey FOREIGN KEY (vendor_id, customer_id) REFERENCES customers (vendor_id, id) ON DELETE SET NULL (customer_id),
    CONSTRAINT carts_method_fkey FOREIGN KEY (vendor_id, shipping_method_id) REFERENCES shipping_methods (vendor_id, id) ON DELETE SET NULL (shipping_method_id),
    CONSTRAINT carts_merged_fkey FOREIGN KEY (vendor_id, merged_into) REFERENCES carts (vendor_id, id) ON DELETE SET NULL (merged_into),
    CONSTRAINT carts_status_check CHECK (status IN ('ACTIVE', 'ORDERED', 'MERGED'))
);
CREATE UNIQUE INDEX carts_customer_key ON carts (vendor_id, customer_id) WHERE status = 'ACTIVE' AND customer_id IS NOT NULL;
CREATE INDEX carts_expiry_idx ON carts (expires_at) WHERE status <> 'ORDERED';
CREATE INDEX carts_merged_idx ON carts (vendor_id, merged_into) WHERE merged_into IS NOT NULL;
SELECT orion_tenant_table('carts', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, DELETE');

CREATE TABLE cart_lines (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    cart_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    quantity integer NOT NULL,
    price_at_add bigint NOT NULL,
    title text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT cart_lines_key UNIQUE (vendor_id, cart_id, variant_id),
    CONSTRAINT cart_lines_cart_fkey FOREIGN KEY (vendor_id, cart_id) REFERENCES carts (vendor_id, id) ON DELETE CASCADE,
    CONSTRAINT cart_lines_variant_fkey FOREIGN KEY (vendor_id, variant_id) REFERENCES product_variants (vendor_id, id),
    CONSTRAINT cart_lines_quantity_check CHECK (quantity BETWEEN 1 AND 1000000)
);
SELECT orion_tenant_table('cart_lines', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, DELETE');
