-- Orders, payments, parcels.

CREATE TABLE orders (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    number text NOT NULL,
    sequence bigint NOT NULL,
    token_hash bytea NOT NULL,
    cart_id uuid,
    channel text NOT NULL DEFAULT 'DIRECT',
    external_number text,
    customer_id uuid,
    email text,
    language text NOT NULL,
    currency_code text NOT NULL,
    prices_include_tax boolean NOT NULL,
    price_list text NOT NULL DEFAULT 'base',
    rounding_mode text NOT NULL DEFAULT 'HALF_UP',
    tax_mode text NOT NULL DEFAULT 'VENDOR_COUNTRY',
    tax_date date NOT NULL,
    status text NOT NULL DEFAULT 'PENDING',
    payment_status text NOT NULL DEFAULT 'PENDING',
    fulfilment_status text NOT NULL DEFAULT 'UNFULFILLED',
    subtotal bigint NOT NULL,
    discount_total bigint NOT NULL DEFAULT 0,
    shipping_total bigint NOT NULL DEFAULT 0,
    shipping_tax_total bigint NOT NULL DEFAULT 0,
    tax_total bigint NOT NULL,
    total bigint NOT NULL,
    paid_total bigint NOT NULL DEFAULT 0,
    refunded_total bigint NOT NULL DEFAULT 0,
    taxes jsonb NOT NULL DEFAULT '[]',
    shipping_method_id uuid,
    shipping_method_name text,
    shipping_address jsonb,
    billing_address jsonb,
    note text,
    vat_number text,
    accepted_terms jsonb NOT NULL DEFAULT '[]',
    released_at timestamptz,
    cancelled_at timestamptz,
    cancel_reason text,
    expires_at timestamptz,
    placed_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT orders_number_key UNIQUE (vendor_id, number),
    CONSTRAINT orders_token_key UNIQUE (vendor_id, token_hash),
    CONSTRAINT orders_customer_fkey FOREIGN KEY (vendor_id, customer_id) REFERENCES customers (vendor_id, id) ON DELETE SET NULL (customer_id),
    CONSTRAINT orders_cart_fkey FOREIGN KEY (vendor_id, cart_id) REFERENCES carts (vendor_id, id) ON DELETE SET NULL (cart_id),
    CONSTRAINT orders_status_check CHECK (status IN ('PENDING', 'PROCESSING', 'PARTIALLY_SHIPPED', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
    CONSTRAINT orders_payment_status_check CHECK (payment_status IN ('PENDING', 'AUTHORIZED', 'PARTIALLY_PAID', 'PAID', 'PARTIALLY_REFUNDED', 'REFUNDED', 'FAILED', 'CANCELLED')),
    CONSTRAINT orders_fulfilment_status_check CHECK (fulfilment_status IN ('UNFULFILLED', 'PARTIALLY_FULFILLED', 'FULFILLED')),
    CONSTRAINT orders_cancel_reason_check CHECK (cancel_reason IN ('CUSTOMER', 'INVENTORY', 'FRAUD', 'PAYMENT', 'ERROR', 'OTHER', 'EXPIRED')),
    CONSTRAINT orders_channel_check CHECK (channel IN ('DIRECT', 'LETZSHOP', 'MANUAL')),
    CONSTRAINT orders_total_check CHECK (total >= 0 AND total = subtotal - discount_total + shipping_total + CASE WHEN prices_include_tax THEN 0 ELSE tax_total END)
);
-- One cart becomes one living order, whoever completes it; a cancelled one gives the cart back.
CREATE UNIQUE INDEX orders_cart_key ON orders (vendor_id, cart_id) WHERE cart_id IS NOT NULL AND cancelled_at IS NULL;
-- Deleting an expired cart looks for its orders, cancelled ones too.
CREATE INDEX orders_cart_idx ON orders (vendor_id, cart_id) WHERE cart_id IS NOT NULL;
CREATE UNIQUE INDEX orders_external_key ON orders (vendor_id, channel, external_number) WHERE external_number IS NOT NULL;
CREATE INDEX orders_placed_idx ON orders (vendor_id, placed_at, id);
CREATE INDEX orders_status_idx ON orders (vendor_id, status, placed_at, id);
CREATE INDEX orders_payment_status_idx ON orders (vendor_id, payment_status, placed_at, id);
CREATE INDEX orders_fulfilment_status_idx ON orders (vendor_id, fulfilment_status, placed_at, id);
CREATE INDEX orders_channel_idx ON orders (vendor_id, channel, placed_at, id);
CREATE INDEX orders_sequence_idx ON orders (vendor_id, sequence, id);
CREATE INDEX orders_total_idx ON orders (vendor_id, total, id);
CREATE INDEX orders_updated_idx ON orders (vendor_id, updated_at, id);
CREATE INDEX orders_customer_idx ON orders (vendor_id, customer_id, placed_at, id);
CREATE INDEX orders_expiry_idx ON orders (expires_at) WHERE expires_at IS NOT NULL AND cancelled_at IS NULL;
SELECT orion_tenant_table('orders', 'SELECT, INSERT, UPDATE', 'SELECT');
ALTER TABLE carts ADD CONSTRAINT carts_order_fkey FOREIGN KEY (vendor_id, order_id) REFERENCES orders (vendor_id, id) ON DELETE SET NULL (order_id);

CREATE TABLE order_lines (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    position integer NOT NULL,
    variant_id uuid,
    product_id uuid,
    title text NOT NULL,
    sku text,
    requires_shipping boolean NOT NULL DEFAULT true,
    counted boolean NOT NULL DEFAULT true,
    quantity integer NOT NULL,
    fulfilled_quantity integer NOT NULL DEFAULT 0,
    delivered_quantity integer NOT NULL DEFAULT 0,
    cancelled_quantity integer NOT NULL DEFAULT 0,
    expired_quantity integer NOT NULL DEFAULT 0,
    returned_quantity integer NOT NULL DEFAULT 0,
    unit_price bigint NOT NULL,
    subtotal bigint NOT NULL,
    discount_total bigint NOT NULL DEFAULT 0,
    tax_class text NOT NULL,
    tax_country text NOT NULL,
    tax_rate_bp integer NOT NULL,
    tax_total bigint NOT NULL,
    total bigint NOT NULL,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT order_lines_order_fkey FOREIGN KEY (vendor_id, order_id) REFERENCES orders (vendor_id, id),
    CONSTRAINT order_lines_variant_fkey FOREIGN KEY (vendor_id, variant_id) REFERENCES product_variants (vendor_id, id) ON DELETE SET NULL (variant_id),
    CONSTRAINT order_lines_product_fkey FOREIGN KEY (vendor_id, product_id) REFERENCES products (vendor_id, id) ON DELETE SET NULL (product_id),
    CONSTRAINT order_lines_quantities_check CHECK (quantity > 0 AND fulfilled_quantity >= 0 AND cancelled_quantity >= 0
        AND fulfilled_quantity + cancelled_quantity <= quantity AND delivered_quantity BETWEEN 0 AND fulfilled_quantity
        AND expired_quantity BETWEEN 0 AND cancelled_quantity
        AND returned_quantity BETWEEN 0 AND fulfilled_quantity)
);
CREATE INDEX order_lines_order_idx ON order_lines (vendor_id, order_id, position);
SELECT orion_tenant_table('order_lines', 'SELECT, INSERT, UPDATE');

CREATE TABLE inventory_reservations (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    order_line_id uuid NOT NULL,
    item_id uuid NOT NULL,
    quantity integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT inventory_reservations_key UNIQUE (vendor_id, order_line_id, item_id),
    CONSTRAINT inventory_reservations_line_fkey FOREIGN KEY (vendor_id, order_line_id) REFERENCES order_lines (vendor_id, id),
    CONSTRAINT inventory_reservations_order_fkey FOREIGN KEY (vendor_id, order_id) REFERENCES orders (vendor_id, id),
    CONSTRAINT inventory_reservations_item_fkey FOREIGN KEY (vendor_id, item_id) REFERENCES inventory_items (vendor_id, id),
    CONSTRAINT inventory_reservations_quantity_check CHECK (quantity > 0)
);
CREATE INDEX inventory_reservations_order_idx ON inventory_reservations (vendor_id, order_id);
CREATE INDEX inventory_reservations_item_idx ON inventory_reservations (vendor_id, item_id);
SELECT orion_tenant_table('inventory_reservations');

CREATE TABLE payments (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    gateway text NOT NULL,
    status text NOT NULL,
    amount bigint NOT NULL,
    currency_code text NOT NULL,
    captured bigint NOT NULL DEFAULT 0,
    refunded bigint NOT NULL DEFAULT 0,
    failure_code text,
    external_id text,
    reference text,
    received_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT payments_order_fkey FOREIGN KEY (vendor_id, order_id) REFERENCES orders (vendor_id, id),
    CONSTRAINT payments_status_check CHECK (status IN ('PENDING', 'AUTHORIZED', 'PARTIALLY_PAID', 'PAID', 'PARTIALLY_REFUNDED', 'REFUNDED', 'FAILED', 'CANCELLED')),
    CONSTRAINT payments_amount_check CHECK (captured BETWEEN 0 AND amount AND refunded BETWEEN 0 AND captured)
);
CREATE INDEX payments_created_idx ON payments (vendor_id, created_at, id);
CREATE INDEX payments_status_idx ON payments (vendor_id, status, created_at, id);
CREATE INDEX payments_order_idx ON payments (vendor_id, order_id, id);
CREATE UNIQUE INDEX payments_external_key ON payments (vendor_id, gateway, external_id) WHERE external_id IS NOT NULL;
SELECT orion_tenant_table('payments', 'SELECT, INSERT, UPDATE');

CREATE TABLE fulfilments (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    status text NOT NULL DEFAULT 'SHIPPED',
    location_id uuid,
    carrier text,
    tracking_number text,
    tracking_url text,
    shipped_at timestamptz,
    delivered_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT fulfilments_order_fkey FOREIGN KEY (vendor_id, order_id) REFERENCES orders (vendor_id, id),
    CONSTRAINT fulfilments_location_fkey FOREIGN KEY (vendor_id, location_id) REFERENCES inventory_locations (vendor_id, id) ON DELETE SET NULL (location_id),
    CONSTRAINT fulfilments_status_check CHECK (status IN ('SHIPPED', 'DELIVERED', 'CANCELLED'))
);
CREATE INDEX fulfilments_order_idx ON fulfilments (vendor_id, order_id, id);
SELECT orion_tenant_table('fulfilments', 'SELECT, INSERT, UPDATE');

CREATE TABLE fulfilment_lines (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    fulfilment_id uuid NOT NULL,
    order_line_id uuid NOT NULL,
    quantity integer NOT NULL,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT fulfilment_lines_fulfilment_fkey FOREIGN KEY (vendor_id, fulfilment_id) REFERENCES fulfilments (vendor_id, id),
    CONSTRAINT fulfilment_lines_line_fkey FOREIGN KEY (vendor_id, order_line_id) REFERENCES order_lines (vendor_id, id),
    CONSTRAINT fulfilment_lines_quantity_check CHECK (quantity > 0)
);
CREATE INDEX fulfilment_lines_fulfilment_idx ON fulfilment_lines (vendor_id, fulfilment_id, id);
SELECT orion_tenant_table('fulfilment_lines', 'SELECT, INSERT');

CREATE TABLE order_events (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    kind text NOT NULL,
    from_status text,
    to_status text,
    actor_kind text NOT NULL,
    actor_id uuid,
    note text,
    data jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT order_events_order_fkey FOREIGN KEY (vendor_id, order_id) REFERENCES orders (vendor_id, id)
);
CREATE INDEX order_events_order_idx ON order_events (vendor_id, order_id, id);
SELECT orion_tenant_table('order_events', 'SELECT, INSERT');

-- What placing and paying an order needs of its vendor: orders' one view of the vendor's settings.
CREATE VIEW order_settings WITH (security_invoker = true) AS
    SELECT id AS vendor_id, order_prefix, online_payment_minutes, manual_payment_minutes, rounding_mode, tax_mode FROM vendors;
GRANT SELECT ON order_settings TO orion_app;
