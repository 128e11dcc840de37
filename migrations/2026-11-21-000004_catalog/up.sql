-- The catalog: the variant is what is sold.

CREATE TABLE tax_rates (
    country_code text NOT NULL,
    tax_class text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    rate_bp integer NOT NULL,
    PRIMARY KEY (country_code, tax_class, valid_from),
    CONSTRAINT tax_rates_class_check CHECK (tax_class IN ('STANDARD', 'INTERMEDIATE', 'REDUCED', 'SUPER_REDUCED', 'ZERO', 'EXEMPT')),
    CONSTRAINT tax_rates_rate_check CHECK (rate_bp BETWEEN 0 AND 10000)
);
GRANT SELECT ON tax_rates TO orion_app;
GRANT SELECT, INSERT, UPDATE ON tax_rates TO orion_platform;
INSERT INTO tax_rates (country_code, tax_class, valid_from, rate_bp) VALUES
    ('LU', 'STANDARD', '2024-01-01', 1700), ('LU', 'INTERMEDIATE', '2024-01-01', 1400),
    ('LU', 'REDUCED', '2024-01-01', 800), ('LU', 'SUPER_REDUCED', '2024-01-01', 300),
    ('LU', 'ZERO', '2024-01-01', 0), ('LU', 'EXEMPT', '2024-01-01', 0),
    ('BE', 'STANDARD', '2024-01-01', 2100), ('BE', 'INTERMEDIATE', '2024-01-01', 1200),
    ('BE', 'REDUCED', '2024-01-01', 600), ('BE', 'ZERO', '2024-01-01', 0), ('BE', 'EXEMPT', '2024-01-01', 0),
    ('DE', 'STANDARD', '2024-01-01', 1900), ('DE', 'REDUCED', '2024-01-01', 700),
    ('DE', 'ZERO', '2024-01-01', 0), ('DE', 'EXEMPT', '2024-01-01', 0),
    ('FR', 'STANDARD', '2024-01-01', 2000), ('FR', 'INTERMEDIATE', '2024-01-01', 1000),
    ('FR', 'REDUCED', '2024-01-01', 550), ('FR', 'SUPER_REDUCED', '2024-01-01', 210),
    ('FR', 'ZERO', '2024-01-01', 0), ('FR', 'EXEMPT', '2024-01-01', 0);

