-- Imports: sources, runs, staged rows, publishing.

CREATE TABLE import_sources (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    format text NOT NULL,
    code text NOT NULL,
    updates_quantity boolean NOT NULL DEFAULT false,
    creates_categories boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vendor_id, format, code)
);
SELECT orion_tenant_table('import_sources');

CREATE TABLE import_jobs (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    status text NOT NULL DEFAULT 'PENDING',
    format text,
    language text,
    source text NOT NULL,
    url text,
    file_name text,
    storage_key text,
    file_bytes bigint,
    plan jsonb,
    checkpoint jsonb,
    rows_read integer NOT NULL DEFAULT 0,
    created integer NOT NULL DEFAULT 0,
    updated integer NOT NULL DEFAULT 0,
    unchanged integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    warnings integer NOT NULL DEFAULT 0,
    progress double precision,
    issues_kept integer NOT NULL DEFAULT 0,
    -- Columns that Google requires and the file lacks.
    missing_columns text[] NOT NULL DEFAULT '{}',
    slices integer NOT NULL DEFAULT 0,
    publish_job_id uuid,
    failure_code text,
    failure_message text,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT import_jobs_status_check CHECK (status IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'SUCCEEDED_WITH_ERRORS', 'FAILED', 'CANCELLED'))
);
CREATE INDEX import_jobs_created_idx ON import_jobs (vendor_id, created_at, id);
CREATE INDEX import_jobs_status_idx ON import_jobs (vendor_id, status, created_at, id);
SELECT orion_tenant_table('import_jobs');

CREATE TABLE import_row_errors (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    import_job_id uuid NOT NULL,
    row_number bigint NOT NULL,
    ordinal integer NOT NULL,
    column_name text,
    value text,
    severity text NOT NULL,
    code text NOT NULL,
    message text NOT NULL,
    PRIMARY KEY (vendor_id, import_job_id, row_number, ordinal),
    CONSTRAINT import_row_errors_job_fkey FOREIGN KEY (vendor_id, import_job_id) REFERENCES import_jobs (vendor_id, id) ON DELETE CASCADE,
    CONSTRAINT import_row_errors_severity_check CHECK (severity IN ('ERROR', 'WARNING'))
);
SELECT orion_tenant_table('import_row_errors');

-- Which ids a run has met, in which row: finds duplicates within a file, and what a run contained.
CREATE TABLE import_job_rows (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    import_job_id uuid NOT NULL,
    external_id text NOT NULL,
    row_number bigint NOT NULL,
    PRIMARY KEY (vendor_id, import_job_id, external_id),
    CONSTRAINT import_job_rows_job_fkey FOREIGN KEY (vendor_id, import_job_id) REFERENCES import_jobs (vendor_id, id) ON DELETE CASCADE
);
SELECT orion_tenant_table('import_job_rows');

CREATE TABLE marketplace_products (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    format text NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL,
    -- The language of title, category_path and texts: the vendor's default, or the first that came.
    language text NOT NULL,
    title text NOT NULL,
    brand text,
    gtin text,
    price bigint NOT NULL,
    currency_code text NOT NULL,
    sale_price bigint,
    sale_from timestamptz,
    sale_to timestamptz,
    tax_rate_bp integer,
    availability text NOT NULL DEFAULT 'AVAILABLE',
    quantity integer,
    image_url text,
    category_path text[] NOT NULL DEFAULT '{}',
    item_group_id text,
    data jsonb NOT NULL DEFAULT '{}',
    texts jsonb NOT NULL DEFAULT '{}',
    -- Of everything that does not depend on the language; the translations have their own.
    fingerprint bytea NOT NULL,
    product_id uuid,
    variant_id uuid,
    -- The markup that it was published with, applied to each later price.
    markup_bp integer NOT NULL DEFAULT 0,
    last_import_job_id uuid,
    last_row_number bigint,
    search_text text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT marketplace_products_key UNIQUE (vendor_id, format, source, external_id),
    CONSTRAINT marketplace_products_product_fkey FOREIGN KEY (vendor_id, product_id) REFERENCES products (vendor_id, id) ON DELETE SET NULL (product_id),
    CONSTRAINT marketplace_products_variant_fkey FOREIGN KEY (vendor_id, variant_id) REFERENCES product_variants (vendor_id, id) ON DELETE SET NULL (variant_id),
    CONSTRAINT marketplace_products_job_fkey FOREIGN KEY (vendor_id, last_import_job_id) REFERENCES import_jobs (vendor_id, id) ON DELETE SET NULL (last_import_job_id),
    CONSTRAINT marketplace_products_availability_check CHECK (availability IN ('AVAILABLE', 'UNAVAILABLE', 'PREORDER', 'BACKORDER'))
) WITH (fillfactor = 85);
CREATE INDEX marketplace_products_created_idx ON marketplace_products (vendor_id, created_at, id);
CREATE INDEX marketplace_products_unpublished_idx ON marketplace_products (vendor_id, created_at, id) WHERE product_id IS NULL;
CREATE INDEX marketplace_products_external_idx ON marketplace_products (vendor_id, external_id COLLATE "C", id);
CREATE INDEX marketplace_products_brand_idx ON marketplace_products (vendor_id, brand, created_at, id);
CREATE INDEX marketplace_products_product_idx ON marketplace_products (vendor_id, product_id);
CREATE INDEX marketplace_products_group_idx ON marketplace_products (vendor_id, format, source, item_group_id) WHERE item_group_id IS NOT NULL;
CREATE INDEX marketplace_products_trigram_idx ON marketplace_products USING gin (vendor_id, search_text gin_trgm_ops);
SELECT orion_tenant_table('marketplace_products');

