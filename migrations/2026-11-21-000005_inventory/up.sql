-- Inventory: an append-only ledger, reservation rows, and a balance per item.

CREATE TABLE inventory_locations (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    sellable boolean NOT NULL DEFAULT true,
    active boolean NOT NULL DEFAULT true,
    priority integer NOT NULL DEFAULT 0,
    default_location boolean NOT NULL DEFAULT false,
    serves text[] NOT NULL DEFAULT '{}',
    address jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT inventory_locations_code_key UNIQUE (vendor_id, code)
);
CREATE UNIQUE INDEX inventory_locations_default_key ON inventory_locations (vendor_id) WHERE default_location;
CREATE INDEX inventory_locations_created_idx ON inventory_locations (vendor_id, priority, id);
SELECT orion_tenant_table('inventory_locations', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, INSERT');

CREATE TABLE inventory_items (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    variant_id uuid NOT NULL,
    location_id uuid NOT NULL,
    on_hand integer NOT NULL DEFAULT 0,
    reserved integer NOT NULL DEFAULT 0,
    overdraft integer NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- Changes only when the limit is crossed, so that the index below does not cost every change of a balance.
    low boolean GENERATED ALWAYS AS (on_hand - reserved <= 5) STORED,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT inventory_items_key UNIQUE (vendor_id, variant_id, location_id),
    CONSTRAINT inventory_items_variant_fkey FOREIGN KEY (vendor_id, variant_id) REFERENCES product_variants (vendor_id, id),
    CONSTRAINT inventory_items_location_fkey FOREIGN KEY (vendor_id, location_id) REFERENCES inventory_locations (vendor_id, id),
    CONSTRAINT inventory_items_balance_check CHECK (on_hand >= 0 AND reserved >= 0 AND overdraft >= 0 AND reserved <= on_hand::bigint + overdraft)
);
CREATE INDEX inventory_items_location_idx ON inventory_items (vendor_id, location_id, id);
CREATE INDEX inventory_items_low_idx ON inventory_items (vendor_id, id) WHERE low;
SELECT orion_tenant_table('inventory_items');

CREATE TABLE inventory_movements (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    item_id uuid NOT NULL,
    kind text NOT NULL,
    delta integer NOT NULL DEFAULT 0,
    reserved_delta integer NOT NULL DEFAULT 0,
    on_hand_after integer NOT NULL,
    reserved_after integer NOT NULL,
    reason text,
    note text,
    actor_kind text NOT NULL,
    actor_id uuid,
    order_id uuid,
    order_line_id uuid,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT inventory_movements_item_fkey FOREIGN KEY (vendor_id, item_id) REFERENCES inventory_items (vendor_id, id),
    CONSTRAINT inventory_movements_kind_check CHECK (kind IN ('RESERVE', 'RELEASE', 'FULFILL', 'ADJUST', 'SET', 'IMPORT', 'TRANSFER_OUT', 'TRANSFER_IN', 'RETURN')),
    CONSTRAINT inventory_movements_effect_check CHECK (
        CASE kind
            WHEN 'RESERVE' THEN delta = 0 AND reserved_delta > 0
            WHEN 'RELEASE' THEN delta = 0 AND reserved_delta < 0
            WHEN 'FULFILL' THEN delta < 0 AND reserved_delta <= 0
            WHEN 'TRANSFER_OUT' THEN delta < 0 AND reserved_delta = 0
            WHEN 'TRANSFER_IN' THEN delta > 0 AND reserved_delta = 0
            WHEN 'RETURN' THEN delta > 0 AND reserved_delta = 0
            ELSE reserved_delta = 0
        END)
);
CREATE INDEX inventory_movements_item_idx ON inventory_movements (vendor_id, item_id, created_at, id);
CREATE INDEX inventory_movements_time_idx ON inventory_movements (vendor_id, created_at, id);
CREATE INDEX inventory_movements_kind_idx ON inventory_movements (vendor_id, kind, created_at, id);
CREATE INDEX inventory_movements_order_idx ON inventory_movements (vendor_id, order_id, created_at, id) WHERE order_id IS NOT NULL;
SELECT orion_tenant_table('inventory_movements', 'SELECT, INSERT');

-- What shoppers can have of each variant, over all sellable locations; the catalog's one view of inventory.
CREATE VIEW variant_availability WITH (security_invoker = true) AS
    SELECT i.vendor_id, i.variant_id,
           sum(i.on_hand)::bigint AS on_hand, sum(i.reserved)::bigint AS reserved,
           sum(i.on_hand - i.reserved)::bigint AS available, sum(i.overdraft)::bigint AS overdraft
    FROM inventory_items i
    JOIN inventory_locations l ON l.vendor_id = i.vendor_id AND l.id = i.location_id
    WHERE l.sellable AND l.active
    GROUP BY i.vendor_id, i.variant_id;
GRANT SELECT ON variant_availability TO orion_app;