CREATE TABLE price_lists (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    code text NOT NULL,
    name text NOT NULL,
    currency_code text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vendor_id, code)
);
SELECT orion_tenant_table('price_lists', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, INSERT');

CREATE TABLE products (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    title text NOT NULL,
    slug text NOT NULL,
    description text,
    brand text,
    status text NOT NULL DEFAULT 'DRAFT',
    featured boolean NOT NULL DEFAULT false,
    external_id text,
    source text,
    price_from bigint,
    price_to bigint,
    sort_price bigint GENERATED ALWAYS AS (coalesce(price_from, 9007199254740991)) STORED,
    sort_title text GENERATED ALWAYS AS (lower(title)) STORED,
    search_text text NOT NULL DEFAULT '',
    search_document tsvector GENERATED ALWAYS AS (to_tsvector('pg_catalog.simple', search_text)) STORED,
    public_metadata jsonb NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    provenance jsonb NOT NULL DEFAULT '{}',
    published_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT products_status_check CHECK (status IN ('DRAFT', 'ACTIVE', 'ARCHIVED')),
    CONSTRAINT products_title_check CHECK (char_length(title) BETWEEN 1 AND 500),
    CONSTRAINT products_slug_check CHECK (char_length(slug) BETWEEN 1 AND 200),
    CONSTRAINT products_metadata_check CHECK (pg_column_size(metadata) <= 32768 AND pg_column_size(public_metadata) <= 32768)
);
CREATE UNIQUE INDEX products_slug_key ON products (vendor_id, slug) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX products_external_id_key ON products (vendor_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;
-- Importing again must find what a person deleted, so as not to revive it.
CREATE INDEX products_deleted_external_id_idx ON products (vendor_id, external_id) WHERE deleted_at IS NOT NULL AND external_id IS NOT NULL;
CREATE INDEX products_created_idx ON products (vendor_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX products_updated_idx ON products (vendor_id, updated_at, id) WHERE deleted_at IS NULL;
-- The published ones, which the public sees, newest first; and the few drafts.
CREATE INDEX products_status_idx ON products (vendor_id, status, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX products_featured_idx ON products (vendor_id, created_at, id) WHERE deleted_at IS NULL AND featured;
CREATE INDEX products_active_title_idx ON products (vendor_id, sort_title COLLATE "und-x-icu", id) WHERE deleted_at IS NULL AND status = 'ACTIVE';
CREATE INDEX products_title_idx ON products (vendor_id, sort_title COLLATE "und-x-icu", id) WHERE deleted_at IS NULL;
CREATE INDEX products_active_price_idx ON products (vendor_id, sort_price, id) WHERE deleted_at IS NULL AND status = 'ACTIVE';
CREATE INDEX products_price_idx ON products (vendor_id, sort_price, id) WHERE deleted_at IS NULL;
CREATE INDEX products_brand_idx ON products (vendor_id, brand, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX products_search_idx ON products USING gin (vendor_id, search_document) WHERE deleted_at IS NULL;
CREATE INDEX products_trigram_idx ON products USING gin (vendor_id, search_text gin_trgm_ops) WHERE deleted_at IS NULL;
SELECT orion_tenant_table('products');

CREATE TABLE product_translations (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    product_id uuid NOT NULL,
    language text NOT NULL,
    title text,
    slug text,
    description text,
    deleted_at timestamptz,
    PRIMARY KEY (vendor_id, product_id, language),
    CONSTRAINT product_translations_product_fkey FOREIGN KEY (vendor_id, product_id) REFERENCES products (vendor_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX product_translations_slug_key ON product_translations (vendor_id, language, slug) WHERE slug IS NOT NULL AND deleted_at IS NULL;
SELECT orion_tenant_table('product_translations');

CREATE TABLE product_images (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    product_id uuid NOT NULL,
    position integer NOT NULL DEFAULT 0,
    url text,
    storage_key text,
    alt_text text,
    width integer,
    height integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT product_images_product_fkey FOREIGN KEY (vendor_id, product_id) REFERENCES products (vendor_id, id) ON DELETE CASCADE,
    CONSTRAINT product_images_place_check CHECK ((url IS NULL) <> (storage_key IS NULL)),
    CONSTRAINT product_images_url_check CHECK (char_length(url) <= 2048)
);
CREATE INDEX product_images_product_idx ON product_images (vendor_id, product_id, position, id);
SELECT orion_tenant_table('product_images');

CREATE TABLE product_variants (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    product_id uuid NOT NULL,
    position integer NOT NULL DEFAULT 0,
    title text NOT NULL,
    sku text,
    gtin text,
    external_id text,
    kind text NOT NULL DEFAULT 'PHYSICAL',
    tax_class text NOT NULL DEFAULT 'STANDARD',
    options jsonb NOT NULL DEFAULT '[]',
    options_key text NOT NULL DEFAULT '',
    requires_shipping boolean NOT NULL DEFAULT true,
    unlimited boolean NOT NULL DEFAULT false,
    policy text NOT NULL DEFAULT 'DENY',
    policy_limit integer NOT NULL DEFAULT 0,
    available_from timestamptz,
    min_quantity integer NOT NULL DEFAULT 1,
    max_quantity integer,
    quantity_step integer NOT NULL DEFAULT 1,
    weight_grams integer,
    image_id uuid,
    cost bigint,
    markup_bp integer NOT NULL DEFAULT 0,
    provenance jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT product_variants_product_fkey FOREIGN KEY (vendor_id, product_id) REFERENCES products (vendor_id, id),
    CONSTRAINT product_variants_image_fkey FOREIGN KEY (vendor_id, image_id) REFERENCES product_images (vendor_id, id) ON DELETE SET NULL (image_id),
    CONSTRAINT product_variants_kind_check CHECK (kind IN ('PHYSICAL', 'DIGITAL', 'SERVICE', 'SUBSCRIPTION')),
    CONSTRAINT product_variants_tax_class_check CHECK (tax_class IN ('STANDARD', 'INTERMEDIATE', 'REDUCED', 'SUPER_REDUCED', 'ZERO', 'EXEMPT')),
    CONSTRAINT product_variants_policy_check CHECK (policy IN ('DENY', 'BACKORDER', 'PREORDER') AND policy_limit >= 0),
    CONSTRAINT product_variants_quantity_check CHECK (min_quantity >= 1 AND quantity_step >= 1 AND (max_quantity IS NULL OR max_quantity >= min_quantity))
);
CREATE UNIQUE INDEX product_variants_sku_key ON product_variants (vendor_id, sku) WHERE deleted_at IS NULL AND sku IS NOT NULL;
CREATE UNIQUE INDEX product_variants_external_id_key ON product_variants (vendor_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;
CREATE UNIQUE INDEX product_variants_options_key ON product_variants (vendor_id, product_id, options_key) WHERE deleted_at IS NULL;
CREATE INDEX product_variants_deleted_external_id_idx ON product_variants (vendor_id, external_id) WHERE deleted_at IS NOT NULL AND external_id IS NOT NULL;
CREATE INDEX product_variants_product_idx ON product_variants (vendor_id, product_id, position, id) WHERE deleted_at IS NULL;
-- Deleting a picture looks for the variants that show it.
CREATE INDEX product_variants_image_idx ON product_variants (vendor_id, image_id) WHERE image_id IS NOT NULL;
CREATE INDEX product_variants_gtin_idx ON product_variants (vendor_id, gtin) WHERE deleted_at IS NULL AND gtin IS NOT NULL;
SELECT orion_tenant_table('product_variants');

CREATE TABLE variant_prices (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    variant_id uuid NOT NULL,
    price_list text NOT NULL DEFAULT 'base',
    currency_code text NOT NULL,
    min_quantity integer NOT NULL DEFAULT 1,
    valid_from timestamptz,
    valid_to timestamptz,
    amount bigint NOT NULL,
    compare_at bigint,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT variant_prices_variant_fkey FOREIGN KEY (vendor_id, variant_id) REFERENCES product_variants (vendor_id, id) ON DELETE CASCADE,
    CONSTRAINT variant_prices_list_fkey FOREIGN KEY (vendor_id, price_list) REFERENCES price_lists (vendor_id, code),
    CONSTRAINT variant_prices_key UNIQUE NULLS NOT DISTINCT (vendor_id, variant_id, price_list, currency_code, min_quantity, valid_from),
    CONSTRAINT variant_prices_amount_check CHECK (amount BETWEEN 0 AND 1000000000000000 AND compare_at BETWEEN 0 AND 1000000000000000),
    CONSTRAINT variant_prices_validity_check CHECK (valid_from IS NULL OR valid_to IS NULL OR valid_from < valid_to)
);
SELECT orion_tenant_table('variant_prices');

CREATE TABLE variant_price_history (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    price_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    price_list text NOT NULL,
    currency_code text NOT NULL,
    min_quantity integer NOT NULL,
    amount bigint NOT NULL,
    compare_at bigint,
    price_valid_from timestamptz,
    price_valid_to timestamptz,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    PRIMARY KEY (vendor_id, id)
);
CREATE INDEX variant_price_history_variant_idx ON variant_price_history (vendor_id, variant_id, valid_from);
CREATE UNIQUE INDEX variant_price_history_open_key ON variant_price_history (vendor_id, price_id) WHERE valid_to IS NULL;
SELECT orion_tenant_table('variant_price_history', 'SELECT, INSERT, UPDATE');

-- The history is kept by the database, so that no way of writing a price can forget it (98/6/EC, article 6a).
-- By statement, not by row: publishing writes a thousand prices at once.
CREATE FUNCTION orion_price_history_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO variant_price_history (vendor_id, price_id, variant_id, price_list, currency_code, min_quantity, amount, compare_at,
                                       price_valid_from, price_valid_to, valid_from)
    SELECT n.vendor_id, n.id, n.variant_id, n.price_list, n.currency_code, n.min_quantity, n.amount, n.compare_at,
           n.valid_from, n.valid_to, clock_timestamp() FROM new_rows n;
    RETURN NULL;
END $$;
CREATE FUNCTION orion_price_history_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    at timestamptz := clock_timestamp();
BEGIN
    UPDATE variant_price_history h SET valid_to = at
    FROM old_rows o JOIN new_rows n ON n.vendor_id = o.vendor_id AND n.id = o.id
    WHERE h.vendor_id = o.vendor_id AND h.price_id = o.id AND h.valid_to IS NULL
      AND (o.amount, o.compare_at, o.valid_from, o.valid_to) IS DISTINCT FROM (n.amount, n.compare_at, n.valid_from, n.valid_to);
    INSERT INTO variant_price_history (vendor_id, price_id, variant_id, price_list, currency_code, min_quantity, amount, compare_at,
                                       price_valid_from, price_valid_to, valid_from)
    SELECT n.vendor_id, n.id, n.variant_id, n.price_list, n.currency_code, n.min_quantity, n.amount, n.compare_at,
           n.valid_from, n.valid_to, at
    FROM old_rows o JOIN new_rows n ON n.vendor_id = o.vendor_id AND n.id = o.id
    WHERE (o.amount, o.compare_at, o.valid_from, o.valid_to) IS DISTINCT FROM (n.amount, n.compare_at, n.valid_from, n.valid_to);
    RETURN NULL;
END $$;
CREATE FUNCTION orion_price_history_close() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE variant_price_history h SET valid_to = clock_timestamp()
    FROM old_rows o WHERE h.vendor_id = o.vendor_id AND h.price_id = o.id AND h.valid_to IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER variant_prices_history_open AFTER INSERT ON variant_prices
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION orion_price_history_open();
CREATE TRIGGER variant_prices_history_change AFTER UPDATE ON variant_prices
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION orion_price_history_change();
CREATE TRIGGER variant_prices_history_close AFTER DELETE ON variant_prices
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION orion_price_history_close();

CREATE TABLE categories (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    id uuid NOT NULL,
    parent_id uuid,
    name text NOT NULL,
    slug text NOT NULL,
    position integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (vendor_id, id),
    CONSTRAINT categories_parent_fkey FOREIGN KEY (vendor_id, parent_id) REFERENCES categories (vendor_id, id),
    CONSTRAINT categories_self_check CHECK (parent_id <> id),
    CONSTRAINT categories_name_check CHECK (char_length(name) BETWEEN 1 AND 200)
);
CREATE UNIQUE INDEX categories_slug_key ON categories (vendor_id, slug) WHERE deleted_at IS NULL;
CREATE INDEX categories_parent_idx ON categories (vendor_id, parent_id, position, id) WHERE deleted_at IS NULL;
CREATE INDEX categories_created_idx ON categories (vendor_id, created_at, id) WHERE deleted_at IS NULL;
SELECT orion_tenant_table('categories');

CREATE TABLE category_translations (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    category_id uuid NOT NULL,
    language text NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (vendor_id, category_id, language),
    CONSTRAINT category_translations_category_fkey FOREIGN KEY (vendor_id, category_id) REFERENCES categories (vendor_id, id) ON DELETE CASCADE
);
SELECT orion_tenant_table('category_translations');

CREATE TABLE product_categories (
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    product_id uuid NOT NULL,
    category_id uuid NOT NULL,
    PRIMARY KEY (vendor_id, product_id, category_id),
    CONSTRAINT product_categories_product_fkey FOREIGN KEY (vendor_id, product_id) REFERENCES products (vendor_id, id) ON DELETE CASCADE,
    CONSTRAINT product_categories_category_fkey FOREIGN KEY (vendor_id, category_id) REFERENCES categories (vendor_id, id) ON DELETE CASCADE
);
CREATE INDEX product_categories_category_idx ON product_categories (vendor_id, category_id, product_id);
SELECT orion_tenant_table('product_categories');

-- Words first (prefix of the last one included); where nothing matches, the nearest by trigrams, which tolerates typos.
-- Returns ids only; the rows are read again under row security, by their keys: the estimate of 1,000 rows that a function
-- has by default makes the planner scan the whole table instead.
CREATE FUNCTION orion_product_search(query text, only_active boolean, most integer)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50 SET search_path = pg_catalog, public
AS $$
DECLARE
    vendor uuid := orion_current_vendor();
    folded text := orion_fold(left(query, 200));
    words text := trim(both from regexp_replace(folded, '[^[:alnum:]]+', ' ', 'g'));
    wanted tsquery;
BEGIN
    IF vendor IS NULL OR words = '' THEN RETURN; END IF;
    wanted := to_tsquery('pg_catalog.simple', array_to_string(regexp_split_to_array(words, ' +'), ':* & ') || ':*');
    RETURN QUERY
        SELECT m.id, ts_rank(m.search_document, wanted) FROM (
            SELECT p.id, p.search_document FROM products p
            WHERE p.vendor_id = vendor AND p.search_document @@ wanted AND p.deleted_at IS NULL
              AND (NOT only_active OR p.status = 'ACTIVE')
            LIMIT 2000
        ) m ORDER BY 2 DESC, 1 LIMIT most;
    IF NOT FOUND THEN
        RETURN QUERY
            SELECT p.id, word_similarity(folded, p.search_text) FROM products p
            WHERE p.vendor_id = vendor AND folded <% p.search_text AND p.deleted_at IS NULL
              AND (NOT only_active OR p.status = 'ACTIVE')
            ORDER BY 2 DESC, 1 LIMIT most;
    END IF;
END $$;
ALTER FUNCTION orion_product_search(text, boolean, integer) SET pg_trgm.word_similarity_threshold = 0.45;
REVOKE ALL ON FUNCTION orion_product_search(text, boolean, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orion_product_search(text, boolean, integer) TO orion_app;
GRANT EXECUTE ON FUNCTION orion_fold(text) TO orion_app, orion_platform;