CREATE TABLE marketplace_product_translations (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    marketplace_product_id uuid NOT NULL,
    language text NOT NULL,
    title text NOT NULL,
    description text,
    link text,
    fingerprint bytea NOT NULL,
    PRIMARY KEY (vendor_id, marketplace_product_id, language),
    CONSTRAINT marketplace_product_translations_product_fkey FOREIGN KEY (vendor_id, marketplace_product_id) REFERENCES marketplace_products (vendor_id, id) ON DELETE CASCADE
);
SELECT orion_tenant_table('marketplace_product_translations');

CREATE TABLE category_mappings (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    format text NOT NULL,
    source text NOT NULL,
    path text[] NOT NULL,
    category_id uuid,
    PRIMARY KEY (vendor_id, format, source, path),
    CONSTRAINT category_mappings_category_fkey FOREIGN KEY (vendor_id, category_id) REFERENCES categories (vendor_id, id) ON DELETE SET NULL (category_id)
);
SELECT orion_tenant_table('category_mappings');

CREATE TABLE publish_jobs (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    status text NOT NULL DEFAULT 'PENDING',
    selector jsonb NOT NULL,
    initial_quantity integer,
    markup_bp integer,
    product_status text NOT NULL DEFAULT 'ACTIVE',
    -- The last unit of publish_job_rows that is done; null until the rows are chosen.
    position integer,
    total integer NOT NULL DEFAULT 0,
    slices integer NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 1,
    -- The import whose last step this is.
    import_job_id uuid,
    published integer NOT NULL DEFAULT 0,
    skipped integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    failure_code text,
    failure_message text,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT publish_jobs_status_check CHECK (status IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'SUCCEEDED_WITH_ERRORS', 'FAILED', 'CANCELLED'))
);
CREATE INDEX publish_jobs_created_idx ON publish_jobs (vendor_id, created_at, id);
SELECT orion_tenant_table('publish_jobs');

-- What a publish job was asked to publish, chosen once: rows of one unit become one product.
CREATE TABLE publish_job_rows (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    publish_job_id uuid NOT NULL,
    marketplace_product_id uuid NOT NULL,
    unit integer NOT NULL,
    outcome text,
    code text,
    message text,
    PRIMARY KEY (vendor_id, publish_job_id, unit, marketplace_product_id),
    CONSTRAINT publish_job_rows_job_fkey FOREIGN KEY (vendor_id, publish_job_id) REFERENCES publish_jobs (vendor_id, id) ON DELETE CASCADE,
    CONSTRAINT publish_job_rows_product_fkey FOREIGN KEY (vendor_id, marketplace_product_id) REFERENCES marketplace_products (vendor_id, id) ON DELETE CASCADE,
    CONSTRAINT publish_job_rows_outcome_check CHECK (outcome IN ('CREATED', 'UPDATED', 'UNCHANGED', 'SKIPPED', 'FAILED'))
);
CREATE INDEX publish_job_rows_failed_idx ON publish_job_rows (vendor_id, publish_job_id, marketplace_product_id) WHERE outcome = 'FAILED';
SELECT orion_tenant_table('publish_job_rows');

-- ROWS: with the 1,000 that the planner supposes by default it reads the whole table, and not the found rows by key.
CREATE FUNCTION orion_marketplace_search(query text, most integer)
RETURNS TABLE (id uuid) LANGUAGE sql STABLE SECURITY DEFINER ROWS 50 SET search_path = pg_catalog, public
AS $$
    SELECT p.id FROM marketplace_products p
    WHERE p.vendor_id = orion_current_vendor()
      AND p.search_text LIKE '%' || replace(replace(replace(orion_fold(left(query, 200)), '\', '\\'), '%', '\%'), '_', '\_') || '%'
    LIMIT most
$$;
REVOKE ALL ON FUNCTION orion_marketplace_search(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orion_marketplace_search(text, integer) TO orion_app;

-- Tables that have just been filled for the first time have no statistics, and the planner takes all of their indexes for
-- equally good: foreign keys were checked through one that begins with the vendor and scans all its rows (26 s instead
-- of 2 s for the first 10,000 rows). Autovacuum comes a minute later, which is too late.
CREATE FUNCTION orion_refresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    target regclass;
BEGIN
    FOR target IN
        SELECT c.oid::regclass FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.reltuples < 1000
          AND c.relname IN ('marketplace_products', 'marketplace_product_translations', 'import_job_rows', 'publish_job_rows',
              'products', 'product_translations', 'product_variants', 'product_images', 'variant_prices',
              'variant_price_history', 'inventory_items', 'inventory_movements')
          AND pg_relation_size(c.oid) > 65536
        ORDER BY c.oid
    LOOP
        EXECUTE format('ANALYZE %s', target);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION orion_refresh_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orion_refresh_statistics() TO orion_app;
